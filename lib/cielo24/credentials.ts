import { GetSecretValueCommand, type SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import * as v from "valibot";
import { parseJson } from "../json.ts";
import { Secret } from "./secret.ts";

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
