import { inspect } from "node:util";

/** A secret that showed, in whole or in part. Names the encoding and the place, never the secret. */
export interface Leak {
  readonly secret: string;
  readonly encoding: string;
  readonly at: number;
}

/** A piece of so many characters counts as a leak. */
const PIECE = 12;

const everyByte = (secret: string, show: (byte: number) => string): string =>
  [...Buffer.from(secret)].map(show).join("");
const hexOf = (byte: number): string => byte.toString(16).padStart(2, "0");

/** Base64 of the secret as it looks behind so many other bytes, without the characters that those bytes touch. */
const base64At = (secret: string, offset: number, encoding: "base64" | "base64url"): string => {
  const text = Buffer.concat([Buffer.alloc(offset), Buffer.from(secret)]).toString(encoding);
  return text.replace(/=+$/, "").slice(offset === 0 ? 0 : offset + 1, -2);
};

export const ENCODINGS: Readonly<Record<string, (secret: string) => string>> = {
  raw: (secret) => secret,
  "upper case": (secret) => secret.toUpperCase(),
  reversed: (secret) => Array.from(secret).reverse().join(""),
  "percent-encoded": (secret) => everyByte(secret, (byte) => `%${hexOf(byte)}`),
  hex: (secret) => everyByte(secret, hexOf),
  "JSON escapes": (secret) => everyByte(secret, (byte) => `\\u00${hexOf(byte)}`),
  "base64, offset 0": (secret) => base64At(secret, 0, "base64"),
  "base64, offset 1": (secret) => base64At(secret, 1, "base64"),
  "base64, offset 2": (secret) => base64At(secret, 2, "base64"),
  "base64url, offset 0": (secret) => base64At(secret, 0, "base64url"),
};

/** Characters of an encoding that stand for twelve of the secret's. */
const windowOf = (secret: string, encoded: string): number =>
  Math.min(encoded.length, Math.ceil((PIECE * encoded.length) / secret.length));

/**
 * Looks for secrets in text: whole or any twelve characters of them, in every encoding of {@link ENCODINGS}.
 *
 * @param secrets by name; the names are what findings tell
 */
export const createScanner = (secrets: Readonly<Record<string, string>>) => {
  const byWindow = new Map<number, Map<string, { secret: string; encoding: string }>>();
  for (const [name, secret] of Object.entries(secrets)) {
    if (secret.length < PIECE) throw new Error(`${name} is too short to be looked for`);
    for (const [encoding, encode] of Object.entries(ENCODINGS)) {
      const encoded = encode(secret);
      const size = windowOf(secret, encoded);
      const pieces = byWindow.get(size) ?? new Map<string, { secret: string; encoding: string }>();
      byWindow.set(size, pieces);
      for (let at = 0; at + size <= encoded.length; at += 1)
        pieces.set(encoded.slice(at, at + size), { secret: name, encoding });
    }
  }
  return {
    scan: (text: string): Leak[] => {
      const leaks = new Map<string, Leak>();
      for (const [size, pieces] of byWindow)
        for (let at = 0; at + size <= text.length; at += 1) {
          const found = pieces.get(text.slice(at, at + size));
          if (found) leaks.set(`${found.secret} ${found.encoding}`, { ...found, at });
        }
      return [...leaks.values()];
    },
  };
};

/** Anything as text, to a depth of 10: errors with their causes, hidden fields and symbols included. */
export const textOf = (value: unknown): string =>
  typeof value === "string"
    ? value
    : inspect(value, { depth: 10, showHidden: true, maxStringLength: null, maxArrayLength: null });
