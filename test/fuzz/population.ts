import { HeadObjectCommand, S3Client } from "@aws-sdk/client-s3";
import type { Stack } from "../../dev/stack.ts";
import { createProxyClient } from "../../dev/proxy-client.ts";

/** Who calls and what there is: all that a request may be about. Survives JSON, for those who send from elsewhere. */
export interface World {
  readonly apiUrl: string;
  readonly tokens: {
    readonly alice: string;
    /** An admin of every job. */
    readonly admin: string;
    /** Alice's, with a scope that no route asks for. */
    readonly powerless: string;
    readonly expired: string;
  };
  /** Alice's: uploads were signed, nothing came. Many, where many requests come at once: one row takes one write at a time. */
  readonly openJobs: readonly string[];
  /** Alice's: cielo24 has its media. */
  readonly deliveredJobs: readonly string[];
  /** Bob's. */
  readonly foreignJobs: readonly string[];
  /** First parts of the paths of capability URLs that are in force. */
  readonly capabilities: readonly string[];
}

const CAPABILITY = "5b".repeat(16);
const OBJECT_BYTES = 1000;
const SCOPE = "media.write media.read metadata.write";

/** Makes the world in a stack that has just started, with so many jobs of each kind. */
export const createWorld = async (stack: Stack, jobs: number): Promise<World> => {
  const newJob = () => stack.cielo24?.addJob() ?? "";
  const newJobs = () => Array.from({ length: jobs }, newJob);
  const [openJobs, deliveredJobs, foreignJobs, sharedJobs] = [newJobs(), newJobs(), newJobs(), newJobs()];
  const clientOf = async (sub: string) => createProxyClient(stack.apiUrl, await stack.token({ sub, scope: SCOPE }));
  const [alice, bob] = [await clientOf("alice"), await clientOf("bob")];
  for (const job_id of openJobs) await alice.call("GET", "/api/job/request_upload_url", { job_id });
  for (const job_id of foreignJobs) await bob.call("GET", "/api/job/request_upload_url", { job_id });
  for (const job_id of deliveredJobs)
    await alice.call("POST", "/api/job/add_media", { job_id }, new Uint8Array([0xff]));
  for (const jobId of sharedJobs) await share(stack, jobId);
  const token = (claims: Record<string, unknown>) => stack.token({ sub: "alice", expiresInS: 86_400, ...claims });
  return {
    apiUrl: stack.apiUrl,
    tokens: {
      alice: await token({ scope: SCOPE }),
      admin: await token({ sub: "operator", scope: "admin" }),
      powerless: await token({ scope: "openid profile" }),
      expired: await token({ scope: SCOPE, expiresInS: -60 }),
    },
    openJobs,
    deliveredJobs,
    foreignJobs,
    capabilities: sharedJobs.map((jobId) => `${jobId}.${CAPABILITY}`),
  };
};

/** Hands an object over, as deliver-media does where it will not fit into one invocation. */
const share = async (stack: Stack, jobId: string): Promise<void> => {
  // Outside of what is delivered by itself.
  const key = `handed-over/${jobId}.mp4`;
  stack.s3.putVirtualObject(stack.bucketName, key, OBJECT_BYTES, 1);
  const s3 = new S3Client(stack.s3ClientConfig);
  const { VersionId: versionId = "null" } = await s3.send(
    new HeadObjectCommand({ Bucket: stack.bucketName, Key: key }),
  );
  s3.destroy();
  const now = stack.runtime.clock();
  await stack.ledger.write(jobId, {
    if: { state: ["none"] },
    set: {
      state: "FINALIZING",
      fence: 1,
      media: { id: "object:fuzz", kind: "object", key, versionId },
      handOver: true,
      capability: CAPABILITY,
      capabilityUntil: now + 86_400_000,
      updatedAt: now,
    },
  });
};
