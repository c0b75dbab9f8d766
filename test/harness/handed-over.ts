import type { Stack } from "../../dev/stack.ts";

/** An object that cielo24 may pull, and the capability in its URL. */
interface HandedOver {
  readonly key: string;
  readonly versionId: string;
  readonly capability: string;
  readonly lifetimeMs?: number;
  readonly sizeBytes?: number;
}

/** Puts the row there that deliver-media leaves where an object does not fit into one invocation. */
export const handOver = async (stack: Stack, jobId: string, handedOver: HandedOver): Promise<void> => {
  const { key, versionId, capability, lifetimeMs = 86_400_000, sizeBytes } = handedOver;
  const now = stack.runtime.clock();
  await stack.ledger.write(jobId, {
    if: { state: ["none", "UPLOADING"] },
    set: {
      state: "FINALIZING",
      fence: 1,
      media: { id: "object:a", kind: "object", key, versionId },
      handOver: true,
      capability,
      capabilityUntil: now + lifetimeMs,
      updatedAt: now,
      ...(sizeBytes === undefined ? {} : { sizeBytes }),
    },
  });
};

/** The same with a small object made for it. @returns the first part of the path of its URL */
export const handOverObject = async (stack: Stack, jobId: string): Promise<string> => {
  // Without an event, so that it is not delivered by itself.
  const key = `media/${jobId}/handed-over.mp4`;
  // As in the examples of docs/openapi.yml.
  const capability = "2f1d0cf5c1a84f0e9b6e6f0f2a3b4c5d";
  const versionId = stack.s3.putVirtualObject(stack.bucketName, key, 8, 7);
  await handOver(stack, jobId, { key, versionId, capability });
  return `${jobId}.${capability}`;
};
