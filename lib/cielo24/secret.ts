import { GetSecretValueCommand, type SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import * as v from "valibot";
import { Secret } from "./token.ts";

/** The account's credentials: for logging in, or a token that the account has been given for good. */
export type Credentials =
  | {
      readonly kind: "login";
      readonly username: string;
      readonly by: "securekey" | "password";
      readonly secret: Secret;
    }
  | { readonly kind: "token"; readonly token: Secret };

/** The secret cannot be read, or is not of the documented form. Says what is wrong, never what is in it. */
export class SecretError extends Error {
  override readonly name = "SecretError";
  readonly code: "SECRET_UNREADABLE" | "SECRET_MALFORMED";

  constructor(code: SecretError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

const NonEmpty = v.pipe(v.string(), v.minLength(1));
const SecretValue = v.union([
  v.object({ api_token: NonEmpty }),
  v.object({ username: NonEmpty, securekey: NonEmpty }),
  v.object({ username: NonEmpty, password: NonEmpty }),
]);

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

/** @throws {SecretError} */
export const parseSecret = (text: string): Credentials => {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), SecretValue), text);
  if (!parsed.success)
    throw new SecretError(
      "SECRET_MALFORMED",
      'The secret must be JSON: {"username", "securekey"}, {"username", "password"} or {"api_token"}, all non-empty.',
    );
  const value = parsed.output;
  if ("api_token" in value) return { kind: "token", token: new Secret(value.api_token) };
  return "securekey" in value
    ? { kind: "login", username: value.username, by: "securekey", secret: new Secret(value.securekey) }
    : { kind: "login", username: value.username, by: "password", secret: new Secret(value.password) };
};
