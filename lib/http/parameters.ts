import { decodeForm, readBody, type Pair } from "./body.ts";
import type { HttpEvent, Parameters } from "./endpoint.ts";
import { invalidQuery, quoteName } from "./errors.ts";

/**
 * The parameters of a request in either of cielo24's dialects: all in the query, or `v` in the query and the rest in a
 * JSON or form body. Reads `rawQueryString`, because `queryStringParameters` joins repeated ones by commas. Unknown
 * parameters are read, too; the endpoints' schemas pass on only the ones that they name.
 *
 * @throws {ApiError} INVALID_QUERY, BODY_TOO_LARGE
 */
export const readParameters = (
  event: HttpEvent,
  options: { takesMedia: boolean },
): { parameters: Parameters; mediaBody?: Buffer } => {
  const query = decodeForm(event.rawQueryString);
  refuseCredentials(query, event.headers);
  const body = readBody(event, options);
  if ("media" in body) return { parameters: merge(query, []), mediaBody: body.media };
  refuseCredentials(body.pairs, {});
  return { parameters: merge(query, body.pairs) };
};

/** Parameters in which cielo24's clients send the account's credentials; compared without case, `-` and `_`. */
const CREDENTIALS = new Set(["apitoken", "username", "password", "securekey"]);

/**
 * The account's credentials stay in the backend. A client that sends some is told so instead of being served, because it
 * should not have them. Empty ones pass, since older clients always send `api_token`.
 *
 * @throws {ApiError} INVALID_QUERY naming the parameter or header, never its value
 */
const refuseCredentials = (pairs: readonly Pair[], headers: Readonly<Record<string, string | undefined>>): void => {
  for (const [name, value] of pairs)
    if (value !== "" && CREDENTIALS.has(name.toLowerCase().replace(/[-_]/g, ""))) throw credentials(quoteName(name));
  for (const [name, value] of Object.entries(headers))
    if (value && name.toLowerCase().startsWith("x-auth-")) throw credentials(`The header ${quoteName(name)}`);
};

const credentials = (what: string) =>
  invalidQuery(
    `${what} has no business here: this API authorizes by bearer token and keeps cielo24's credentials to itself. Leave it out, and do not hand such credentials to clients.`,
  );

const merge = (query: readonly Pair[], body: readonly Pair[]): Parameters => {
  const merged = Object.create(null) as Record<string, string>;
  for (const [name, value] of [...collect(query), ...collect(body)]) {
    if (name in merged && merged[name] !== value)
      throw invalidQuery(`${quoteName(name)} differs between the query and the body.`);
    merged[name] = value;
  }
  // An empty value means the same as none.
  for (const name of Object.keys(merged)) if (merged[name] === "") Reflect.deleteProperty(merged, name);
  return merged;
};

/** Refuses repeated parameters: some programs use the first value and others the last. */
const collect = (pairs: readonly Pair[]): ReadonlyMap<string, string> => {
  const collected = new Map<string, string>();
  for (const [name, value] of pairs) {
    if (collected.has(name)) throw invalidQuery(`${quoteName(name)} is given twice.`);
    collected.set(name, value);
  }
  return collected;
};
