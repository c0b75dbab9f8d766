import { isPlainText, noMediaByBytes, noMediaByType, type NoMedia } from "../media/no-media.ts";
import { ApiError } from "./errors.ts";
import { decodeForm, quoteName, type Pair } from "./form.ts";
import type { HttpEvent } from "./request.ts";

/** What a request's body holds: parameters, or media on the routes that take it. */
export type Body = { readonly pairs: readonly Pair[] } | { readonly media: Buffer };

/** Many times what any route needs. Decoding megabytes of parameters would take seconds, and hundreds of MB of memory. */
const MAX_PARAMETERS_BYTES = 64 * 1024;

/**
 * Reads the body, of which API Gateway makes base64 when it is a form, binary or has no type.
 *
 * A JSON body holds parameters, always. So does a form body, unless the route takes media and the body cannot be a form,
 * since it is not text: curl's `--data-binary` calls everything a form. Any other body is media where the route takes
 * it, unless it says itself that it is none, and refused elsewhere.
 *
 * @throws {ApiError} INVALID_QUERY; BODY_TOO_LARGE for parameters of more than 64 KiB, before they are decoded
 */
export const readBody = (event: HttpEvent, { takesMedia }: { takesMedia: boolean }): Body => {
  const { body = "", isBase64Encoded } = event;
  const encoding = isBase64Encoded ? "base64" : "utf8";
  const isTooLarge = Buffer.byteLength(body, encoding) > MAX_PARAMETERS_BYTES;
  const type = mediaType(event);
  const isJson = type === "application/json" || type.endsWith("+json");
  if (isTooLarge && (isJson || !takesMedia)) throw new ApiError("BODY_TOO_LARGE");
  const bytes = Buffer.from(body, encoding);
  if (bytes.length === 0) return { pairs: [] };
  if (isJson) return { pairs: readJson(readText(bytes)) };
  if (type === "application/x-www-form-urlencoded") {
    if (isPlainText(bytes)) {
      if (isTooLarge) throw new ApiError("BODY_TOO_LARGE");
      return { pairs: readForm(readText(bytes) ?? "") };
    }
    if (!takesMedia) throw invalid("The form in the body is not text in UTF-8.");
  }
  if (!takesMedia)
    throw invalid(
      "The body must be application/json or application/x-www-form-urlencoded, and its Content-Type say so.",
    );
  const noMedia = noMediaByType(type) ?? noMediaByBytes(bytes) ?? (isBase64Encoded ? undefined : "text");
  if (noMedia) throw invalid(`${WHY_NO_MEDIA[noMedia]} ${SEND_THE_FILE}`);
  return { media: bytes };
};

/** What becomes the job's media stays it for ever, so whatever says itself that it is none is sent back. */
const WHY_NO_MEDIA: Readonly<Record<NoMedia, string>> = {
  form: "The body is a form with the media in it (multipart), and all of it would become the job's media.",
  // API Gateway passes text on as UTF-8, of which media does not come out whole.
  text: "Content-Type calls the body text, as browsers do with .ts files, and media called so does not arrive whole.",
  markup: "The body is XML or HTML, which is no media.",
  json: "The body is JSON, which is no media. Parameters are sent as application/json.",
  parameters: "The body is name=value text, which is no media. Parameters are sent as application/json.",
};
const SEND_THE_FILE =
  "Send the file itself, as application/octet-stream: curl -H 'Content-Type: application/octet-stream' --data-binary @FILE; in a browser, fetch with this header and the File as body.";

const invalid = (comment: string) => new ApiError("INVALID_QUERY", { comment });

const mediaType = (event: HttpEvent): string =>
  (event.headers["content-type"] ?? "").split(";", 1).join("").trim().toLowerCase();

/** The text of a body; undefined where it is not UTF-8, or holds control characters as only binary data does. */
const readText = (bytes: Buffer): string | undefined =>
  isPlainText(bytes) ? new TextDecoder("utf-8").decode(bytes) : undefined;

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
