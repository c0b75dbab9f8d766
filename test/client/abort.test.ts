import { describe, expect, it } from "@jest/globals";
import { createClient, type Client, type UploadState } from "../../client/index.ts";
import { useStack } from "../harness/stack.ts";
import { makeMedia, PART_BYTES, SCOPE } from "./media.ts";
import { type Operation, operationOf } from "./requests.ts";

const SIZE = PART_BYTES + 100_000;
const reason = new Error("enough");

/** The requests of a client, in the order in which an upload makes them. */
type Stage = Operation | "sign" | "delivery";

describe("whoever has enough is let go at once", () => {
  const local = useStack();
  const media = makeMedia(SIZE);
  const newJob = () => local.stack.cielo24?.addJob() ?? "";

  const stageOf = (target: string, method: string): Stage =>
    operationOf(local.stack, new URL(target), method) ??
    (new URL(target).pathname.endsWith("/delivery") ? "delivery" : "sign");

  /** A client whose requests of one kind get no response; the signal aborts as soon as one of them is sent. */
  const stuckAt = (stage: Stage | "nothing", ending: AbortController): Client =>
    createClient({
      baseUrl: local.stack.apiUrl,
      token: () => local.stack.token({ sub: "alice", scope: SCOPE }),
      fetch: (target, init) => {
        if (stageOf(target as string, init?.method ?? "GET") !== stage) return fetch(target, init);
        return new Promise((_resolve, reject) => {
          init?.signal?.addEventListener("abort", () => {
            reject(init.signal?.reason as Error);
          });
          ending.abort(reason);
        });
      },
    });
  const inParts = (jobId: string) => ({ jobId, source: new Blob([media]), partBytes: PART_BYTES, parallelParts: 1 });
  const whole = (jobId: string) => ({ jobId, source: new Blob(["m\0dia"]) });

  /** An upload in parts that was aborted after the first part. */
  const begun = async (jobId: string): Promise<UploadState> => {
    const ending = new AbortController();
    let kept: UploadState | undefined;
    await stuckAt("nothing", ending)
      .uploadMedia({
        ...inParts(jobId),
        signal: ending.signal,
        onState: (state) => void (kept = state),
        onProgress: ({ storedBytes }) => {
          if (storedBytes > 0) ending.abort(reason);
        },
      })
      .catch(() => undefined);
    if (!kept) throw new Error("There is no state to go on with");
    return kept;
  };

  it.each<[Stage, (client: Client, jobId: string, signal: AbortSignal) => Promise<unknown>]>([
    ["sign", (client, jobId, signal) => client.uploadMedia({ ...whole(jobId), signal })],
    ["put", (client, jobId, signal) => client.uploadMedia({ ...whole(jobId), signal })],
    ["create", (client, jobId, signal) => client.uploadMedia({ ...inParts(jobId), signal })],
    ["part", (client, jobId, signal) => client.uploadMedia({ ...inParts(jobId), signal })],
    ["complete", (client, jobId, signal) => client.uploadMedia({ ...inParts(jobId), signal })],
    [
      "list",
      async (client, jobId, signal) => client.uploadMedia({ ...inParts(jobId), resume: await begun(jobId), signal }),
    ],
    ["abort", async (client, jobId, signal) => client.abortUpload(await begun(jobId), { signal })],
    ["delivery", (client, jobId, signal) => client.waitForDelivery({ jobId, signal })],
    ["sign", (client, jobId, signal) => client.addMediaUrl({ jobId, mediaUrl: "https://media.example.org/a", signal })],
    ["sign", (client, jobId, signal) => client.updateMetadata({ jobId, referenceId: "a", requestorId: "b", signal })],
  ])("while there is no answer to a request (%s)", async (stage, call) => {
    const ending = new AbortController();
    await expect(call(stuckAt(stage, ending), newJob(), ending.signal)).rejects.toBe(reason);
  });

  it("before anything was asked", async () => {
    const client = stuckAt("nothing", new AbortController());
    const signal = AbortSignal.abort(reason);
    const jobId = newJob();
    for (const call of [
      client.uploadMedia({ ...whole(jobId), signal }),
      client.uploadMedia({ ...inParts(jobId), signal }),
      client.waitForDelivery({ jobId, signal }),
    ])
      await expect(call).rejects.toBe(reason);
    expect(local.stack.s3.requests.filter(({ key }) => key.includes(jobId))).toEqual([]);
  });
});
