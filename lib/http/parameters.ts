import { readBody } from "./body.ts";
import { refuseCredentials } from "./credentials.ts";
import { ApiError } from "./errors.ts";
import { decodeForm, quoteName, type Pair } from "./form.ts";
import type { ApiMiddleware, HttpEvent, Parameters } from "./request.ts";

/**
 * The parameters of a request in either of cielo24's dialects: all in the query, or `v` in the query and the rest in a
 * JSON or form body. `rawQueryString` is read, since `queryStringParameters` joins repeated ones by commas.
 * Unknown parameters are read, too; schemas pass on what they name and nothing else.
 *
 * @throws {ApiError} INVALID_QUERY
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

const merge = (query: readonly Pair[], body: readonly Pair[]): Parameters => {
  const merged = Object.create(null) as Record<string, string>;
  for (const [name, value] of [...collect(query), ...collect(body)]) {
    if (name in merged && merged[name] !== value)
      throw new ApiError("INVALID_QUERY", { comment: `${quoteName(name)} differs between the query and the body.` });
    merged[name] = value;
  }
  // An empty value says as much as none.
  for (const name of Object.keys(merged)) if (merged[name] === "") Reflect.deleteProperty(merged, name);
  return merged;
};

/** A repeated parameter means one thing to one program and another to the next: none is let through. */
const collect = (pairs: readonly Pair[]): ReadonlyMap<string, string> => {
  const collected = new Map<string, string>();
  for (const [name, value] of pairs) {
    if (collected.has(name)) throw new ApiError("INVALID_QUERY", { comment: `${quoteName(name)} is given twice.` });
    collected.set(name, value);
  }
  return collected;
};

/** Adds parameters, and a media body on routes that take one, to the request. */
export const parameters = (options: { takesMedia: boolean }): ApiMiddleware => ({
  before: (request) => {
    request.event = { ...request.event, ...readParameters(request.event, options) };
  },
});
