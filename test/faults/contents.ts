import { readFileSync } from "node:fs";

/** The bytes of dropped objects: small, each of the size that is wanted, and known for what they are. */

/** `opaque`: nobody can tell what it is, as with many a real container. `cutOff`: an MP4 without its end. */
export type Contents = "opaque" | "film" | "silent" | "cutOff" | "subtitle" | "zip" | "envelope";

/** The least that makes it what it is. */
const HEADS: Readonly<Record<Contents, Uint8Array>> = {
  opaque: Buffer.alloc(0),
  film: readFileSync(new URL("../media/moov-first.mp4", import.meta.url)),
  silent: readFileSync(new URL("../media/silent.mp4", import.meta.url)),
  // It promises 16 MiB.
  cutOff: Buffer.from("\0\0\0\x10ftypisom\0\0\0\0\x01\0\0\0mdat", "latin1"),
  subtitle: Buffer.from("1\n00:00:00,000 --> 00:00:02,000\nHello\n\n"),
  zip: Buffer.from(`PK\x03\x04\x14${"\0".repeat(21)}\x05\0\0\0a.txt`, "latin1"),
  envelope: Buffer.from('--x\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'),
};
const BOX_HEADER_BYTES = 8;

export const leastBytes = (contents: Contents): number =>
  HEADS[contents].length + (contents === "film" || contents === "silent" ? BOX_HEADER_BYTES : 0);

/**
 * @param sizeBytes at least {@link leastBytes}
 * @param seed other bytes for another one
 */
export const makeContents = (contents: Contents, sizeBytes: number, seed: number): Buffer => {
  const head = HEADS[contents];
  const rest = Buffer.alloc(sizeBytes - head.length);
  switch (contents) {
    case "film":
    case "silent":
      // Players skip it.
      rest.writeUInt32BE(rest.length);
      rest.write("free", 4, "latin1");
      rest.fill(seed, BOX_HEADER_BYTES);
      break;
    case "subtitle":
    case "envelope":
      rest.fill(`And ${seed}.\n`);
      break;
    default:
      // No byte of it is text, or begins anything that is known.
      for (let at = 0; at < rest.length; at += 1) rest[at] = 0x80 + ((at * seed) % 61);
  }
  return Buffer.concat([head, rest]);
};
