import { describe, expect, it } from "@jest/globals";
import { SECOND_MS, useDrops } from "../../harness/drops.ts";
import { useInvocations } from "../../harness/invocations.ts";
import { sendAs } from "../../harness/api.ts";
import { httpEvent } from "../../harness/http-event.ts";

const PATH = "/api/job/add_media";
const MEDIA = Buffer.alloc(100_000, 7);

describe("a process of add-media that is killed", () => {
  // While time stands still, no worker takes the message that looks after a call.
  const now = Date.now();
  const local = useDrops({ clock: () => now, maximumConcurrency: 10 });
  const { killAtEveryPiece } = useInvocations(local);

  it("fault 22: at every piece that it sends leaves a job that has its media, or is free, or is before a person", async () => {
    const jobs: string[] = [];
    await killAtEveryPiece(
      () => {
        const job = local.newJob();
        jobs.push(job);
        const call = { routeKey: `POST ${PATH}`, query: `v=1&job_id=${job}`, headers: { "content-type": "video/mp4" } };
        return { name: "add-media", event: httpEvent({ ...call, body: MEDIA }), timeLeftMs: 29 * SECOND_MS };
      },
      () => Promise.resolve(),
    );
    expect(jobs.length).toBeGreaterThan(10);
    await local.finish(10 * jobs.length);

    const alice = sendAs(local, { sub: "alice" });
    const ends = new Set<string>();
    for (const job of jobs) {
      const { state = "none", error } = (await local.row(job)) ?? {};
      const end = [state, error?.type, local.taken(job).length].join(" ");
      ends.add(end);
      const again = await alice("POST", `${PATH}?v=1&job_id=${job}`, { body: new Blob([MEDIA]) });
      const isFree = state === "none" || state === "REJECTED";
      expect([end, again.status]).toEqual([end, isFree ? 200 : 409]);
      expect(local.taken(job)).toHaveLength(state === "NEEDS_REVIEW" ? 0 : 1);
      expect(local.posts(job)).not.toContainEqual(expect.objectContaining({ outcome: "refused" }));
    }
    const possible = ["none  0", "REJECTED CALL_ABANDONED 0", "NEEDS_REVIEW ANSWER_UNKNOWN 0", "DELIVERED  1"];
    expect(possible).toEqual(expect.arrayContaining([...ends]));
    for (const end of possible.filter((each) => !each.startsWith("NEEDS_REVIEW"))) expect([...ends]).toContain(end);
  }, 300_000);
});
