import { HeadObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import type { Stack } from "../dev/stack.ts";

/** An object with generated content for a new job, and the event that announces it. */
export interface VirtualDrop {
  readonly jobId: string;
  readonly key: string;
  readonly event: object;
}

/** @throws where the stack has the real cielo24 in its place */
export const simulatorOf = ({ cielo24 }: Stack) => {
  if (!cielo24) throw new Error("The benchmark needs the simulated cielo24");
  return cielo24;
};

/** Puts an object that takes no memory, whatever its size, into the bucket, and announces it to nobody. */
export const dropVirtualObject = async (stack: Stack, s3: S3Client, sizeBytes: number): Promise<VirtualDrop> => {
  const jobId = simulatorOf(stack).addJob();
  const key = `media/${jobId}/bench.bin`;
  stack.s3.putVirtualObject(stack.bucketName, key, sizeBytes, 1);
  const { VersionId: versionId = "null" } = await s3.send(
    new HeadObjectCommand({ Bucket: stack.bucketName, Key: key }),
  );
  const record = {
    eventSource: "aws:s3",
    eventName: "ObjectCreated:Put",
    s3: { bucket: { name: stack.bucketName }, object: { key, versionId, size: sizeBytes } },
  };
  return { jobId, key, event: { Records: [record] } };
};
