import shared from "../../jest.config.mjs";

/** `npm run test:deploy`. Apart from `npm test`, which needs none of its servers. */
export default {
  ...shared,
  rootDir: "../..",
  roots: ["<rootDir>/test/deploy"],
  testMatch: ["**/*.spec.ts"],
};
