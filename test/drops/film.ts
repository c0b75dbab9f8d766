import { readFile } from "node:fs/promises";
import { randomBytes } from "node:crypto";

const BOX_HEAD_BYTES = 8;

/**
 * A film of so many bytes that plays, and of which a part alone does not: `free` bytes lie between its frames and the `moov`
 * box at its end, which says where the frames are. No two are the same.
 */
export const makeFilm = async (sizeBytes: number): Promise<Buffer> => {
  const sample = await readFile(new URL("../media/moov-at-end.mp4", import.meta.url));
  const at = startOfMoov(sample);
  const free = randomBytes(sizeBytes - sample.length);
  free.writeUInt32BE(free.length, 0);
  free.write("free", 4, "latin1");
  return Buffer.concat([sample.subarray(0, at), free, sample.subarray(at)]);
};

/** @throws where the file has no frames before its `moov` */
const startOfMoov = (film: Buffer): number => {
  for (let at = 0, type = ""; at + BOX_HEAD_BYTES <= film.length; at += film.readUInt32BE(at)) {
    const previous = type;
    type = film.toString("latin1", at + 4, at + BOX_HEAD_BYTES);
    if (type === "moov" && previous === "mdat") return at;
  }
  throw new Error("The sample's moov is not behind its mdat");
};
