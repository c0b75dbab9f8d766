import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";

/** So many encodings around each other are undone. */
const DEPTH = 3;
const MAX_INFLATED_BYTES = 16 * 1024 * 1024;

/**
 * Everything that a text may be read as: itself, and what is left when percent signs, escapes, entities, lists of bytes,
 * base64, hex, UTF-16, line breaks and compression are undone, up to three around each other.
 */
export const readings = (given: string | Uint8Array): Set<string> => {
  const found = new Set<string>();
  let layer = typeof given === "string" ? [given] : [latin1(given), ...inflateWhole(Buffer.from(given))];
  for (let depth = 0; depth <= DEPTH; depth += 1) {
    const fresh = layer.filter((text) => !found.has(text));
    for (const text of fresh) found.add(text);
    layer = fresh.flatMap((text) => DECODERS.flatMap((decode) => decode(text)));
  }
  return found;
};

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

/** What a replacement made of the text, if it found anything. */
const replacing =
  (pattern: RegExp, replace: (...groups: string[]) => string) =>
  (text: string): string[] => {
    const replaced = text.replaceAll(pattern, replace);
    return replaced === text ? [] : [replaced];
  };

/** What runs of an alphabet hold, if that is text or compressed. */
const extracting =
  (pattern: RegExp, decode: (run: string) => Buffer[]) =>
  (text: string): string[] => {
    const bytes = (text.match(pattern) ?? []).flatMap(decode);
    return bytes.flatMap((each) => [...(isReadable(each) ? [latin1(each)] : []), ...inflate(each)]);
  };

const fromCode = (code: string, radix: number): string => String.fromCharCode(parseInt(code, radix));

const DECODERS: readonly ((text: string) => string[])[] = [
  replacing(/%([0-9a-f]{2})/gi, (_all, code = "") => fromCode(code, 16)),
  replacing(/\\+(?:u00|x)([0-9a-f]{2})/gi, (_all, code = "") => fromCode(code, 16)),
  replacing(/&#x([0-9a-f]{2});/gi, (_all, code = "") => fromCode(code, 16)),
  replacing(/&#(\d{2,3});/g, (_all, code = "") => fromCode(code, 10)),
  replacing(/=([0-9A-F]{2})/g, (_all, code = "") => fromCode(code, 16)),
  replacing(/\0/g, () => ""),
  // A run that was broken into lines: MIME, inspect of long strings, logs with a limit.
  replacing(/(?:\\r)?(?:\\n|\r?\n)(?:['"] \+\s+['"])?/g, () => ""),
  extracting(/\b\d{2,3}(?:,\s*\d{2,3}){11,}\b/g, (run) => [Buffer.from(run.split(",").map(Number))]),
  extracting(/\b[0-9a-f]{2}(?:[ :][0-9a-f]{2}){11,}\b/gi, (run) => [Buffer.from(run.replace(/[ :]/g, ""), "hex")]),
  extracting(/[0-9a-f]{24,}/gi, (run) => [Buffer.from(run, "hex"), Buffer.from(run.slice(1), "hex")]),
  extracting(/[\w+/-]{20,}/g, (run) => [0, 1, 2, 3].map((from) => Buffer.from(run.slice(from), "base64"))),
];

/** Random bytes are hardly ever printable; UTF-16 has a zero in every second place. */
const isReadable = (bytes: Buffer): boolean => {
  if (bytes.length < 8) return false;
  let readable = 0;
  for (const byte of bytes)
    if ((byte >= 0x20 && byte < 0x7f) || byte === 0 || byte === 10 || byte === 13) readable += 1;
  return readable >= 0.9 * bytes.length;
};

const undo = (decompress: typeof gunzipSync, bytes: Buffer): string[] => {
  try {
    return [latin1(decompress(bytes, { maxOutputLength: MAX_INFLATED_BYTES }))];
  } catch {
    // Only looked like it.
    return [];
  }
};

const inflate = (bytes: Buffer): string[] => {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return undo(gunzipSync, bytes);
  if (bytes[0] === 0x78 && bytes.length > 2 && bytes.readUInt16BE(0) % 31 === 0) return undo(inflateSync, bytes);
  return [];
};

/** Brotli has no mark and takes long to say no: it is tried on whole outputs alone. */
const inflateWhole = (bytes: Buffer): string[] =>
  bytes.length === 0 || isReadable(bytes) ? [] : [...inflate(bytes), ...undo(brotliDecompressSync, bytes)];
