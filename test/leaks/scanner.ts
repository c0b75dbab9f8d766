import { ENCODINGS } from "./encodings.ts";
import { readings } from "./peel.ts";

/** A secret that showed, in whole or in part. Names the encoding, never the secret. */
export interface Leak {
  readonly secret: string;
  readonly encoding: string;
}

/** A piece of so many characters counts as a leak. */
const PIECE = 12;
/** A variable of the module: in the contexts that jest makes, globals take a microsecond. */
const { imul } = Math;

/** Characters of an encoding that stand for twelve of the secret's. */
const windowOf = (secret: string, encoded: string): number =>
  Math.min(encoded.length, Math.ceil((PIECE * encoded.length) / secret.length));

/** The filter has a bit for each value that so many bits can have: a few hundred thousand pieces fill it by hundredths. */
const FILTER_BITS = 24;
const BASE = 0x01000193;
/** BASE to the power of PIECE, in 32 bits: what the first character of a piece weighs once the next one is in. */
const FIRST_WEIGHT = Array.from({ length: PIECE }).reduce<number>((weight) => imul(weight, BASE), 1);
const roll = (hash: number, code: number): number => (imul(hash, BASE) + code) | 0;
const slot = (hash: number): number => imul(hash, 0x9e3779b1) >>> (32 - FILTER_BITS);

/** Pieces by their length, behind a filter on their first twelve characters, so that a text is gone through once. */
const createIndex = () => {
  const bySize = new Map<number, Map<string, Leak>>();
  const filter = new Uint32Array(1 << (FILTER_BITS - 5));
  const mayStart = (hash: number): boolean => {
    const bit = slot(hash);
    return ((filter[bit >>> 5] ?? 0) & (1 << (bit & 31))) !== 0;
  };
  return {
    add: (text: string, piece: Leak) => {
      const pieces = bySize.get(text.length) ?? new Map<string, Leak>();
      bySize.set(text.length, pieces);
      if (!pieces.has(text)) pieces.set(text, piece);
      let hash = 0;
      for (let at = 0; at < PIECE; at += 1) hash = roll(hash, text.charCodeAt(at));
      const bit = slot(hash);
      filter[bit >>> 5] = (filter[bit >>> 5] ?? 0) | (1 << (bit & 31));
    },
    find: (text: string, onFound: (piece: Leak) => void) => {
      let hash = 0;
      for (let end = 0; end < text.length; end += 1) {
        hash = roll(hash, text.charCodeAt(end));
        if (end >= PIECE) hash = (hash - imul(text.charCodeAt(end - PIECE), FIRST_WEIGHT)) | 0;
        const start = end - PIECE + 1;
        if (start < 0 || !mayStart(hash)) continue;
        for (const [size, pieces] of bySize) {
          const piece = pieces.get(text.slice(start, start + size));
          if (piece) onFound(piece);
        }
      }
    },
  };
};

/**
 * Looks for secrets: whole or any twelve characters of them, in every encoding of {@link ENCODINGS}, and in all that a
 * text or bytes can be decoded to.
 *
 * @param secrets by name; the names are what findings tell
 * @param patterns by name: what is secret by its form
 */
export const createScanner = (
  secrets: Readonly<Record<string, string>>,
  patterns: Readonly<Record<string, RegExp>> = {},
) => {
  const index = createIndex();
  for (const [secret, value] of Object.entries(secrets)) {
    if (value.length < PIECE) throw new Error(`${secret} is too short to be looked for`);
    for (const [encoding, encode] of Object.entries(ENCODINGS)) {
      const encoded = encode(value);
      const size = windowOf(value, encoded);
      for (let at = 0; at + size <= encoded.length; at += 1)
        index.add(encoded.slice(at, at + size), { secret, encoding });
    }
  }
  return {
    scan: (given: string | Uint8Array): Leak[] => {
      const leaks = new Map<string, Leak>();
      let note = "";
      const add = ({ secret, encoding }: Leak) => {
        if (!leaks.has(secret)) leaks.set(secret, { secret, encoding: encoding + note });
      };
      for (const text of readings(given)) {
        index.find(text, add);
        for (const [secret, pattern] of Object.entries(patterns))
          if (pattern.test(text)) add({ secret, encoding: "raw" });
        note = ", decoded";
      }
      return [...leaks.values()];
    },
  };
};
