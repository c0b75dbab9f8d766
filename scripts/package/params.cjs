// What serverless.yml has for `params`. The framework loads CommonJS only.
module.exports = async ({ options }) => (await import("./params.ts")).paramsForFramework(options);
