import { describe, expect, it } from "@jest/globals";
import type { ChildProcess } from "node:child_process";
import { SECOND_MS, useDrops } from "../../harness/drops.ts";
import { useInvocations } from "../../harness/invocations.ts";
import { toRecord } from "../../harness/worker.ts";

const OBJECT_BYTES = 200_000;

describe("a process of deliver-media that is killed", () => {
  // While time stands still, the stack's own workers take no message.
  const now = Date.now();
  // What is unknown is sent again, so every drop must end as delivered.
  const env = { RESEND_AFTER_UNKNOWN: "true" };
  const local = useDrops({ clock: () => now, maximumConcurrency: 10, env });
  const { invoke, killAtEveryPiece } = useInvocations(local);

  const takeDrop = (job: string) => {
    local.stack.queue.send(JSON.stringify(local.event(local.place(job, OBJECT_BYTES))));
    const [message] = local.stack.queue.receive(1);
    if (!message) throw new Error("Somebody else took the message");
    return { name: "deliver-media", event: { Records: [toRecord(message)] }, timeLeftMs: 900 * SECOND_MS };
  };

  it("fault 22: at every piece that it sends leaves what the next run needs, and every drop is delivered once", async () => {
    const jobs = new Map<number, string>();
    const states = new Set<string | undefined>();
    const pieces = await killAtEveryPiece(
      (at) => {
        const job = local.newJob();
        jobs.set(at, job);
        return takeDrop(job);
      },
      async (at) => void states.add((await local.row(jobs.get(at) ?? ""))?.state),
    );
    expect(pieces).toBeGreaterThan(15);
    expect(states).toEqual(new Set([undefined, "SENDING", "FINALIZING", "DELIVERED"]));

    await local.finish(10 * pieces);
    for (const [at, job] of jobs) {
      expect({ at, taken: local.taken(job).map(({ sizeBytes }) => sizeBytes) }).toEqual({ at, taken: [OBJECT_BYTES] });
      expect(await local.row(job)).toMatchObject({ state: "DELIVERED", announced: true });
      expect(local.announced(job)).toContain("Media Delivered");
      // cielo24 would refuse a second one, and say so here.
      expect(local.posts(job)).not.toContainEqual(expect.objectContaining({ outcome: "refused" }));
    }
  }, 300_000);

  it("fault 23: between the POST and its record is FINALIZING, and job/info settles it without a second POST", async () => {
    const job = local.newJob();
    let doomed: ChildProcess | undefined;
    const isRecord = (input: Record<string, unknown>) =>
      JSON.stringify(input).includes('"DELIVERED"') && doomed?.kill("SIGKILL") === true;
    local.stack.aws.faults.add({ action: "UpdateItem", kind: "reset", when: isRecord });
    expect(await invoke(takeDrop(job), (process) => (doomed = process))).toBe("SIGKILL");
    expect(local.taken(job)).toHaveLength(1);
    expect(await local.row(job)).toMatchObject({ state: "FINALIZING", posts: 1 });

    await local.finish();
    expect(local.posts(job)).toHaveLength(1);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", posts: 1 });
    expect(local.announced(job)).toEqual(["Media Delivered"]);
  });
});
