import { inflateRawSync } from "node:zlib";

/** The content of the only file of a zip. */
export const unzip = (zip: Buffer): Buffer => {
  const [nameBytes, extraBytes] = [zip.readUInt16LE(26), zip.readUInt16LE(28)];
  return inflateRawSync(zip.subarray(30 + nameBytes + extraBytes));
};
