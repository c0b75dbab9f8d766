import { describe, expect, it } from "@jest/globals";
import type { Row } from "../../../lib/delivery/machine/row.ts";
import * as transition from "../../../lib/delivery/machine/transitions.ts";
import { objectId } from "../../../lib/media/key.ts";
import { MINUTE_MS, SECOND_MS, useDrops } from "../../harness/drops.ts";

/**
 * Traces that the explorer of `test/model/` found, in the machine as it once was or in a mutant of it, through the real
 * functions. The judge is what cielo24 took.
 */

const POST = "POST job/add_media";
const INFO = "job/info";
const JOB_INFO_LAG_MS = 29 * MINUTE_MS;
/** A call fails for good once the SDK has repeated it twice. */
const FOR_GOOD = 3;

/** A cielo24 that enforces nothing, and shows what it took as late as the protocol allows. */
const CARELESS = { enforceOneMedia: false, jobInfoLagMs: () => JOB_INFO_LAG_MS };

type Drops = ReturnType<typeof useDrops>;

const loseAnswer = (local: Drops, jobId: string, accepts: boolean) => {
  local.cielo24.faults.add({ action: POST, jobId, kind: "resetAfterBody", accepts });
};
const refusePost = (local: Drops, jobId: string) => {
  const body = JSON.stringify({ ErrorType: "INVALID_OPTION", ErrorComment: "No." });
  local.cielo24.faults.add({ action: POST, jobId, kind: "answer", status: 400, body });
};
const showNoMedia = (local: Drops, jobId: string, times: number) => {
  const body = JSON.stringify({ JobId: jobId, MediaLengthSeconds: null });
  local.cielo24.faults.add({ action: INFO, jobId, kind: "answer", status: 200, body, times });
};
/** Writes that set this (to this value) do not happen, for one call and its repeats. */
const loseWrite = (local: Drops, attribute: string, value?: string) => {
  local.stack.aws.faults.add({
    action: "UpdateItem",
    kind: "unavailable",
    times: FOR_GOOD,
    when: ({ ExpressionAttributeValues: values = {} }) => {
      const set = (values as Record<string, { S?: string } | undefined>)[`:set_${attribute}`];
      return set !== undefined && (value === undefined || set.S === value);
    },
  });
};
const until = async (local: Drops, jobId: string, state: string): Promise<Row> => {
  for (;;) {
    const row = await local.row(jobId);
    if (row?.state === state) return row;
    await local.passToNextMessage();
  }
};

describe('"send again"', () => {
  const local = useDrops();

  it("does not record as rejected what cielo24 took late: an end that nobody saw counts as a lost answer", async () => {
    const job = local.newJob();
    loseAnswer(local, job, true);
    loseWrite(local, "everUnknown");
    showNoMedia(local, job, 100);
    await local.drop(job);
    expect(await until(local, job, "NEEDS_REVIEW")).not.toHaveProperty("everUnknown");
    local.cielo24.faults.clear();
    showNoMedia(local, job, 1);
    local.send({ resend: await local.decision(job) });
    await local.finish();
    expect(local.taken(job)).toHaveLength(1);
    expect(local.announced(job)).toEqual(["Media Needs Review", "Media Delivered"]);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", everUnknown: true });
    expect(await local.row(job)).not.toHaveProperty("rejected");
  });
});

describe('"send again" before settledAt', () => {
  const local = useDrops({ ...CARELESS, env: { MAX_RECEIVES: "1" } });

  it("waits like everybody, where the last receive put the lost answer before a person at once", async () => {
    const job = local.newJob();
    loseAnswer(local, job, true);
    await local.drop(job);
    await local.stack.drain();
    expect(await local.row(job)).toMatchObject({ state: "NEEDS_REVIEW", error: { type: "GAVE_UP" } });
    for (let minute = 0; minute < 30; minute += 10) {
      local.send({ resend: await local.decision(job) });
      await local.pass(10 * MINUTE_MS);
      expect(local.posts(job)).toHaveLength(1);
    }
    local.send({ resend: await local.decision(job) });
    await local.finish();
    expect(local.posts(job)).toHaveLength(1);
    expect(local.taken(job)).toHaveLength(1);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED" });
  });
});

describe("a second object that finds the first one unsettled", () => {
  const local = useDrops(CARELESS);

  it("puts the first before a person, not itself in the first one's place", async () => {
    const job = local.newJob();
    loseAnswer(local, job, false);
    const first = await local.drop(job, undefined, "a.mp4");
    await local.stack.drain();
    const { settledAt = 0, media } = (await local.row(job)) ?? {};
    expect(media).toMatchObject({ key: first.key });
    local.stack.queue.purge();
    local.stack.advanceTime(settledAt - local.stack.runtime.clock() + SECOND_MS);
    await local.drop(job, undefined, "b.mp4");
    await local.finish();
    expect(await local.row(job)).toMatchObject({ state: "NEEDS_REVIEW", media, conflictCount: 1 });

    local.send({ resend: await local.decision(job) });
    await local.finish();
    expect(local.taken(job)).toMatchObject([{ sizeBytes: first.sizeBytes }]);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", media });
  });
});

describe("the absence of media, with RESEND_AFTER_UNKNOWN", () => {
  const local = useDrops({ ...CARELESS, env: { RESEND_AFTER_UNKNOWN: "true" } });

  it("is not believed before settledAt, whoever asks: neither the object's own message nor another's", async () => {
    const job = local.newJob();
    loseAnswer(local, job, true);
    await local.drop(job, undefined, "a.mp4");
    await local.stack.drain();
    for (let minute = 0; minute < 28; minute += 4) {
      await local.drop(job, undefined, `b${minute}.mp4`);
      await local.pass(4 * MINUTE_MS);
    }
    expect(await local.row(job)).toMatchObject({ state: "FINALIZING" });
    await local.finish(60);
    expect(local.posts(job)).toHaveLength(1);
    expect(local.taken(job)).toHaveLength(1);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", posts: 1, conflictCount: 7 });
  });
});

describe("a verdict", () => {
  const local = useDrops();

  it("belongs to the claim that was tried with it, and is formed anew where that was lost", async () => {
    const job = local.newJob();
    const body = JSON.stringify({ ErrorType: "INVALID_QUERY", ErrorComment: "Not yet." });
    local.cielo24.faults.add({ action: INFO, jobId: job, kind: "answer", status: 400, body });
    loseWrite(local, "state", "SENDING");
    await local.drop(job);
    await local.finish();
    expect(local.taken(job)).toHaveLength(1);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED" });
    expect(local.announced(job)).toEqual(["Media Delivered"]);
  });
});

describe("a rejection whose event is not out", () => {
  const local = useDrops();

  it("is announced before the next object claims the job", async () => {
    const job = local.newJob();
    refusePost(local, job);
    local.stack.eventBus.refuseNext(FOR_GOOD);
    await local.drop(job, undefined, "a.mp4");
    await local.stack.drain();
    local.stack.queue.purge();
    expect(await local.row(job)).toMatchObject({ state: "REJECTED" });
    expect(local.announced(job)).toEqual([]);
    await local.drop(job, undefined, "b.mp4");
    await local.finish();
    expect(local.announced(job)).toEqual(["Media Rejected", "Media Delivered"]);
    expect(local.taken(job)).toHaveLength(1);
  });
});

describe("a write that is late", () => {
  const claims = new Map<string, string>();
  const local = useDrops({
    ...CARELESS,
    onCall: (action, body) => {
      const call = JSON.parse(body) as { Key?: Record<string, { S: string }>; ExpressionAttributeValues?: object };
      const claimId = (call.ExpressionAttributeValues as Record<string, { S: string }> | undefined)?.[":set_claimId"]
        ?.S;
      const job = call.Key?.["job_id"]?.S;
      if (action === "UpdateItem" && claimId && job) claims.set(job, claimId);
    },
  });
  const heldClaim = (jobId: string, fence: number) => ({ fence, claimId: claims.get(jobId) ?? "" });

  it("does not make FINALIZING of a row that its worker gave back", async () => {
    const job = local.newJob();
    loseWrite(local, "state", "FINALIZING");
    await local.drop(job);
    await local.stack.drain();
    const given = await local.row(job);
    expect(given).toMatchObject({ state: "SENDING", posts: 0 });
    const now = local.stack.runtime.clock();
    if (!given) throw new Error("The row is gone");
    const late = transition.finalize(heldClaim(job, 1), given, { now, settledAt: now });
    expect(await local.stack.ledger.write(job, late)).toBe("refused");
    expect(await local.row(job)).toEqual(given);
    await local.finish();
    expect(local.taken(job)).toHaveLength(1);
  });

  it("does not bring back a job that has its media: neither progress, nor a claim, nor the same write once more", async () => {
    const job = local.newJob();
    await local.drop(job);
    await local.finish();
    const delivered = await local.row(job);
    expect(delivered).toMatchObject({ state: "DELIVERED" });
    const now = local.stack.runtime.clock();
    const held = heldClaim(job, 1);
    if (!delivered?.media) throw new Error("The row is gone");
    const { media } = delivered;
    const waits = { now, settledAt: now, notBefore: now, waiting: { type: "X", comment: "" }, answeredError: false };
    for (const write of [
      transition.reportProgress(held, { now, sentBytes: 1 }),
      transition.claim(undefined, media, { claimId: held.claimId, leaseUntil: now, now, sizeBytes: 1 }),
      transition.finalize(held, delivered, { now, settledAt: now }),
      transition.loseReply(held, waits),
      transition.backOut(held, delivered, { now, notBefore: now, handOver: false }),
    ])
      expect(await local.stack.ledger.write(job, write)).toBe("refused");
    expect(await local.row(job)).toEqual(delivered);
  });

  it("may claim an object's row after its worker has gone: the object is sent once the lease is over, once", async () => {
    const job = local.newJob();
    loseWrite(local, "state", "SENDING");
    local.stack.aws.faults.add({
      action: "GetItem",
      kind: "unavailable",
      times: FOR_GOOD,
      when: () => claims.has(job),
    });
    const { key, versionId, sizeBytes } = await local.drop(job);
    await local.stack.drain();
    expect(await local.row(job)).toBeUndefined();
    const now = local.stack.runtime.clock();
    const media = { id: objectId(key, versionId), kind: "object", key, versionId } as const;
    const { claimId } = heldClaim(job, 1);
    const leaseUntil = now + 16 * MINUTE_MS;
    const late = transition.claim(undefined, media, { claimId, leaseUntil, now, sizeBytes });
    expect(await local.stack.ledger.write(job, late)).toBe("written");
    await local.finish();
    expect(local.posts(job)).toHaveLength(1);
    expect(local.taken(job)).toHaveLength(1);
  });

  it("may still say DELIVERED of what was put before a person meanwhile, and the census has it announced", async () => {
    const job = local.newJob();
    loseAnswer(local, job, true);
    showNoMedia(local, job, 100);
    await local.drop(job);
    const { media } = await until(local, job, "NEEDS_REVIEW");
    const taskId = local.taken(job)[0]?.taskId ?? "";
    const fact = { now: local.stack.runtime.clock(), taskId, sentBytes: 1_000 };
    expect(await local.stack.ledger.write(job, transition.recordDelivered(media?.id ?? "", fact))).toBe("written");
    await local.pass(31 * MINUTE_MS);
    await local.stack.runCensus();
    await local.finish();
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", announced: true });
    expect(local.announced(job)).toEqual(["Media Needs Review", "Media Delivered"]);
    expect(local.taken(job)).toHaveLength(1);
  });

  it("may claim a caller's row after everybody has gone: the census finds it, and the job is free again", async () => {
    const job = local.newJob();
    const now = local.stack.runtime.clock();
    const media = { id: "url:late", kind: "url" } as const;
    const late = transition.claim(undefined, media, { claimId: "c", leaseUntil: now, now, sizeBytes: undefined });
    await local.stack.ledger.write(job, late);
    await local.pass(31 * MINUTE_MS);
    await local.stack.runCensus();
    await local.finish();
    expect(await local.row(job)).toMatchObject({ state: "REJECTED", error: { type: "CALL_ABANDONED" } });
    await local.drop(job);
    await local.finish();
    expect(local.taken(job)).toHaveLength(1);
  });
});
