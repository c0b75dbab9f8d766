import shared from "../../jest.config.mjs";

/** `npm run test:identity`. Apart from `npm test`, which needs neither Java nor Maven. */
export default {
  ...shared,
  rootDir: "../..",
  roots: ["<rootDir>/test/identity"],
  testMatch: ["**/*.spec.ts"],
  reporters: ["default", "<rootDir>/test/identity/as-it-goes.mjs"],
};
