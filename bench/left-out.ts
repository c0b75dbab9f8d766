/** Says on stderr what is not measured, and why. With CI=true, that fails the run. */
export const reportLeftOut = (what: string, why: string): void => {
  console.error(`left out: ${what} (${why})`);
  if (process.env["CI"] === "true") process.exitCode = 1;
};
