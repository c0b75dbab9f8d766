import { buffer } from "node:stream/consumers";
import { ZipFile } from "yazl";

/** Zips hold local time, so a local time makes the same bytes in every time zone. */
const MTIME = new Date(1980, 0, 1, 12);

/** A zip of one file. The same content gives the same bytes, whenever and wherever it is made. */
export const zipOf = async (name: string, content: Buffer): Promise<Buffer> => {
  const zip = new ZipFile();
  zip.addBuffer(content, name, { mtime: MTIME, mode: 0o100644, forceDosTimestamp: true, compressionLevel: 9 });
  zip.end();
  return buffer(zip.outputStream);
};
