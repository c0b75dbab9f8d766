import { describe, expect, it } from "@jest/globals";
import { decideWrite, type Row, type State, type Write } from "../../../../lib/delivery/machine/row.ts";
import * as transition from "../../../../lib/delivery/machine/transitions.ts";
import { A, B, HOUR_MS, JOB_ID, NOW, row, URL_OF_CALLER } from "./machine-driver.ts";

const STATES: readonly State[] = ["UPLOADING", "SENDING", "FINALIZING", "DELIVERED", "REJECTED", "NEEDS_REVIEW"];
const HELD = { fence: 4, claimId: "mine" };
const ERROR = { type: "INVALID_QUERY", comment: "" };
const AT = { now: NOW };
const ENDS = { now: NOW, expiryMs: 90 * 24 * HOUR_MS, error: ERROR };
const ASKS = { now: NOW, settledAt: NOW, notBefore: NOW };
const WAITS = { now: NOW, notBefore: NOW + 1, waiting: ERROR };
const BACKS_OUT = { now: NOW, notBefore: NOW, handOver: false };
const DECISION = { what: "resend", fence: 4, by: "ops", why: "asked to", at: NOW } as const;
const held = (state: State, more: Partial<Row> = {}): Row => row(state, { ...HELD, leaseUntil: NOW + 1, ...more });

/** The row after the write; undefined where its condition does not hold. */
const after = (before: Row | undefined, write: Write) => decideWrite(JOB_ID, before, write);
const possibleFrom = (write: Write, more: Partial<Row> = {}) =>
  STATES.filter((state) => after(held(state, more), write) !== undefined);

const CLAIM = { claimId: "new", leaseUntil: NOW + 9, now: NOW, sizeBytes: 3 };

describe("a claimant's write", () => {
  const writes: readonly (readonly [string, Write, readonly State[]])[] = [
    ["finalize", transition.finalize(HELD, held("SENDING"), { ...AT, settledAt: NOW }), ["SENDING"]],
    ["backOut", transition.backOut(HELD, held("SENDING"), BACKS_OUT), ["SENDING", "FINALIZING"]],
    ["goOn", transition.goOn(HELD, held("FINALIZING"), AT), ["FINALIZING"]],
    ["loseAnswer", transition.loseReply(HELD, { ...ASKS, waiting: ERROR, answeredError: true }), ["FINALIZING"]],
    ["handedOver", transition.handedOver(HELD, { ...ASKS, taskId: "task" }), ["FINALIZING"]],
    ["reject", transition.reject(HELD, held("SENDING"), ENDS), ["SENDING", "FINALIZING"]],
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
    ["deliverAsSeen", "FINALIZING", (seen) => transition.recordDeliveredAsSeen(seen, AT)],
    ["resend", "FINALIZING", (seen) => transition.resend(seen, AT)],
    ["askForReview", "FINALIZING", (seen) => transition.askForReview(seen, A, { ...AT, error: ERROR })],
    ["reopen", "NEEDS_REVIEW", (seen) => transition.reopen(seen, { ...AT, decision: DECISION })],
    ["reopen", "REJECTED", (seen) => transition.reopen(seen, { ...AT, decision: DECISION })],
    ["closeReview", "NEEDS_REVIEW", (seen) => transition.closeReview(seen, { ...ENDS, decision: DECISION })],
    ["wait", "UPLOADING", (seen) => transition.wait(seen, A, { ...WAITS, isUnknown: false })],
    ["wait", "REJECTED", (seen) => transition.wait(seen, B, { ...WAITS, isUnknown: true })],
    ["wait", "SENDING", (seen) => transition.wait(seen, A, { ...WAITS, isUnknown: false })],
    ["release", "SENDING", (seen) => transition.release(seen, ENDS)],
    ["postpone", "FINALIZING", (seen) => transition.postpone(seen, { notBefore: NOW })],
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
    expect(after(undefined, write)).toMatchObject({ state: "SENDING", fence: 1, claims: 1 });
    expect(possibleFrom(write)).toEqual([]);
  });
});

describe("every change of hands", () => {
  it.each([
    ["claim", held("SENDING"), transition.claim(held("SENDING"), A, CLAIM)],
    ["wait", held("SENDING"), transition.wait(held("SENDING"), A, { ...WAITS, isUnknown: false })],
    ["release", held("SENDING"), transition.release(held("SENDING"), ENDS)],
    ["backOut", held("FINALIZING"), transition.backOut(HELD, held("FINALIZING"), BACKS_OUT)],
    ["goOn", held("FINALIZING"), transition.goOn(HELD, held("FINALIZING"), AT)],
    ["reject", held("SENDING"), transition.reject(HELD, held("SENDING"), ENDS)],
    ["resend", held("FINALIZING"), transition.resend(held("FINALIZING"), AT)],
    ["reopen", held("NEEDS_REVIEW"), transition.reopen(held("NEEDS_REVIEW"), { ...AT, decision: DECISION })],
    ["close", held("NEEDS_REVIEW"), transition.closeReview(held("NEEDS_REVIEW"), { ...ENDS, decision: DECISION })],
    ["askForReview", held("FINALIZING"), transition.askForReview(held("FINALIZING"), A, { ...AT, error: ERROR })],
    ["deliverAsSeen", held("FINALIZING"), transition.recordDeliveredAsSeen(held("FINALIZING"), AT)],
  ] as const)("(%s) raises the fence, so that no write from before it holds any more", (_name, before, write) => {
    const changed = after(before, write);
    expect(changed?.fence).toBe(5);
    expect(after(changed, transition.finalize(HELD, before, { ...AT, settledAt: NOW }))).toBeUndefined();
    expect(after(changed, write)).toBeUndefined();
  });
});

describe("deliver", () => {
  const write = transition.recordDelivered(A.id, { ...AT, taskId: "task", sentBytes: 3 });

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
  it("are all objects that were rejected, and none of what callers sent", () => {
    const rejected = Array.from({ length: 999 }, (_, at) => `object:${at}`);
    const full = held("SENDING", { rejected });
    expect(after(full, transition.reject(HELD, full, ENDS))?.rejected).toEqual([...rejected, A.id]);
    const caller = held("SENDING", { media: URL_OF_CALLER });
    expect(after(caller, transition.reject(HELD, caller, ENDS))?.rejected).toEqual([]);
  });

  it("are the claims, and as attempts those alone whose outcome nobody knows", () => {
    const claimed = after(undefined, transition.claim(undefined, A, CLAIM));
    if (!claimed) throw new Error("not claimed");
    const claim = { fence: claimed.fence, claimId: "new" };
    const finalizing = after(claimed, transition.finalize(claim, claimed, { ...AT, settledAt: NOW }));
    expect(finalizing).toMatchObject({ claims: 1, posts: 1 });
    if (!finalizing) throw new Error("not finalizing");
    const givenBack = after(finalizing, transition.backOut(claim, finalizing, BACKS_OUT));
    expect(givenBack).toMatchObject({ state: "SENDING", claims: 1, posts: 0 });
    const again = after(givenBack, transition.claim(givenBack, A, CLAIM));
    expect(again).toMatchObject({ claims: 2, posts: 0 });
    expect(after(finalizing, transition.resend(finalizing, AT))).toMatchObject({ posts: 1, everUnknown: true });
  });

  it("are the bytes that were carried in vain, over all POSTs of the medium", () => {
    const sent = held("SENDING", { sentBytes: 700, bytesInVain: 1_000 });
    expect(after(sent, transition.claim(sent, A, CLAIM))).toMatchObject({ bytesInVain: 1_700, sentBytes: 0 });
    const whole = held("FINALIZING", { sentBytes: 700, bytesInVain: 1_000 });
    expect(after(whole, transition.goOn(HELD, whole, AT))).toMatchObject({ bytesInVain: 1_700, sentBytes: 0 });
    const another = held("REJECTED", { sentBytes: 700, bytesInVain: 1_000 });
    expect(after(another, transition.claim(another, B, CLAIM))).not.toHaveProperty("bytesInVain");
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
    expect(after(before, transition.askForReview(before, A, ENDS))?.settledAt).toBe(NOW + 1);
  });

  it("is for ever, but for REJECTED and UPLOADING rows, which expire when no version can be left that they speak of", () => {
    const in90DaysS = NOW / 1000 + 90 * 24 * 3600;
    const rejected = after(held("SENDING"), transition.reject(HELD, held("SENDING"), ENDS));
    expect(rejected?.expiresAt).toBe(in90DaysS);
    const released = after(held("SENDING"), transition.release(held("SENDING"), ENDS));
    expect(released).toMatchObject({ state: "UPLOADING", expiresAt: in90DaysS });
    for (const state of ["UPLOADING", "REJECTED"] as const) {
      const expiring = held(state, { expiresAt: in90DaysS });
      expect(after(expiring, transition.claim(expiring, B, CLAIM))).not.toHaveProperty("expiresAt");
      const waiting = transition.wait(expiring, B, { ...WAITS, isUnknown: false });
      expect(after(expiring, waiting)).not.toHaveProperty("expiresAt");
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
