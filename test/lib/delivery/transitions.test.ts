import { describe, expect, it } from "@jest/globals";
import { decideWrite, type Row, type State, type Write } from "../../../lib/delivery/row.ts";
import * as transition from "../../../lib/delivery/transitions.ts";
import { A, B, JOB_ID, NOW, row, URL_OF_CALLER } from "./machine-driver.ts";

const STATES: readonly State[] = ["UPLOADING", "SENDING", "FINALIZING", "DELIVERED", "REJECTED", "NEEDS_REVIEW"];
const HELD = { fence: 4, claimId: "mine" };
const ERROR = { type: "INVALID_QUERY", comment: "" };
const AT = { now: NOW };
const held = (state: State, more: Partial<Row> = {}): Row => row(state, { ...HELD, leaseUntil: NOW + 1, ...more });

/** The row after the write; undefined where its condition does not hold. */
const after = (before: Row | undefined, write: Write) => decideWrite(JOB_ID, before, write);
const possibleFrom = (write: Write, more: Partial<Row> = {}) =>
  STATES.filter((state) => after(held(state, more), write) !== undefined);

const CLAIM = { claimId: "new", leaseUntil: NOW + 9, now: NOW, sizeBytes: 3 };

describe("a claimant's write", () => {
  const writes: readonly (readonly [string, Write, readonly State[]])[] = [
    ["finalize", transition.finalize(HELD, { ...AT, settledAt: NOW }), ["SENDING"]],
    ["backOut", transition.backOut(HELD, { ...AT, handOver: false }), ["SENDING", "FINALIZING"]],
    ["goOn", transition.goOn(HELD, AT), ["FINALIZING"]],
    ["loseAnswer", transition.loseAnswer(HELD, { ...AT, settledAt: NOW }), ["FINALIZING"]],
    ["handedOver", transition.handedOver(HELD, { ...AT, settledAt: NOW, taskId: "task" }), ["FINALIZING"]],
    ["reject", transition.reject(HELD, held("SENDING"), { ...AT, error: ERROR }), ["SENDING", "FINALIZING"]],
    ["askForReview", transition.askForReview(held("SENDING"), A, { ...AT, error: ERROR, held: HELD }), ["SENDING"]],
    ["reportProgress", transition.reportProgress(HELD, { ...AT, sentBytes: 2 }), ["SENDING"]],
  ];

  it.each(writes)("%s happens only from its own states", (_name, write, states) => {
    expect(possibleFrom(write)).toEqual(states);
    expect(after(undefined, write)).toBeUndefined();
  });

  it.each(writes)("%s needs both the fence and the claim's random name", (_name, write) => {
    expect(possibleFrom(write, { fence: 5 })).toEqual([]);
    expect(possibleFrom(write, { claimId: "another" })).toEqual([]);
  });
});

describe("a reader's write", () => {
  const writes: readonly (readonly [string, State, (seen: Row) => Write])[] = [
    ["claim", "UPLOADING", (seen) => transition.claim(seen, A, CLAIM)],
    ["claim", "REJECTED", (seen) => transition.claim(seen, B, CLAIM)],
    ["claim", "SENDING", (seen) => transition.claim(seen, A, CLAIM)],
    ["deliverAsSeen", "FINALIZING", (seen) => transition.deliverAsSeen(seen, AT)],
    ["resend", "FINALIZING", (seen) => transition.resend(seen, AT)],
    ["askForReview", "FINALIZING", (seen) => transition.askForReview(seen, A, { ...AT, error: ERROR })],
    ["reopen", "NEEDS_REVIEW", (seen) => transition.reopen(seen, AT)],
    ["recordConflict", "DELIVERED", (seen) => transition.recordConflict(seen, B.id)],
    ["markAnnounced", "DELIVERED", (seen) => transition.markAnnounced(seen)],
  ];

  it.each(writes)("%s from %s needs the row as it was read: state, fence and medium", (_name, state, make) => {
    const seen = held(state);
    const write = make(seen);
    expect(possibleFrom(write)).toEqual([state]);
    expect(after(held(state, { fence: 5 }), write)).toBeUndefined();
    expect(after(held(state, { media: B }), write)).toBeUndefined();
    expect(after(undefined, write)).toBeUndefined();
  });

  it("claims a job without a row only while it has none", () => {
    const write = transition.claim(undefined, A, CLAIM);
    expect(after(undefined, write)).toMatchObject({ state: "SENDING", fence: 1, posts: 1 });
    expect(possibleFrom(write)).toEqual([]);
  });
});

describe("every change of hands", () => {
  it.each([
    ["claim", held("SENDING"), transition.claim(held("SENDING"), A, CLAIM)],
    ["backOut", held("FINALIZING"), transition.backOut(HELD, { ...AT, handOver: false })],
    ["goOn", held("FINALIZING"), transition.goOn(HELD, AT)],
    ["reject", held("SENDING"), transition.reject(HELD, held("SENDING"), { ...AT, error: ERROR })],
    ["resend", held("FINALIZING"), transition.resend(held("FINALIZING"), AT)],
    ["reopen", held("NEEDS_REVIEW"), transition.reopen(held("NEEDS_REVIEW"), AT)],
    ["askForReview", held("FINALIZING"), transition.askForReview(held("FINALIZING"), A, { ...AT, error: ERROR })],
    ["deliverAsSeen", held("FINALIZING"), transition.deliverAsSeen(held("FINALIZING"), AT)],
  ] as const)("(%s) raises the fence, so that no write from before it holds any more", (_name, before, write) => {
    const changed = after(before, write);
    expect(changed?.fence).toBe(5);
    expect(after(changed, transition.finalize(HELD, { ...AT, settledAt: NOW }))).toBeUndefined();
    expect(after(changed, write)).toBeUndefined();
  });
});

describe("deliver", () => {
  const write = transition.deliver(A.id, { ...AT, taskId: "task", sentBytes: 3 });

  it("records a fact whatever the fence and the claim, but never over another medium or over DELIVERED", () => {
    expect(possibleFrom(write, { fence: 9, claimId: "another" })).toEqual(["SENDING", "FINALIZING", "NEEDS_REVIEW"]);
    expect(possibleFrom(write, { media: B })).toEqual([]);
  });

  it("revokes the capability URL", () => {
    const delivered = after(held("FINALIZING", { capability: "x", capabilityUntil: NOW }), write);
    for (const gone of ["capability", "capabilityUntil", "claimId", "leaseUntil"])
      expect(delivered).not.toHaveProperty(gone);
  });
});

describe("what a row remembers", () => {
  it("are the last 20 objects that were rejected, and none of what callers sent", () => {
    const rejected = Array.from({ length: 20 }, (_, at) => `object:${at}`);
    const full = held("SENDING", { rejected });
    const write = transition.reject(HELD, full, { ...AT, error: ERROR });
    expect(after(full, write)?.rejected).toEqual([...rejected.slice(1), A.id]);
    const caller = held("SENDING", { media: URL_OF_CALLER });
    expect(after(caller, transition.reject(HELD, caller, { ...AT, error: ERROR }))?.rejected).toEqual([]);
  });

  it("are the last 10 conflicts and the number of all, none of them counted twice by two who read the same", () => {
    const conflicts = Array.from({ length: 10 }, (_, at) => `object:${at}`);
    const full = held("DELIVERED", { conflicts, conflictCount: 12 });
    const write = transition.recordConflict(full, B.id);
    const counted = after(full, write);
    expect(counted).toMatchObject({ conflicts: [...conflicts.slice(1), B.id], conflictCount: 13, state: "DELIVERED" });
    expect(after(counted, write)).toBeUndefined();
  });

  it("is settledAt beyond NEEDS_REVIEW, for an operator has to obey it, too", () => {
    const before = held("FINALIZING", { settledAt: NOW + 1 });
    expect(after(before, transition.askForReview(before, A, { ...AT, error: ERROR }))?.settledAt).toBe(NOW + 1);
  });

  it("is for ever, but for REJECTED and UPLOADING rows, which expire in 90 days", () => {
    const in90DaysS = NOW / 1000 + 90 * 24 * 3600;
    const rejected = after(held("SENDING"), transition.reject(HELD, held("SENDING"), { ...AT, error: ERROR }));
    expect(rejected?.expiresAt).toBe(in90DaysS);
    const callers = held("NEEDS_REVIEW", { media: URL_OF_CALLER });
    expect(after(callers, transition.reopen(callers, AT))).toMatchObject({ state: "UPLOADING", expiresAt: in90DaysS });
    for (const state of ["UPLOADING", "REJECTED"] as const) {
      const expiring = held(state, { expiresAt: in90DaysS });
      expect(after(expiring, transition.claim(expiring, B, CLAIM))).not.toHaveProperty("expiresAt");
      const review = transition.askForReview(expiring, B, { ...AT, error: ERROR });
      expect(after(expiring, review)).not.toHaveProperty("expiresAt");
    }
  });
});

describe("reportProgress", () => {
  it("changes nothing but the bytes sent", () => {
    const before = held("SENDING");
    expect(after(before, transition.reportProgress(HELD, { ...AT, sentBytes: 2 }))).toEqual({
      ...before,
      sentBytes: 2,
      updatedAt: NOW,
    });
  });
});
