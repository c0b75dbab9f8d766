// What serverless.yml has for `params`. The framework loads CommonJS only.
module.exports = async ({ options }) => {
  const { features } = await import("node:process");
  if (!features.typescript)
    throw new Error("This Node is too old. Call `npx serverless`, which takes the project's own");
  return (await import("./params.ts")).paramsForFramework(options);
};
