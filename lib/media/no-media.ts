import { isUtf8 } from "node:buffer";

/**
 * What a body is that says itself that it is no media:
 *
 * - `form`: the envelope that `curl -F` and a browser's FormData put around a file
 * - `text`: by its type alone; browsers call `.ts` files so
 * - `markup`: XML or HTML
 * - `json`, `parameters`: what was meant to be read, and not to be sent to cielo24
 */
export type NoMedia = "form" | "text" | "markup" | "json" | "parameters";

/** @param type a media type in lower case, without parameters */
export const noMediaByType = (type: string): NoMedia | undefined => {
  if (type.startsWith("multipart/")) return "form";
  if (type === "application/xml" || type === "text/xml" || type === "text/html" || type.endsWith("+xml"))
    return "markup";
  return type.startsWith("text/") || type === "application/javascript" ? "text" : undefined;
};

/** A file that begins so and goes on without a single control byte is text. Media of some bytes has control bytes. */
const SIGNS_IN_PRINTABLE: readonly (readonly [NoMedia, RegExp])[] = [
  ["json", /^\s*\{\s*"[\w.$-]{1,100}"\s*:/],
  ["markup", /^\s*<(?:\?xml|!doctype)\s/i],
  // Of this API's own parameters; Windows' curl sends them in a code page, which is no UTF-8.
  ["parameters", /^(?:job_id|media_url|is_duplicate)=/],
];

/**
 * What else is known in text that is UTF-8. Raw samples of a sound might be printable bytes by chance, but swing around
 * a middle: they hold bytes from 0x80 on, alone, as UTF-8 never has them.
 */
const SIGNS_IN_UTF8: readonly (readonly [NoMedia, RegExp])[] = [
  ["json", /^\s*\{\s*(?:\}|"(?:[^"\\]|\\.)*"\s*:)/],
  ["json", /^\s*\[\s*(?:[\]["{]|(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*[,\]])/],
  ["parameters", /^[\w.%+[\]-]{1,100}=/],
];

/** RFC 2046: a boundary of up to 70 characters. The part's other headers may come first. */
const ENVELOPE = /^(?:\r?\n)*--[^\r\n]{1,70}\r?\n(?:[!-9;-~]+:[^\r\n]*\r?\n){0,10}?content-disposition:/i;

const HEAD_BYTES = 4096;

/**
 * What the bytes themselves say, whatever they are called. It is certain: no container begins so, MPEG-TS (`G`), ID3 and
 * headerless samples included; where there is any doubt, the bytes are media.
 */
export const noMediaByBytes = (bytes: Uint8Array): NoMedia | undefined => {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, HEAD_BYTES)).toString("utf8");
  if (ENVELOPE.test(head)) return "form";
  const printable = signIn(SIGNS_IN_PRINTABLE, head);
  if (printable) return isPrintable(bytes) ? printable : undefined;
  const text = signIn(SIGNS_IN_UTF8, head);
  return text && isPlainText(bytes) ? text : undefined;
};

const signIn = (signs: typeof SIGNS_IN_UTF8, head: string): NoMedia | undefined =>
  signs.find(([, pattern]) => pattern.test(head))?.[0];

/** Whether the bytes are text in UTF-8, without control characters as only binary data has them. */
export const isPlainText = (bytes: Uint8Array): boolean => isPrintable(bytes) && isUtf8(bytes);

/** No control bytes, but for the white space among them. */
const isPrintable = (bytes: Uint8Array): boolean =>
  !bytes.some((byte) => byte === 0x7f || (byte < 0x20 && (byte < 0x09 || byte > 0x0d)));
