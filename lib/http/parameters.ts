import { parseJson } from "../json.ts";
import { isPlainText, noMediaByBytes, noMediaByType, type NoMedia } from "../media/no-media.ts";
import type { HttpEvent, Parameters } from "./endpoint.ts";
import { invalidQuery, quoteName, ApiError } from "./errors.ts";

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
/** Headers in which they send them. Others of this kind are an authenticating proxy's, such as X-Auth-Request-User. */
const CREDENTIAL_HEADERS = new Set(["x-auth-user", "x-auth-securekey", "x-auth-password", "x-auth-key"]);

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
    if (value && CREDENTIAL_HEADERS.has(name.toLowerCase())) throw credentials(`The header ${quoteName(name)}`);
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

/** A parameter as it was sent: repetitions and empty values are still there. */
type Pair = readonly [name: string, value: string];

/** What a request's body holds: parameters, or media on the routes that take it. */
type Body = { readonly pairs: readonly Pair[] } | { readonly media: Buffer };

/** Many times what any route needs. Decoding megabytes of parameters would take seconds, and hundreds of MB of memory. */
const MAX_PARAMETERS_BYTES = 64 * 1024;

/**
 * Reads the body. API Gateway encodes it as base64 if it is a form, binary or without a type.
 *
 * A JSON body always holds parameters. So does a form body, unless the route takes media and the body cannot be a form
 * because it is not text: curl's `--data-binary` calls everything a form. On a route that takes media, any other body is
 * media, unless its type or its bytes say that it is none. Other routes refuse it.
 *
 * @throws {ApiError} INVALID_QUERY; BODY_TOO_LARGE for parameters of more than 64 KiB, before they are decoded
 */
const readBody = (event: HttpEvent, { takesMedia }: { takesMedia: boolean }): Body => {
  const { body = "", isBase64Encoded } = event;
  const encoding = isBase64Encoded ? "base64" : "utf8";
  const isTooLarge = Buffer.byteLength(body, encoding) > MAX_PARAMETERS_BYTES;
  const type = mediaType(event);
  const isJson = type === "application/json" || type.endsWith("+json");
  if (isTooLarge && (isJson || !takesMedia)) throw new ApiError("BODY_TOO_LARGE");
  const bytes = Buffer.from(body, encoding);
  if (bytes.length === 0) return { pairs: [] };
  if (isJson) return { pairs: decodeJson(readText(bytes)) };
  if (type === "application/x-www-form-urlencoded") {
    const form = readText(bytes)?.trim();
    if (form === undefined && !takesMedia) throw invalidQuery("The form in the body is not text in UTF-8.");
    if (form !== undefined) {
      if (isTooLarge) throw new ApiError("BODY_TOO_LARGE");
      if (form.startsWith("{"))
        throw invalidQuery("The body looks like JSON: send it with Content-Type: application/json.");
      return { pairs: decodeForm(form) };
    }
  }
  if (!takesMedia)
    throw invalidQuery(
      "The body must be application/json or application/x-www-form-urlencoded, and its Content-Type say so.",
    );
  const noMedia = noMediaByType(type) ?? noMediaByBytes(bytes) ?? (isBase64Encoded ? undefined : "text");
  if (noMedia) throw invalidQuery(`${WHY_NO_MEDIA[noMedia]} ${SEND_THE_FILE}`);
  return { media: bytes };
};

/** A job keeps its media for good, so a body that is evidently not media is refused. */
const WHY_NO_MEDIA: Readonly<Record<NoMedia, string>> = {
  form: "The body is a form with the media in it (multipart), and all of it would become the job's media.",
  // API Gateway decodes text as UTF-8, which damages media.
  text: "Content-Type calls the body text, as browsers do with .ts files, and media called so does not arrive whole.",
  markup: "The body is XML or HTML, which is no media.",
  json: "The body is JSON, which is no media. Parameters are sent as application/json.",
  parameters: "The body is name=value text, which is no media. Parameters are sent as application/json.",
};
const SEND_THE_FILE =
  "Send the file itself, as application/octet-stream: curl -H 'Content-Type: application/octet-stream' --data-binary @FILE; in a browser, fetch with this header and the File as body.";

const mediaType = (event: HttpEvent): string =>
  (event.headers["content-type"] ?? "").split(";", 1).join("").trim().toLowerCase();

/** The text of a body; undefined if it is not UTF-8, or holds control characters as only binary data does. */
const readText = (bytes: Buffer): string | undefined =>
  isPlainText(bytes) ? new TextDecoder().decode(bytes) : undefined;

const decodeJson = (text = ""): Pair[] => {
  const parsed = parseJson(text);
  if (parsed === undefined) throw invalidQuery("The body is not JSON, though its Content-Type says so.");
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed))
    throw invalidQuery("The body must be a JSON object, in UTF-8.");
  return Object.entries(parsed).flatMap(([name, value]: [string, unknown]): Pair[] => {
    // Generated clients send null for a parameter that was not set.
    if (value === null) return [];
    if (typeof value === "string" || typeof value === "boolean" || typeof value === "number")
      return [[name, String(value)]];
    throw invalidQuery(`${quoteName(name)} must be a string, a number or a boolean.`);
  });
};

/**
 * The parameters of a query string or a form body, in order and with repetitions. `+` is a space, as in the older dialect
 * of cielo24's clients. Stricter than URLSearchParams, which accepts a bad `%` and replaces bad UTF-8.
 *
 * @throws {ApiError} INVALID_QUERY naming the parameter that is badly encoded
 */
const decodeForm = (text: string): Pair[] =>
  text
    .split("&")
    .filter((part) => part !== "")
    .map((part) => {
      const [rawName = "", ...rest] = part.split("=");
      const name = decode(rawName, "The name of a parameter");
      return [name, decode(rest.join("="), quoteName(name))];
    });

const decode = (text: string, what: string): string => {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw invalidQuery(`${what} is not percent-encoded UTF-8.`);
  }
};
