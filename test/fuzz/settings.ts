/**
 * The same cases in every run, unless asked for others: `FUZZ_SEED=7 FUZZ_RUNS=2000 npm run test:only -- test/fuzz`. A
 * counterexample is printed with the seed and the path that lead to it again.
 */
export const SETTINGS = {
  seed: Number(process.env["FUZZ_SEED"] ?? 1),
  numRuns: Number(process.env["FUZZ_RUNS"] ?? 200),
};
