import { describe, expect, it } from "@jest/globals";
import { decideWrite, type Row, type State } from "../../../../lib/delivery/machine/row.ts";
import { admitUpload, wasJobSeen } from "../../../../lib/delivery/machine/uploading.ts";

const JOB = "0123456789abcdef0123456789abcdef";
const NOW = Date.UTC(2031, 4, 6);
const IN_90_DAYS_S = NOW / 1000 + 90 * 24 * 3600;

const row = (state: State, more: Partial<Row> = {}): Row => ({ jobId: JOB, state, fence: 4, updatedAt: 1, ...more });

/** The row after the upload was admitted; undefined where no write was asked for. */
const admit = (before: Row | undefined, jobSeenAt?: number): Row | undefined => {
  const admission = admitUpload(before, { ...AT, jobSeenAt });
  if (!admission.admitted) throw new Error(`occupied: ${admission.state}`);
  if (!admission.write) return undefined;
  const after = decideWrite(JOB, before, admission.write);
  if (!after) throw new Error("the write does not hold on the row that it was made for");
  return after;
};

const AT = { now: NOW, expiryMs: 90 * 24 * 3600 * 1000 };

describe("admitUpload", () => {
  it("begins a row for a job that has none", () => {
    expect(admit(undefined)).toEqual({
      jobId: JOB,
      state: "UPLOADING",
      fence: 0,
      updatedAt: NOW,
      signedAt: NOW,
      expiresAt: IN_90_DAYS_S,
    });
  });

  it("lets an upload be signed again, and the row live on", () => {
    expect(admit(row("UPLOADING", { expiresAt: 5, rejected: ["object:a"] }))).toEqual(
      row("UPLOADING", { updatedAt: NOW, signedAt: NOW, expiresAt: IN_90_DAYS_S, rejected: ["object:a"] }),
    );
  });

  it("begins anew after a rejection, and forgets neither the fence nor what was rejected", () => {
    const rejected = row("REJECTED", {
      announced: true,
      expiresAt: NOW / 1000 + 1,
      rejected: ["object:a"],
      conflicts: ["object:b"],
      conflictCount: 1,
      error: { type: "INVALID_QUERY", comment: "" },
      media: { id: "object:a", kind: "object", key: "k", versionId: "v" },
      decision: { what: "reject", fence: 1, by: "jo", why: "blank", at: 1 },
      jobSeenAt: 1,
      claimId: "c",
      claims: 3,
      leaseUntil: 1,
      settledAt: 1,
      notBefore: 1,
      waiting: { type: "ITEM_NOT_FOUND", comment: "" },
      unknownSince: 1,
      posts: 2,
      everUnknown: true,
      answeredError: true,
      bytesInVain: 1,
      redirected: true,
      handOver: true,
      capability: "x",
      capabilityUntil: 1,
      pulls: 1,
      taskId: "t",
      sizeBytes: 1,
      sentBytes: 1,
      sha256: "s",
    });
    expect(admit(rejected)).toEqual(
      row("UPLOADING", {
        updatedAt: NOW,
        signedAt: NOW,
        expiresAt: IN_90_DAYS_S,
        rejected: ["object:a"],
        conflicts: ["object:b"],
        conflictCount: 1,
        decision: { what: "reject", fence: 1, by: "jo", why: "blank", at: 1 },
        jobSeenAt: 1,
      }),
    );
  });

  it.each([undefined, row("UPLOADING"), row("UPLOADING", { jobSeenAt: 1 }), row("REJECTED", { announced: true })])(
    "keeps when cielo24 was seen to know the job: %j",
    (before) => {
      expect(admit(before, NOW - 5)).toMatchObject({ state: "UPLOADING", jobSeenAt: NOW - 5 });
    },
  );

  it("keeps what was seen before where nobody was asked", () => {
    expect(admit(row("UPLOADING", { jobSeenAt: 1 }))).toMatchObject({ jobSeenAt: 1 });
  });

  it("admits nothing to a job that an operator has closed, not even once its row has expired", () => {
    for (const closed of [
      row("NEEDS_REVIEW", { closed: true, announced: true }),
      row("NEEDS_REVIEW", { closed: true, expiresAt: 1 }),
    ])
      expect(admitUpload(closed, AT)).toEqual({ admitted: false, state: "CLOSED" });
  });

  it("leaves a rejection alone that is still to be announced", () => {
    expect(admit(row("REJECTED", { expiresAt: NOW / 1000 + 1 }))).toBeUndefined();
  });

  it("takes an expired rejection for gone, announced or not", () => {
    expect(admit(row("REJECTED", { expiresAt: NOW / 1000 }))).toMatchObject({ state: "UPLOADING", fence: 4 });
  });

  it.each<State>(["SENDING", "FINALIZING", "DELIVERED", "NEEDS_REVIEW"])(
    "admits nothing while the job is %s",
    (state) => {
      expect(admitUpload(row(state), AT)).toEqual({ admitted: false, state });
    },
  );

  it("makes writes that another's write in between defeats", () => {
    for (const before of [row("UPLOADING"), row("REJECTED", { announced: true })]) {
      const admission = admitUpload(before, AT);
      if (!admission.admitted || !admission.write) throw new Error("not admitted");
      expect(decideWrite(JOB, { ...before, fence: 5 }, admission.write)).toBeUndefined();
      expect(decideWrite(JOB, row("SENDING"), admission.write)).toBeUndefined();
      expect(decideWrite(JOB, undefined, admission.write)).toBeUndefined();
    }
    const fresh = admitUpload(undefined, AT);
    if (!fresh.admitted || !fresh.write) throw new Error("not admitted");
    expect(decideWrite(JOB, row("UPLOADING"), fresh.write)).toBeUndefined();
  });
});

describe("wasJobSeen", () => {
  it("spares the next question for a minute", () => {
    expect(wasJobSeen(undefined, NOW)).toBe(false);
    expect(wasJobSeen(row("UPLOADING"), NOW)).toBe(false);
    expect(wasJobSeen(row("UPLOADING", { jobSeenAt: NOW - 59_999 }), NOW)).toBe(true);
    expect(wasJobSeen(row("UPLOADING", { jobSeenAt: NOW - 60_000 }), NOW)).toBe(false);
  });
});
