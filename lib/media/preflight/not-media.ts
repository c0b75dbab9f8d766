/* eslint-disable no-control-regex -- signatures are made of control characters */
import { noMediaByBytes } from "../no-media.ts";
import { latin1, type LookedAt } from "./bytes.ts";

/** What no player takes for media, by its first bytes. Each is 4 bytes at least, or has more to be checked. */
const SIGNATURES: readonly (readonly [what: string, pattern: RegExp])[] = [
  ["a ZIP archive or an Office document", /^PK(?:\x03\x04|\x05\x06|\x07\x08)/],
  ["a compressed file (gzip)", /^\x1f\x8b\x08[\0-\x1f]/],
  ["a compressed file (bzip2)", /^BZh[1-9](?:1AY&SY|\x17rE8P\x90)/],
  ["a compressed file (xz)", /^\xfd7zXZ\0/],
  ["a compressed file (Zstandard)", /^\x28\xb5\x2f\xfd/],
  ["a 7z archive", /^7z\xbc\xaf\x27\x1c/],
  ["a RAR archive", /^Rar!\x1a\x07/],
  ["a tar archive", /^[^]{257}ustar/],
  ["a PDF document", /^(?:\xef\xbb\xbf)?\s{0,16}%PDF-/],
  ["an Office document", /^\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1/],
  ["a PostScript document", /^(?:%!PS|\xc5\xd0\xd3\xc6)/],
  ["an image (PNG)", /^\x89PNG\r\n\x1a\n/],
  ["an image (JPEG)", /^\xff\xd8\xff[\xc0-\xfe]/],
  ["an image (GIF)", /^GIF8[79]a/],
  ["an image (WebP)", /^RIFF[^]{4}WEBP/],
  ["an image (TIFF)", /^(?:II[*+]\0|MM\0[*+])/],
  ["an image (BMP)", /^BM[^]{4}\0{4}[^]{4}[\x0c\x28\x34\x38\x6c\x7c]\0{3}/],
  ["an image (Photoshop)", /^8BPS\0[\x01\x02]\0{6}/],
  ["an image (JPEG 2000 or XL)", /^\0\0\0\x0c(?:JXL |jP {2})\r\n\x87\n/],
  ["a program", /^(?:\x7fELF[\x01\x02]{2}|[\xce\xcf]\xfa\xed\xfe|\xfe\xed\xfa[\xce\xcf]|\xca\xfe\xba\xbe|\0asm)/],
  ["a program", /^MZ[^]{62,4096}?PE\0\0/],
  ["a folder's settings (.DS_Store)", /^\0{3}\x01Bud1/],
  ["a file's settings (AppleDouble)", /^\0\x05\x16[\0\x07]\0[\x01\x02]\0\0/],
  ["a shortcut", /^L\0{3}\x01\x14\x02\0{5}\xc0/],
  ["a database (SQLite)", /^SQLite format 3\0/],
];

/** Texts that are certain by their beginning, in whatever encoding. */
const TEXTS: readonly (readonly [what: string, pattern: RegExp])[] = [
  ["a subtitle file (WebVTT)", /^\s*WEBVTT/],
  ["a subtitle file (SRT)", /^\s*\d+\s*\r?\n\d+:\d\d:\d\d[,.]\d{1,3}\s*-->/],
  ["a subtitle file (SCC)", /^\s*Scenarist_SCC/],
  ["a subtitle file (SBV)", /^\s*\d+:\d\d:\d\d\.\d{3},\d+:\d\d:\d\d\.\d{3}\r?\n/],
  ["a subtitle file (ASS)", /^\s*\[Script Info\]/i],
  ["a subtitle file (SAMI)", /^\s*<sami/i],
  ["a subtitle file (TTML)", /^\s*(?:<\?xml[^>]*>\s*)?(?:<!--[^]*?-->\s*)*<(?:\w+:)?tt[\s>]/i],
  [
    "a playlist, which only names its media",
    /^\s*(?:#EXTM3U|\[playlist\]|(?:<\?xml[^>]*>\s*)?<(?:MPD|SmoothStreamingMedia|smil)\b)/i,
  ],
  ["an HTML page", /^\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype\s+html|html|head|body)\b/i],
  ["an RTF document", /^\s*\{\\rtf/],
];

const OTHER_TEXTS = {
  form: "a form with a file inside (curl -F, FormData)",
  markup: "an XML document",
  json: "a JSON document",
  parameters: "a text file",
  text: "a text file",
} as const;

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
  const kind = noMediaByBytes(beginning) ?? "text";
  if (kind === "form") return OTHER_TEXTS.form;
  // An even place, for the sake of UTF-16.
  const end = await look.read(Math.max(0, (look.sizeBytes - END_BYTES) & ~1), look.sizeBytes);
  const unicode = first.startsWith("\xff\xfe") ? "utf-16le" : first.startsWith("\xfe\xff") ? "utf-16be" : "utf-8";
  for (const encoding of [unicode, CODE_PAGE]) {
    const text = decodeText(beginning, encoding);
    if (text === undefined || decodeText(withoutCutCharacter(end), encoding) === undefined) continue;
    const known = TEXTS.find(([, pattern]) => pattern.test(text));
    if (known) return known[0];
    if (encoding !== CODE_PAGE || kind !== "text") return OTHER_TEXTS[kind];
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
