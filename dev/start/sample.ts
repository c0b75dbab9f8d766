import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";

/** Small enough to be sent as the body of a call. */
const SAMPLE_BYTES = 3 * 1024 * 1024;

/** A real video of half a second, filled up to 3 MiB by a box that players skip. */
export const makeSample = async (): Promise<Buffer<ArrayBuffer>> => {
  const film = await readFile(new URL("../../test/media/moov-first.mp4", import.meta.url));
  const filling = randomBytes(SAMPLE_BYTES - film.length);
  filling.writeUInt32BE(filling.length, 0);
  filling.write("free", 4, "latin1");
  return Buffer.concat([film, filling]);
};
