import { describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { CHUNK_BYTES, useDrops } from "../../harness/drops.ts";
import { sha256 } from "../../harness/sha256.ts";

/** A call fails for good once the SDK has repeated it twice. */
const FOR_GOOD = 3;

describe("a drop while DynamoDB is in trouble", () => {
  const local = useDrops();
  const bytes = randomBytes(200_000);
  const dynamo = () => local.stack.aws.faults;
  /** Calls that set an attribute, to this value where one is given. */
  const sets =
    (attribute: string, value?: string) =>
    ({ ExpressionAttributeValues: values = {} }: Record<string, unknown>): boolean => {
      const set = (values as Record<string, { S?: string }>)[`:set_${attribute}`];
      return set !== undefined && (value === undefined || set.S === value);
    };

  /** Lets a POST take a while. */
  const stopReading = (jobId: string) => {
    const fault = { kind: "stopReading", fraction: 0.05, resumesAfterMs: 100 } as const;
    local.cielo24.faults.add({ action: "POST job/add_media", jobId, ...fault });
  };

  it.each(["throttled", "unavailable", "reset"] as const)(
    "fault 39: opens no POST where the ledger cannot be read (%s), and is delivered later",
    async (kind) => {
      const job = local.newJob();
      dynamo().add({ action: "GetItem", kind, times: FOR_GOOD });
      await local.drop(job, bytes);
      await local.stack.drain();
      expect(local.posts(job)).toEqual([]);
      expect(local.reasons(job)).toEqual(["ledger"]);
      await local.finish();
      expect(local.taken(job)).toMatchObject([{ sha256: sha256(bytes) }]);
    },
  );

  it("fault 39: opens no POST where the claim cannot be written", async () => {
    const job = local.newJob();
    dynamo().add({ action: "UpdateItem", kind: "unavailable", times: FOR_GOOD });
    dynamo().add({ action: "GetItem", kind: "unavailable", times: FOR_GOOD, when: () => hasFailed() });
    const calls = local.stack.aws.calls.length;
    const hasFailed = () => local.stack.aws.calls.slice(calls).filter((action) => action === "UpdateItem").length === 3;
    await local.drop(job, bytes);
    await local.stack.drain();
    expect(local.posts(job)).toEqual([]);
    await local.finish();
    expect(local.taken(job)).toHaveLength(1);
  });

  it("fault 39: rides out a single failed call", async () => {
    const job = local.newJob();
    for (const action of ["GetItem", "UpdateItem"]) dynamo().add({ action, kind: "throttled" });
    await local.drop(job, bytes);
    await local.stack.drain();
    expect(local.posts(job)).toHaveLength(1);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", posts: 1 });
  });

  it.each(["throttled", "unavailable", "reset"] as const)(
    "fault 40: does not send the last chunk where FINALIZING cannot be written (%s)",
    async (kind) => {
      const job = local.newJob();
      dynamo().add({ action: "UpdateItem", kind, times: FOR_GOOD, when: sets("state", "FINALIZING") });
      await local.drop(job, bytes);
      await local.stack.drain();
      expect(local.taken(job)).toEqual([]);
      expect(local.posts(job)).toMatchObject([{ outcome: "cutShort" }]);
      expect(local.posts(job)[0]?.receivedBytes).toBeLessThanOrEqual(bytes.length - CHUNK_BYTES);
      await local.finish();
      expect(local.posts(job)).toMatchObject([{ outcome: "cutShort" }, { outcome: "accepted" }]);
      expect(local.taken(job)).toMatchObject([{ sha256: sha256(bytes) }]);
      expect(await local.row(job)).toMatchObject({ state: "DELIVERED", claims: 2, posts: 1 });
    },
  );

  it.each(["SENDING", "FINALIZING"])(
    "fault 41: reads back by fence and claim where the answer to %s is lost",
    async (state) => {
      const job = local.newJob();
      dynamo().add({ action: "UpdateItem", kind: "answerLost", when: sets("state", state) });
      await local.drop(job, bytes);
      await local.stack.drain();
      expect(local.posts(job)).toMatchObject([{ outcome: "accepted" }]);
      expect(await local.row(job)).toMatchObject({ state: "DELIVERED", posts: 1 });
      expect(local.announced(job)).toEqual(["Media Delivered"]);
    },
  );

  it("fault 41: finds DELIVERED on record where the answer to it is lost", async () => {
    const job = local.newJob();
    dynamo().add({ action: "UpdateItem", kind: "answerLost", times: FOR_GOOD, when: sets("state", "DELIVERED") });
    await local.drop(job, bytes);
    await local.stack.drain();
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", announced: true });
    expect(local.taken(job)).toHaveLength(1);
    expect(local.waiting()).toEqual([]);
  });

  it("fault 42: stays in FINALIZING where DELIVERED cannot be written, and is settled by job/info", async () => {
    const job = local.newJob();
    dynamo().add({ action: "UpdateItem", kind: "unavailable", times: 8 * FOR_GOOD, when: sets("state", "DELIVERED") });
    await local.drop(job, bytes);
    await local.stack.drain();
    dynamo().clear();
    expect(await local.row(job)).toMatchObject({ state: "FINALIZING" });
    expect(local.waiting()).toHaveLength(1);
    await local.finish();
    expect(local.posts(job)).toHaveLength(1);
    expect(local.taken(job)).toMatchObject([{ sha256: sha256(bytes) }]);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED" });
    expect(local.announced(job)).toEqual(["Media Delivered"]);
  });

  it("is acknowledged with its event out where that cannot be written down", async () => {
    const job = local.newJob();
    dynamo().add({ action: "UpdateItem", kind: "unavailable", times: FOR_GOOD, when: sets("announced") });
    await local.drop(job, bytes);
    await local.finish();
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED" });
    expect(await local.row(job)).not.toHaveProperty("announced");
    expect(local.announced(job)).toEqual(["Media Delivered"]);
  });

  it("fault 24: is not finished by a worker that has lost its claim to another", async () => {
    const job = local.newJob();
    stopReading(job);
    local.send(local.event(local.place(job, 20_000_000)));
    const row = await local.claimed(job);
    const taken = { fence: row.fence + 1, claimId: "c".repeat(32), leaseUntil: local.stack.runtime.clock() };
    await local.stack.ledger.write(job, { if: { state: ["SENDING"], fence: row.fence }, set: taken });
    await local.stack.drain();
    expect(local.taken(job)).toEqual([]);
    expect(local.reasons(job)).toEqual(["lostClaim"]);
    expect(await local.row(job)).toMatchObject({ state: "SENDING", ...taken });
    await local.finish();
    expect(local.posts(job)).toMatchObject([{ outcome: "cutShort" }, { outcome: "accepted" }]);
  });

  it("goes on sending where its progress cannot be written down", async () => {
    const job = local.newJob();
    dynamo().add({ action: "UpdateItem", kind: "unavailable", times: FOR_GOOD, when: isProgress });
    stopReading(job);
    local.send(local.event(local.place(job, 20_000_000)));
    await local.claimed(job);
    local.stack.advanceTime(10_000);
    await local.stack.drain();
    expect(local.taken(job)).toMatchObject([{ sizeBytes: 20_000_000 }]);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", posts: 1, sentBytes: 20_000_000 });
  });
});

/** Sets how much was sent, and no state. */
const isProgress = ({ ExpressionAttributeValues: values = {} }: Record<string, unknown>): boolean =>
  ":set_sentBytes" in (values as object) && !(":set_state" in (values as object));
