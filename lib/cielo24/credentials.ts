import { inspect } from "node:util";
import { GetSecretValueCommand, type SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import * as v from "valibot";
import { parseJson } from "../json.ts";

/** What is shown in place of a secret. */
const REDACTED = "[redacted]";

/**
 * A secret that cannot be printed by accident: every conversion to text gives `[redacted]`. Only this folder reveals
 * it, and only to put it into a request.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}

/** Removes secrets from cielo24's texts, which may repeat what a request contained. */
export interface Scrubber {
  /** Adds a secret that must not show. */
  readonly learn: (secret: string) => void;
  /** Replaces each piece of a known secret by `[redacted]`: 12 characters or more, in upper or lower case. */
  readonly scrub: (text: string) => string;
  /** The same, and also for the parts of this URL that are long enough to be random. */
  readonly withUrl: (url: string) => (text: string) => string;
}

const SHORTEST_PIECE = 12;

export const createScrubber = (): Scrubber => {
  const secrets = new Set<string>();
  const scrubAll = (text: string, all: Iterable<string>): string => [...all].reduce(redact, text);
  return {
    learn: (secret) => secrets.add(secret),
    scrub: (text) => scrubAll(text, secrets),
    withUrl: (url) => (text) => scrubAll(text, [...secrets, ...(url.match(/[\w-]{20,}/g) ?? [])]),
  };
};

const redact = (text: string, secret: string): string => {
  const wanted = lowerCase(secret);
  const searched = lowerCase(text);
  let clean = "";
  let at = 0;
  while (at < text.length) {
    let end = at + Math.min(SHORTEST_PIECE, wanted.length);
    if (wanted.includes(searched.slice(at, end)) && end <= text.length) {
      while (end < text.length && wanted.includes(searched.slice(at, end + 1))) end += 1;
      clean += REDACTED;
      at = end;
    } else {
      clean += text.charAt(at);
      at += 1;
    }
  }
  return clean;
};

/** ASCII only, so that the length stays the same. */
const lowerCase = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());

/** The account's credentials: a login, or a token that cielo24 issued without an expiry. */
export type Credentials =
  | {
      readonly kind: "login";
      readonly username: string;
      readonly by: "securekey" | "password";
      readonly secret: Secret;
    }
  | { readonly kind: "token"; readonly token: Secret };

/** The secret cannot be read, or does not have the documented form. Says what is wrong, never what the secret holds. */
export class SecretError extends Error {
  override readonly name = "SecretError";
  readonly code: "SECRET_UNREADABLE" | "SECRET_MALFORMED";

  constructor(code: SecretError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

/** Text that can go into a header or a query as it is. */
const Printable = v.pipe(v.string(), v.regex(/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/));
const SecretValue = v.object({
  username: v.optional(Printable),
  securekey: v.optional(Printable),
  password: v.optional(Printable),
  api_token: v.optional(Printable),
});

/** @throws {SecretError} */
export const readSecret = async (client: SecretsManagerClient, secretArn: string): Promise<Credentials> => {
  let text: string | undefined;
  try {
    text = (await client.send(new GetSecretValueCommand({ SecretId: secretArn }))).SecretString;
  } catch {
    throw new SecretError(
      "SECRET_UNREADABLE",
      "The secret with cielo24's credentials cannot be read from Secrets Manager.",
    );
  }
  return parseSecret(text ?? "");
};

/** @throws {SecretError} naming the field that is missing or unusable */
export const parseSecret = (text: string): Credentials => {
  const parsed = v.safeParse(SecretValue, parseJson(text));
  if (!parsed.success) {
    const field = v.getDotPath(parsed.issues[0]);
    throw malformed(field === null ? "is no JSON object" : `has a ${field} that is not of printable ASCII characters`);
  }
  const { username, securekey, password, api_token } = parsed.output;
  if (api_token !== undefined) return { kind: "token", token: new Secret(api_token) };
  const secret = securekey ?? password;
  if (username === undefined) throw malformed(secret === undefined ? "holds no credentials" : "lacks username");
  if (secret === undefined) throw malformed("lacks securekey (or password)");
  return { kind: "login", username, by: securekey ? "securekey" : "password", secret: new Secret(secret) };
};

const malformed = (problem: string): SecretError =>
  new SecretError(
    "SECRET_MALFORMED",
    `The secret with cielo24's credentials ${problem}. It must be {"username", "securekey"}, {"username", "password"} or {"api_token"}.`,
  );
