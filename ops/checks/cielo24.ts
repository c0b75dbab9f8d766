import { GetSecretValueCommand } from "@aws-sdk/client-secrets-manager";
import { ACCOUNT_ERROR_TYPES, Cielo24Error } from "../../lib/cielo24/api.ts";
import { createCielo24 } from "../../lib/cielo24/client.ts";
import { parseSecret, readSecret, SecretError } from "../../lib/cielo24/credentials.ts";
import { randomHex } from "../../lib/runtime.ts";
import type { Stage } from "../stage.ts";
import { failed, ok, skipped, type Check, type Finding } from "./check.ts";

const DEADLINE_MS = 15_000;
const PUT_SECRET = "docs/operations.md#login-invalid has the command that writes it.";

/** What cielo24 says to a question about a job that nobody has: all that is not the account's fault proves the account. */
type Answer = "knows-us" | Cielo24Error;

/** One question serves three checks. */
const ask = (() => {
  const asked = new WeakMap<Stage, Promise<Answer>>();
  return (stage: Stage): Promise<Answer> => {
    const known = asked.get(stage);
    if (known) return known;
    const { Cielo24BaseUrl: baseUrl, Cielo24SecretArn: secretArn } = stage.outputs;
    const cielo24 = createCielo24({
      baseUrl,
      readCredentials: () => readSecret(stage.secrets, secretArn),
      clock: Date.now,
    });
    const answer = cielo24.jobInfo(randomHex(), { deadline: Date.now() + DEADLINE_MS }).then(
      () => "knows-us" as const,
      (error: unknown) => {
        if (!(error instanceof Cielo24Error)) throw error;
        return error.code === "REFUSED" && !ACCOUNT_ERROR_TYPES.has(error.errorType ?? "") ? "knows-us" : error;
      },
    );
    asked.set(stage, answer);
    return answer;
  };
})();

/** Whose fault it is that cielo24 did not say what it was asked. */
const faultOf = (answer: Answer): "none" | "network" | "credentials" | "account" => {
  if (answer === "knows-us") return "none";
  if (answer.code === "REFUSED") return "account";
  return answer.code === "LOGIN_INVALID" || answer.code === "BAD_API_TOKEN" ? "credentials" : "network";
};

const NOT_ASKED = skipped("cielo24 could not be asked");

export const CIELO24_CHECKS: readonly Check[] = [
  {
    name: "secret",
    look: async ({ secrets, outputs: { Cielo24SecretArn: SecretId } }): Promise<Finding> => {
      try {
        const { SecretString = "" } = await secrets.send(new GetSecretValueCommand({ SecretId }));
        const credentials = parseSecret(SecretString);
        return ok(credentials.kind === "token" ? "readable, with an api_token" : `readable, with a ${credentials.by}`);
      } catch (error) {
        if (error instanceof SecretError) return failed(error.message, PUT_SECRET);
        if (error instanceof Error && error.name === "ResourceNotFoundException")
          return failed(`There is no secret ${SecretId}.`, "docs/deploy.md has the command that makes it.");
        throw error;
      }
    },
  },
  {
    name: "cielo24-reachable",
    look: async (stage) => {
      const answer = await ask(stage);
      const where = stage.outputs.Cielo24BaseUrl;
      if (faultOf(answer) !== "network") return ok(`${where} answers, from this machine`);
      return failed(
        `${where} does not answer as it should, from this machine: ${describe(answer)}.`,
        "If the secret is right, try again. If it stays: docs/operations.md#when-cielo24-is-down.",
      );
    },
  },
  {
    name: "cielo24-login",
    look: async (stage) => {
      const answer = await ask(stage);
      const fault = faultOf(answer);
      if (fault === "network") return NOT_ASKED;
      return fault === "credentials"
        ? failed(`cielo24 refuses the credentials of the secret: ${describe(answer)}.`, PUT_SECRET)
        : ok("cielo24 takes the credentials");
    },
  },
  {
    name: "cielo24-account",
    look: async (stage) => {
      const answer = await ask(stage);
      const fault = faultOf(answer);
      if (fault === "none") return ok("the account may ask for job/info");
      if (fault !== "account") return NOT_ASKED;
      return failed(
        `cielo24 refuses what the account asks for: ${describe(answer)}.`,
        "docs/operations.md#account-refused says what to compare, and what to ask cielo24 for.",
      );
    },
  },
];

const describe = (answer: Answer): string =>
  answer === "knows-us"
    ? ""
    : [answer.code, answer.errorType, answer.errorComment].filter((part) => part !== undefined).join(", ");
