import { simulatorOf } from "../../bench/virtual-drop.ts";
import { createProxyClient } from "../../dev/proxy-client.ts";
import type { Stack } from "../../dev/stack.ts";
import { handOverObject } from "../harness/handed-over.ts";
import { SCOPE } from "../harness/scope.ts";

/** Callers and jobs: all that a request may be about. Survives JSON, for a client in another process. */
export interface Population {
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

/** Populates a stack that has just started, with so many jobs of each kind. */
export const populate = async (stack: Stack, jobs: number): Promise<Population> => {
  const newJobs = () => Array.from({ length: jobs }, () => simulatorOf(stack).addJob());
  const [openJobs, deliveredJobs, foreignJobs, sharedJobs] = [newJobs(), newJobs(), newJobs(), newJobs()];
  const clientOf = async (sub: string) => createProxyClient(stack.apiUrl, await stack.token({ sub, scope: SCOPE }));
  const [alice, bob] = [await clientOf("alice"), await clientOf("bob")];
  for (const job_id of openJobs) await alice.call("GET", "/api/job/request_upload_url", { job_id });
  for (const job_id of foreignJobs) await bob.call("GET", "/api/job/request_upload_url", { job_id });
  for (const job_id of deliveredJobs)
    await alice.call("POST", "/api/job/add_media", { job_id }, new Uint8Array([0xff]));
  const capabilities = await Promise.all(sharedJobs.map((jobId) => handOverObject(stack, jobId)));
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
    capabilities,
  };
};
