/**
 * What a body is if it is evidently not media:
 *
 * - `form`: the envelope that `curl -F` and a browser's FormData put around a file
 * - `text`: text by its type alone, which is what browsers send for `.ts` files
 * - `markup`: XML or HTML
 * - `json`, `parameters`: parameters for this API, not something to send to cielo24
 */
export type NoMedia = "form" | "text" | "markup" | "json" | "parameters";

/** @param type a media type in lower case, without parameters */
export const noMediaByType = (type: string): NoMedia | undefined => {
  if (type.startsWith("multipart/")) return "form";
  if (type === "application/xml" || type === "text/xml" || type === "text/html" || type.endsWith("+xml"))
    return "markup";
  return type.startsWith("text/") || type === "application/javascript" ? "text" : undefined;
};

/** A file with one of these beginnings and without a single control byte is text. Media soon has control bytes. */
const SIGNS_IN_PRINTABLE: readonly (readonly [NoMedia, RegExp])[] = [
  ["json", /^\s*\{\s*"[\w.$-]{1,100}"\s*:/],
  ["markup", /^\s*<(?:\?xml|!doctype)\s/i],
  // This API's own parameters. curl on Windows sends them in a code page, not in UTF-8.
  ["parameters", /^(?:job_id|media_url|is_duplicate)=/],
];

/**
 * Further beginnings that count if the whole text is UTF-8. Raw audio samples might be printable by chance, but they swing
 * around a middle value, so they have single bytes from 0x80 on, which UTF-8 never has.
 */
const SIGNS_IN_UTF8: readonly (readonly [NoMedia, RegExp])[] = [
  ["json", /^\s*\{\s*(?:\}|"(?:[^"\\]|\\.)*"\s*:)/],
  ["json", /^\s*\[\s*(?:[\]["{]|(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*[,\]])/],
  ["parameters", /^[\w.%+[\]-]{1,100}=/],
];

/** RFC 2046: a boundary of up to 70 characters. Other headers of the part may come first. */
const ENVELOPE = /^(?:\r?\n)*--[^\r\n]{1,70}\r?\n(?:[!-9;-~]+:[^\r\n]*\r?\n){0,10}?content-disposition:/i;

const BEGINNING_BYTES = 4096;
const PIECE_BYTES = 64 * 1024;

/**
 * What the bytes themselves show, whatever their declared type. It is certain: no container begins like this, and neither
 * do MPEG-TS (`G`), ID3 and samples without a header. In any doubt the bytes are media.
 */
export const noMediaByBytes = (bytes: Uint8Array): NoMedia | undefined => {
  const beginning = new TextDecoder().decode(bytes.subarray(0, BEGINNING_BYTES));
  if (ENVELOPE.test(beginning)) return "form";
  const printable = signIn(SIGNS_IN_PRINTABLE, beginning);
  if (printable) return isPrintable(bytes) ? printable : undefined;
  const text = signIn(SIGNS_IN_UTF8, beginning);
  return text && isPlainText(bytes) ? text : undefined;
};

const signIn = (signs: typeof SIGNS_IN_UTF8, beginning: string): NoMedia | undefined =>
  signs.find(([, pattern]) => pattern.test(beginning))?.[0];

/** Whether the bytes are UTF-8 text, without the control characters that only binary data has. */
export const isPlainText = (bytes: Uint8Array): boolean => isPrintable(bytes) && isUtf8(bytes);

/** Whether there are no control bytes other than white space. */
const isPrintable = (bytes: Uint8Array): boolean =>
  !bytes.some((byte) => byte === 0x7f || (byte < 0x20 && (byte < 0x09 || byte > 0x0d)));

/** In pieces, so that memory stays flat. */
const isUtf8 = (bytes: Uint8Array): boolean => {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    for (let at = 0; at < bytes.length; at += PIECE_BYTES)
      decoder.decode(bytes.subarray(at, at + PIECE_BYTES), { stream: true });
    decoder.decode();
    return true;
  } catch {
    return false;
  }
};
