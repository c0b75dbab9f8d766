import { createHash } from "node:crypto";
import type { Stack } from "../../dev/stack.ts";

export const MIB = 1024 * 1024;
/** The smallest size that S3 allows for a part other than the last. */
export const PART_BYTES = 5 * MIB;

/** Bytes that differ from part to part, so that tests notice parts in the wrong order. */
export const makeMedia = (sizeBytes: number): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(sizeBytes);
  for (let at = 0; at < sizeBytes; at += 1024) bytes.fill((at / 1024) % 251, at, at + 1024);
  return bytes;
};

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** What cielo24 has accepted for a job, as SHA-256. */
export const arrivedAt = ({ cielo24 }: Stack, jobId: string): readonly (string | undefined)[] =>
  (cielo24?.acceptances ?? []).filter((accepted) => accepted.jobId === jobId).map(({ sha256: digest }) => digest);

/** How often this operation succeeded for the job. */
export const countStored = ({ s3 }: Stack, operation: string, jobId: string): number =>
  s3.requests.filter((each) => each.operation === operation && each.status === 200 && each.key.includes(jobId)).length;

export const SCOPE = "media.write media.read metadata.write";
