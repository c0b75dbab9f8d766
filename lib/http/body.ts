import { ApiError } from "./errors.ts";
import { decodeForm, quoteName, type Pair } from "./form.ts";
import type { HttpEvent } from "./request.ts";

/** What a request's body holds: parameters, or media on the routes that take it. */
export type Body = { readonly pairs: readonly Pair[] } | { readonly media: Buffer };

/**
 * Reads the body, of which API Gateway makes base64 when it is a form, binary or has no type.
 *
 * A JSON body holds parameters, always. So does a form body, unless the route takes media and the body cannot be a form,
 * since it is not text: curl's `--data-binary` calls everything a form. Any other body is media where the route takes
 * it, and refused elsewhere.
 *
 * @throws {ApiError} INVALID_QUERY
 */
export const readBody = (event: HttpEvent, { takesMedia }: { takesMedia: boolean }): Body => {
  const bytes = Buffer.from(event.body ?? "", event.isBase64Encoded ? "base64" : "utf8");
  if (bytes.length === 0) return { pairs: [] };
  const type = mediaType(event);
  if (type === "application/json" || type.endsWith("+json")) return { pairs: readJson(readText(bytes)) };
  if (type === "application/x-www-form-urlencoded") {
    const text = readText(bytes);
    if (text !== undefined) return { pairs: readForm(text) };
    if (!takesMedia) throw invalid("The form in the body is not text in UTF-8.");
  }
  if (takesMedia) return { media: bytes };
  throw invalid("The body must be application/json or application/x-www-form-urlencoded, and its Content-Type say so.");
};

const invalid = (comment: string) => new ApiError("INVALID_QUERY", { comment });

const mediaType = (event: HttpEvent): string =>
  (event.headers["content-type"] ?? "").split(";", 1).join("").trim().toLowerCase();

/** The text of a body; undefined where it is not UTF-8, or holds control characters as only binary data does. */
const readText = (bytes: Buffer): string | undefined => {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    // eslint-disable-next-line no-control-regex -- control characters are what it looks for
    return /[\0-\x08\x0e-\x1f\x7f]/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
};

const readForm = (text: string): Pair[] => {
  const form = text.trim();
  if (form.startsWith("{")) throw invalid("The body looks like JSON: send it with Content-Type: application/json.");
  return decodeForm(form);
};

const readJson = (text: string | undefined): Pair[] => {
  const parsed = parseJson(text);
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed))
    throw invalid("The body must be a JSON object, in UTF-8.");
  return Object.entries(parsed).flatMap(([name, value]: [string, unknown]): Pair[] => {
    // Generated clients send null for a parameter that was not set.
    if (value === null) return [];
    if (typeof value === "string" || typeof value === "boolean" || typeof value === "number")
      return [[name, String(value)]];
    throw invalid(`${quoteName(name)} must be a string, a number or a boolean.`);
  });
};

const parseJson = (text: string | undefined): unknown => {
  try {
    return JSON.parse(text ?? "");
  } catch {
    throw invalid("The body is not JSON, though its Content-Type says so.");
  }
};
