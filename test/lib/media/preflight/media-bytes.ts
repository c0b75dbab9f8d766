import { readdirSync, readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import type { MediaBytes } from "../../../../lib/media/preflight/preflight.ts";

/** `MEDIA_SAMPLES`: a folder in which `test/media/make.sh` has just made them anew. */
const { MEDIA_SAMPLES } = process.env;
const SAMPLES = MEDIA_SAMPLES ? pathToFileURL(`${MEDIA_SAMPLES}/`) : new URL("../../../media/", import.meta.url);

export const sampleNames: readonly string[] = readdirSync(SAMPLES).filter((name) => !/\.(?:sh|md)$/.test(name));

export const sample = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(name, SAMPLES)));

export interface CountedBytes extends MediaBytes {
  readonly spent: { requests: number; bytes: number };
}

/**
 * Bytes that count what is read of them, and check that a look asks for what there is. Between the parts are zeros, so that
 * a film of a gigabyte needs no memory: `sparse(2 ** 30, [[0, beginning], [2 ** 29, end]])`.
 */
export const sparse = (
  sizeBytes: number,
  parts: readonly (readonly [at: number, bytes: Uint8Array])[],
): CountedBytes => {
  const spent = { requests: 0, bytes: 0 };
  return {
    sizeBytes,
    spent,
    read(start, end) {
      if (!(start >= 0 && start < end && end <= sizeBytes)) return Promise.reject(new RangeError(`${start} to ${end}`));
      spent.requests += 1;
      spent.bytes += end - start;
      const read = new Uint8Array(end - start);
      for (const [at, bytes] of parts) {
        const from = Math.max(start, at);
        const until = Math.min(end, at + bytes.length);
        if (from < until) read.set(bytes.subarray(from - at, until - at), from - start);
      }
      return Promise.resolve(read);
    },
  };
};

export const whole = (bytes: Uint8Array): CountedBytes => sparse(bytes.length, [[0, bytes]]);

export const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "latin1"));

export const joined = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

/** A number in big-endian order, as boxes have them. */
export const number = (value: number, sizeBytes: 4 | 8): Uint8Array => {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes.subarray(8 - sizeBytes);
};

/** The header of a box of 32-bit size, which counts the header. */
export const header = (type: string, sizeBytes: number): Uint8Array => joined(number(sizeBytes, 4), bytesOf(type));

/** The header of a box of 64-bit size. */
export const longHeader = (type: string, sizeBytes: number): Uint8Array =>
  joined(header(type, 1), number(sizeBytes, 8));

export const box = (type: string, ...contents: readonly Uint8Array[]): Uint8Array => {
  const body = joined(...contents);
  return joined(header(type, 8 + body.length), body);
};

/** The boxes at the top of a file, by their types. */
const boxesOf = (bytes: Uint8Array): ReadonlyMap<string, Uint8Array> => {
  const boxes = new Map<string, Uint8Array>();
  for (let at = 0; at < bytes.length;) {
    const sizeBytes = new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(0);
    boxes.set(Buffer.from(bytes.subarray(at + 4, at + 8)).toString("latin1"), bytes.subarray(at, at + sizeBytes));
    at += sizeBytes;
  }
  return boxes;
};

/** One of the boxes at the top of a sample. @throws if it has none of this type */
export const boxOf = (name: string, type: string): Uint8Array => {
  const found = boxesOf(sample(name)).get(type);
  if (!found) throw new Error(`${name} has no ${type}`);
  return found;
};
