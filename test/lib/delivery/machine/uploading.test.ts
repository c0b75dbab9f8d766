import { describe, expect, it } from "@jest/globals";
import { decideWrite, type Row, type State } from "../../../../lib/delivery/machine/row.ts";
import { admitUpload, cancelUpload, wasJobSeen } from "../../../../lib/delivery/machine/uploading.ts";

const JOB = "0123456789abcdef0123456789abcdef";
const NOW = Date.UTC(2031, 4, 6);
const IN_90_DAYS_S = NOW / 1000 + 90 * 24 * 3600;

const row = (state: State, more: Partial<Row> = {}): Row => ({
  jobId: JOB,
  state,
  schemaVersion: 1,
  fence: 4,
  updatedAt: 1,
  ...more,
});

/** The row after the upload was admitted; undefined where no write was asked for. */
const admit = (before: Row | undefined, jobSeenAt?: number): Row | undefined => {
  const admission = admitUpload(before, { ...AT, jobSeenAt });
  if (!admission.admitted) throw new Error(`occupied: ${admission.state}`);
  if (!admission.write) return undefined;
  const after = decideWrite(JOB, before, admission.write);
  if (!after) throw new Error("the write does not hold on the row that it was made for");
  return after;
};

const AT = { uploadId: "e".repeat(32), now: NOW, expiryMs: 90 * 24 * 3600 * 1000 };

describe("admitUpload", () => {
  it("begins a row for a job that has none", () => {
    expect(admit(undefined)).toEqual({
      jobId: JOB,
      state: "UPLOADING",
      schemaVersion: 1,
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

  it("remembers what was signed after a cancellation, which is not forgotten, announced or not", () => {
    const error = { type: "CANCELLED", comment: "" };
    const rejected = row("REJECTED", { expiresAt: NOW / 1000 + 1, error, cancelledAt: 1 });
    const signed = { cancelledAt: 1, signedAfter: [AT.uploadId], fence: 5, updatedAt: NOW };
    expect(admit(rejected)).toEqual({ ...rejected, ...signed });
    const uploading = row("UPLOADING", { ...signed, signedAt: NOW, expiresAt: IN_90_DAYS_S });
    expect(admit({ ...rejected, announced: true })).toEqual(uploading);
    const again = { ...uploading, signedAfter: ["f".repeat(32)] };
    expect(admit(again)).toEqual({ ...again, fence: 6, signedAfter: ["f".repeat(32), AT.uploadId] });
  });

  it("lets neither of two signings after a cancellation forget the other", () => {
    const before = row("UPLOADING", { cancelledAt: 1 });
    const [first, second] = [admitUpload(before, AT), admitUpload(before, { ...AT, uploadId: "f".repeat(32) })];
    if (!first.admitted || !first.write || !second.admitted || !second.write) throw new Error("not admitted");
    expect(decideWrite(JOB, decideWrite(JOB, before, first.write), second.write)).toBeUndefined();
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

describe("cancelUpload", () => {
  const object = { id: "object:a", kind: "object", key: "k", versionId: "v" } as const;
  const cancelled = (before: Row): Row | undefined => {
    const admission = cancelUpload(before, AT);
    return admission.admitted && admission.write ? decideWrite(JOB, before, admission.write) : undefined;
  };

  it("rejects an upload of which nothing has arrived", () => {
    expect(cancelled(row("UPLOADING", { jobSeenAt: 1 }))).toMatchObject({
      state: "REJECTED",
      cancelledAt: NOW,
      fence: 5,
      error: { type: "CANCELLED" },
      rejected: [],
      expiresAt: IN_90_DAYS_S,
    });
  });

  it("rejects media that waits, or is being sent, and takes the claim away", () => {
    const before = row("SENDING", {
      media: object,
      claimId: "c",
      leaseUntil: NOW + 1,
      waiting: { type: "SETTLING", comment: "" },
      notBefore: NOW + 1,
    });
    const after = cancelled(before);
    expect(after).toMatchObject({
      state: "REJECTED",
      cancelledAt: NOW,
      fence: 5,
      media: object,
      rejected: ["object:a"],
    });
    for (const name of ["claimId", "leaseUntil", "waiting", "notBefore", "announced"])
      expect(after).not.toHaveProperty(name);
  });

  it("marks media that was rejected for another reason, which it keeps", () => {
    const error = { type: "NOT_MEDIA", comment: "" };
    const before = row("REJECTED", { media: object, announced: true, error });
    expect(cancelled(before)).toEqual({ ...before, fence: 5, cancelledAt: NOW });
  });

  it("has nothing to write where it is cancelled already", () => {
    expect(cancelUpload(row("REJECTED", { cancelledAt: 1 }), AT)).toEqual({ admitted: true });
  });

  it("cancels, too, what was signed since the last cancellation", () => {
    const before = row("REJECTED", { cancelledAt: 1, signedAfter: ["e".repeat(32)] });
    expect(cancelled(before)).toEqual(row("REJECTED", { cancelledAt: NOW, fence: 5 }));
  });

  it.each<[Row, string]>([
    [row("SENDING", { everUnknown: true }), "SENDING"],
    [row("FINALIZING"), "FINALIZING"],
    [row("DELIVERED"), "DELIVERED"],
    [row("NEEDS_REVIEW"), "NEEDS_REVIEW"],
    [row("NEEDS_REVIEW", { closed: true }), "CLOSED"],
  ])("cancels nothing that cielo24 may have: %j", (before, state) => {
    expect(cancelUpload(before, AT)).toEqual({ admitted: false, state });
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
