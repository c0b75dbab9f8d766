/* eslint-disable no-control-regex -- signatures are made of control characters */
import { noMediaByBytes } from "../no-media.ts";
import { latin1, type LookedAt } from "./bytes.ts";

/** What no player takes for media, by its first bytes: four of them at least, or few that are possible. */
const SIGNATURES: readonly (readonly [what: string, pattern: RegExp])[] = [
  ["a ZIP archive or an Office document", /^PK(?:\x03\x04|\x05\x06|\x07\x08)/],
  ["an Office document", /^\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1/],
  ["a PDF document", /^%PDF-/],
  [
    "an archive",
    /^(?:\x1f\x8b\x08[\0-\x1f]|BZh[1-9]1AY&SY|\xfd7zXZ\0|\x28\xb5\x2f\xfd|7z\xbc\xaf\x27\x1c|Rar!\x1a\x07)/,
  ],
  ["an archive", /^[^]{257}ustar/],
  [
    "an image",
    /^(?:\x89PNG\r\n|\xff\xd8\xff[\xc0-\xfe]|GIF8[79]a|RIFF[^]{4}WEBP|II[*+]\0|MM\0[*+]|8BPS\0[\x01\x02]\0{6})/,
  ],
  ["an image", /^(?:BM[^]{4}\0{4}[^]{4}[\x0c\x28\x34\x38\x6c\x7c]\0{3}|\0{3}\x0c(?:JXL |jP {2})\r\n\x87\n)/],
  [
    "a program",
    /^(?:\x7fELF|[\xce\xcf]\xfa\xed\xfe|\xfe\xed\xfa[\xce\xcf]|\xca\xfe\xba\xbe|\0asm|MZ[^]{62,4096}?PE\0\0)/,
  ],
  ["a file of the operating system", /^(?:\0{3}\x01Bud1|\0\x05\x16[\0\x07]\0[\x01\x02]\0\0|L\0{3}\x01\x14\x02\0)/],
  ["a database (SQLite)", /^SQLite format 3\0/],
];

/** Texts that are certain by their beginning, in whatever encoding. */
const TEXTS: readonly (readonly [what: string, pattern: RegExp])[] = [
  ["a subtitle file (WebVTT)", /^\s*WEBVTT/],
  ["a subtitle file (SRT)", /^\s*\d+\s+\d+:\d\d:\d\d[,.]\d{1,3}\s*-->/],
  ["a subtitle file", /^\s*(?:Scenarist_SCC|\[Script Info\]|<sami|\d+:\d\d:\d\d\.\d{3},\d+:\d\d:\d\d\.\d{3}\s)/i],
  ["a subtitle file (TTML)", /^\s*(?:<\?xml[^>]*>\s*)?<(?:\w+:)?tt[\s>]/],
  ["a playlist, which only names its media", /^\s*(?:#EXTM3U|\[playlist\]|(?:<\?xml[^>]*>\s*)?<(?:MPD|smil)\b)/i],
  ["an HTML page", /^\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype\s+)?html\b/i],
  ["an RTF document", /^\s*\{\\rtf/],
];

const END_BYTES = 16 * 1024;
/** Any byte is a character in it: what is text in it may be text in any code page. */
const CODE_PAGE = "windows-1252";

/**
 * What this is if it is certainly not media, of a file that mediabunny does not know: a signature at the beginning, or a
 * beginning and an end that are text throughout. Raw sound and unknown containers are neither.
 */
export const nameNotMedia = async (look: LookedAt, beginning: Uint8Array): Promise<string | undefined> => {
  const first = latin1(beginning);
  const signature = SIGNATURES.find(([, pattern]) => pattern.test(first));
  if (signature) return signature[0];
  const kind = noMediaByBytes(beginning);
  if (kind === "form") return "a form with a file inside (curl -F, FormData)";
  const endStart = Math.max(0, look.sizeBytes - END_BYTES);
  // From an even place, for the sake of UTF-16.
  const end = await look.read(endStart - (endStart % 2), look.sizeBytes);
  const unicode = first.startsWith("\xff\xfe") ? "utf-16le" : first.startsWith("\xfe\xff") ? "utf-16be" : "utf-8";
  for (const encoding of [unicode, CODE_PAGE]) {
    const text = decodeText(beginning, encoding);
    if (text === undefined || decodeText(withoutCutCharacter(end), encoding) === undefined) continue;
    const known = TEXTS.find(([, pattern]) => pattern.test(text));
    if (known) return known[0];
    if (kind === "markup") return "an XML document";
    if (kind === "json") return "a JSON document";
    if (kind === "parameters" || encoding !== CODE_PAGE) return "a text file";
  }
  return undefined;
};

/** The text, or undefined if these bytes are no text. A character may be cut at their end. */
const decodeText = (bytes: Uint8Array, encoding: string): string | undefined => {
  try {
    const text = new TextDecoder(encoding, { fatal: true }).decode(bytes, { stream: true });
    return /[\0-\x08\x0e-\x1f\x7f\ufffe\uffff]/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
};

/** Without the rest of a character of UTF-8 that began before. */
const withoutCutCharacter = (bytes: Uint8Array): Uint8Array =>
  bytes.subarray(bytes.findIndex((byte, index) => index === 3 || (byte & 0xc0) !== 0x80));
