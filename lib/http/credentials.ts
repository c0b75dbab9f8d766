import { ApiError } from "./errors.ts";
import { quoteName, type Pair } from "./form.ts";

/** Parameters in which cielo24's clients send the account's credentials; compared without case, `-` and `_`. */
const CREDENTIALS = new Set(["apitoken", "username", "password", "securekey"]);

/**
 * The account's credentials stay in the backend. A client that sends some is told so instead of being served: it holds
 * what it should not hold. Empty ones pass, since older clients always send `api_token`.
 *
 * @throws {ApiError} INVALID_QUERY naming the parameter or header, never its value
 */
export const refuseCredentials = (
  pairs: readonly Pair[],
  headers: Readonly<Record<string, string | undefined>>,
): void => {
  for (const [name, value] of pairs)
    if (value !== "" && CREDENTIALS.has(name.toLowerCase().replace(/[-_]/g, ""))) throw refused(quoteName(name));
  for (const [name, value] of Object.entries(headers))
    if (value && name.toLowerCase().startsWith("x-auth-")) throw refused(`The header ${quoteName(name)}`);
};

const refused = (what: string) =>
  new ApiError("INVALID_QUERY", {
    comment: `${what} has no business here: this API authorizes by bearer token and keeps cielo24's credentials to itself. Leave it out, and do not hand such credentials to clients.`,
  });
