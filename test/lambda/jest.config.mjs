import shared from "../../jest.config.mjs";

/** `npm run test:lambda`. Apart from `npm test`, which needs nothing that is built natively. */
export default {
  ...shared,
  rootDir: "../..",
  roots: ["<rootDir>/test/lambda"],
  testMatch: ["**/*.spec.ts"],
};
