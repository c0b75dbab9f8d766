const everyByte = (secret: string, show: (byte: number) => string): string =>
  [...Buffer.from(secret)].map(show).join("");
const hexOf = (byte: number): string => byte.toString(16).padStart(2, "0");

/** Base64 of the secret as it looks behind so many other bytes, without the characters that those bytes touch. */
const base64At = (secret: string, offset: number, encoding: "base64" | "base64url"): string => {
  const text = Buffer.concat([Buffer.alloc(offset), Buffer.from(secret)]).toString(encoding);
  return text.replace(/=+$/, "").slice(offset === 0 ? 0 : offset + 1, -2);
};

/**
 * A secret as it looks when it was written down in another way. Every one is found from a piece, too; what was encoded
 * as a whole, or twice, is decoded by `peel.ts`.
 */
export const ENCODINGS: Readonly<Record<string, (secret: string) => string>> = {
  raw: (secret) => secret,
  "upper case": (secret) => secret.toUpperCase(),
  reversed: (secret) => Array.from(secret).reverse().join(""),
  "percent-encoded": (secret) => everyByte(secret, (byte) => `%${hexOf(byte)}`),
  "percent-encoded, upper case": (secret) => everyByte(secret, (byte) => `%${hexOf(byte).toUpperCase()}`),
  hex: (secret) => everyByte(secret, hexOf),
  "hex, upper case": (secret) => everyByte(secret, hexOf).toUpperCase(),
  "JSON escapes": (secret) => everyByte(secret, (byte) => `\\u00${hexOf(byte)}`),
  "string escapes": (secret) => everyByte(secret, (byte) => `\\x${hexOf(byte)}`),
  "UTF-16": (secret) => everyByte(secret, (byte) => `${String.fromCharCode(byte)}\0`),
  "base64, offset 0": (secret) => base64At(secret, 0, "base64"),
  "base64, offset 1": (secret) => base64At(secret, 1, "base64"),
  "base64, offset 2": (secret) => base64At(secret, 2, "base64"),
  "base64url, offset 0": (secret) => base64At(secret, 0, "base64url"),
  "base64url, offset 1": (secret) => base64At(secret, 1, "base64url"),
  "base64url, offset 2": (secret) => base64At(secret, 2, "base64url"),
};
