import shared from "../../jest.config.mjs";

/** `npm run test:browser`: the page in a real Chromium. Apart from `npm test`, which needs no browser. */
export default {
  ...shared,
  rootDir: "../..",
  roots: ["<rootDir>/test/browser"],
  testMatch: ["**/*.spec.ts"],
  // A page takes a core of its own.
  maxWorkers: "100%",
  setupFilesAfterEnv: [],
};
