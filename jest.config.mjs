import { availableParallelism } from "node:os";

// Node itself strips the types, so jest transforms nothing and the tests run the code that ships.
export default {
  testEnvironment: "node",
  roots: ["<rootDir>/test"],
  testMatch: ["**/*.test.ts"],
  setupFilesAfterEnv: ["<rootDir>/test/leaks/setup.ts"],
  transform: {},
  extensionsToTreatAsEsm: [".ts"],
  moduleFileExtensions: ["ts", "js", "mjs", "json", "node"],
  collectCoverageFrom: ["functions/**/*.ts", "lib/**/*.ts"],
  coverageProvider: "v8",
  coverageReporters: ["text-summary"],
  // Many tests wait: for a process that starts, or a line that is slow.
  maxWorkers: availableParallelism() + 1,
  // Modules of ended tests stay in the heap, and collecting garbage takes a fifth of the time once they are many.
  workerIdleMemoryLimit: "600MB",
  // An upper bound alone: on a machine with other work, starting a stack takes many times its second or two.
  testTimeout: 240_000,
  // `it.concurrent` is for tests that wait in real time, such as those of bad networks.
  maxConcurrency: 8,
};
