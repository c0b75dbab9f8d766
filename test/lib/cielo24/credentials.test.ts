import { describe, expect, it } from "@jest/globals";
import type { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { inspect } from "node:util";
import { parseSecret, readSecret } from "../../../lib/cielo24/credentials.ts";

const messageOf = (text: string): string => {
  try {
    parseSecret(text);
  } catch (error) {
    expect(error).toMatchObject({ name: "SecretError", code: "SECRET_MALFORMED" });
    return inspect(error, { depth: 10, showHidden: true });
  }
  throw new Error("It was taken");
};

describe("the secret with cielo24's credentials", () => {
  it.each([
    [
      { username: "u", securekey: "k" },
      { kind: "login", username: "u", by: "securekey" },
    ],
    [
      { username: "u", password: "p q & %" },
      { kind: "login", username: "u", by: "password" },
    ],
    [
      { username: "u", securekey: "k", password: "p" },
      { kind: "login", by: "securekey" },
    ],
    [{ api_token: "t" }, { kind: "token" }],
    [{ username: "u", securekey: "k", note: "more" }, { kind: "login" }],
  ])("is understood as %j", (value, expected) => {
    expect(parseSecret(JSON.stringify(value))).toMatchObject(expected);
  });

  it.each([
    ["", "is no JSON object"],
    ["hush-hush", "is no JSON object"],
    ['"hush-hush"', "is no JSON object"],
    ["{}", "holds no credentials"],
    ['{"username":"hush-hush"}', "lacks securekey (or password)"],
    ['{"securekey":"hush-hush"}', "lacks username"],
    ['{"username":"","securekey":"hush-hush"}', "has a username that is not of printable ASCII"],
    ['{"username":"u","securekey":"hush-hush\\n"}', "has a securekey that is not of printable ASCII"],
    ['{"username":"u","password":"hush-hush é"}', "has a password that is not of printable ASCII"],
    ['{"api_token":7}', "has a api_token that is not of printable ASCII"],
  ])("%j is refused by what is wrong with it, and not shown", (text, problem) => {
    const message = messageOf(text);
    expect(message).toContain(problem);
    expect(message).not.toContain("hush-hush");
  });

  it("that cannot be read is an error without what the store said", async () => {
    const client = { send: () => Promise.reject(new Error("arn:aws:secretsmanager:hush-hush")) };
    const reading = readSecret(client as unknown as SecretsManagerClient, "arn");
    const error: unknown = await reading.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "SECRET_UNREADABLE" });
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain("hush-hush");
  });
});
