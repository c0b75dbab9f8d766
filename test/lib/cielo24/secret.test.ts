import { describe, expect, it } from "@jest/globals";
import { format, inspect } from "node:util";
import { Secret } from "../../../lib/cielo24/credentials.ts";

describe("a secret value", () => {
  const value = "0123456789abcdef";
  const secret = new Secret(value);
  it.each([
    ["a template", `Bearer ${String(secret)}`],
    ["JSON", JSON.stringify({ secret })],
    ["inspect", inspect({ deep: [{ secret }] }, { depth: 10, showHidden: true })],
    ["format", format("%s %o %O %j", secret, secret, secret, secret)],
    ["an error's text", String(new Error("failed", { cause: secret }))],
    ["a copy of its fields", JSON.stringify(Object.getOwnPropertyDescriptors(secret))],
  ])("threat 1: does not show in %s", (_where, text) => {
    expect(text).not.toContain(value);
  });

  it("is revealed on purpose only", () => {
    expect(secret.reveal()).toBe(value);
  });
});
