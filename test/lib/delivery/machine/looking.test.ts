import { describe, expect, it } from "@jest/globals";
import type { MediaRef } from "../../../../lib/media/key.ts";
import { A, B, MINUTE_MS, NOW, row, Run, SECOND_MS, type Table } from "./machine-driver.ts";

const SETTLES_AT = NOW + 30 * SECOND_MS;
/** A newer version of A's key. */
const NEWER: MediaRef = { ...A, id: "object:a2", versionId: "2" };
const dropped = { isOperators: true, arrivedAt: NOW };
const CUT_OFF = { type: "MEDIA_INCOMPLETE", comment: "The file is cut off." };
const NO_MEDIA = { type: "NOT_MEDIA", comment: "This is a ZIP archive." };
const LOOK = { container: "MP4", durationS: 60, audioTracks: 1, videoTracks: 1 };

describe("an operator's drop", () => {
  const settled = (media: MediaRef, table: Table, more: { now?: number; arrivedAt?: number } = {}) =>
    new Run({ drop: { ...dropped, media, arrivedAt: more.arrivedAt ?? NOW }, table, now: more.now ?? NOW });

  it("waits for a newer version of its key from its event's time on, and the row says so", () => {
    const run = settled(A, { row: undefined }).finds("current");
    expect(run.row).toMatchObject({
      state: "SENDING",
      media: A,
      notBefore: SETTLES_AT,
      settlingSince: NOW,
      waiting: { type: "SETTLING" },
    });
    expect(run.row).not.toHaveProperty("claimId");
    expect(run.command).toMatchObject({ do: "later", at: SETTLES_AT, reason: "settling" });
  });

  it("fault 62: is not judged while it waits: an empty placeholder is no rejection", () => {
    expect(settled(A, { row: undefined }).finds("current", 0).command).toMatchObject({ reason: "settling" });
  });

  it("is sent once its time is over", () => {
    const table = { row: undefined };
    settled(A, table).finds("current");
    const run = settled(A, table, { now: SETTLES_AT }).claims();
    expect(run.row).toMatchObject({ state: "SENDING", media: A, claims: 1 });
    expect(run.row).not.toHaveProperty("settlingSince");
  });

  it("does not wait if its event is old by now, nor if a signed upload's key has it", () => {
    expect(settled(A, { row: undefined }, { now: SETTLES_AT }).finds("current").command.do).toBe("ask");
    expect(new Run({ drop: { arrivedAt: NOW } }).finds("current").command.do).toBe("ask");
  });

  it("fault 62: gives way to a newer version of its key, which waits in its place", () => {
    const table: Table = { row: undefined };
    settled(A, table).finds("current");
    const at = NOW + 20 * SECOND_MS;
    const newer = settled(NEWER, table, { now: at, arrivedAt: at }).finds("current");
    expect(newer.row).toMatchObject({ media: NEWER, notBefore: at + 30 * SECOND_MS, settlingSince: NOW });
    const older = settled(A, table, { now: SETTLES_AT }).finds("superseded");
    expect(older.command).toMatchObject({ do: "acknowledge", reason: "superseded" });
    expect(older.row).toMatchObject({ state: "SENDING", media: NEWER });
    expect(settled(NEWER, table, { now: at + 30 * SECOND_MS, arrivedAt: at }).claims().command.do).toBe("stream");
  });

  it("fault 62: does not give way to an older version whose message comes late", () => {
    const table: Table = { row: undefined };
    settled(NEWER, table).finds("current");
    const older = settled(A, table).finds("superseded");
    expect(older.command).toMatchObject({ do: "acknowledge", reason: "superseded" });
    expect(older.row).toMatchObject({ media: NEWER });
  });

  it("fault 63: stays first before an object of another key, however long it is written anew", () => {
    const table: Table = { row: undefined };
    settled(A, table).finds("current");
    const at = NOW + 29 * SECOND_MS;
    settled(NEWER, table, { now: at, arrivedAt: at }).finds("current");
    const other = settled(B, table, { now: SETTLES_AT + SECOND_MS, arrivedAt: NOW + SECOND_MS });
    expect(other.command).toMatchObject({ do: "later", reason: "underWay" });
  });

  it("fault 63: waits for newer versions for 15 minutes at most, from the first event on", () => {
    const table: Table = { row: undefined };
    settled(A, table).finds("current");
    const at = NOW + 15 * MINUTE_MS - SECOND_MS;
    expect(settled(NEWER, table, { now: at, arrivedAt: at }).finds("current").row).toMatchObject({
      media: NEWER,
      notBefore: NOW + 15 * MINUTE_MS,
    });
  });

  it("waits for what the job waits for, too, and not only for itself", () => {
    const table: Table = { row: undefined };
    const run = settled(A, table, { now: SETTLES_AT }).finds("current");
    run.isToldInstead({ is: "unavailable", retryAfterMs: 60 * MINUTE_MS });
    const newer = settled(NEWER, table, { now: SETTLES_AT + SECOND_MS, arrivedAt: SETTLES_AT });
    expect(newer.command).toMatchObject({ do: "later", reason: "underWay" });
  });

  it("is never replaced once bytes of it may have been sent", () => {
    const run = settled(NEWER, { row: row("SENDING", { claimId: "other", leaseUntil: NOW, claims: 1 }) });
    expect(run.command).toMatchObject({ do: "later", reason: "underWay" });
  });
});

describe("a look at the bytes", () => {
  it("is asked for with job/info, and what it shows goes on record with the claim", () => {
    const run = new Run({}).finds("current", 1_000);
    expect(run.command).toMatchObject({ do: "ask", look: { media: A, sizeBytes: 1_000 } });
    expect(run.sees({ look: LOOK }).row).toMatchObject({ state: "SENDING", look: LOOK });
    expect(run.command.do).toBe("stream");
  });

  it("fault 64: rejects what should not spend a job, and the job stays free", () => {
    const run = new Run({}).finds("current").sees({ look: {}, verdict: NO_MEDIA });
    expect(run.row).toMatchObject({ state: "REJECTED", error: NO_MEDIA, rejected: [A.id] });
    run.announces();
    expect(new Run({ drop: { media: B }, table: run.table }).claims().command.do).toBe("stream");
  });

  it("says nothing of a job that has its media", () => {
    const run = new Run({}).finds("current").seesMedia(true);
    expect(run.row).toMatchObject({ state: "REJECTED", error: { type: "JOB_HAS_MEDIA" } });
  });

  it("fault 65: lets an operator's drop that is cut off wait for a whole one, which takes its place at once", () => {
    const table: Table = { row: undefined };
    const cutOff = { ...dropped, arrivedAt: NOW - MINUTE_MS };
    const run = new Run({ drop: cutOff, table }).finds("current").sees({ verdict: CUT_OFF });
    expect(run.row).toMatchObject({
      state: "SENDING",
      notBefore: NOW + 9 * MINUTE_MS,
      waiting: { type: CUT_OFF.type },
    });
    expect(run.command).toMatchObject({ do: "later", at: NOW + 9 * MINUTE_MS, reason: "incomplete" });
    const now = NOW + MINUTE_MS;
    const whole = new Run({ drop: { ...dropped, media: NEWER, arrivedAt: NOW }, table, now });
    expect(whole.claims().row).toMatchObject({ state: "SENDING", media: NEWER, claims: 1 });
  });

  it("fault 65: rejects one for which no whole one has come, and a signed upload at once", () => {
    const patient = { ...dropped, arrivedAt: NOW - 10 * MINUTE_MS };
    for (const drop of [patient, { arrivedAt: NOW }])
      expect(new Run({ drop }).finds("current").sees({ verdict: CUT_OFF }).row).toMatchObject({
        state: "REJECTED",
        error: CUT_OFF,
      });
  });

  it.each([
    ["an operator wants it sent", { claims: 0, decision: { what: "resend", fence: 3, by: "", why: "", at: 0 } }],
    ["it was claimed before", { claims: 1 }],
    ["cielo24 may have it", { claims: 1, everUnknown: true }],
  ] as const)("fault 66: is not asked for where %s", (_why, more) => {
    const run = new Run({ row: row("SENDING", { leaseUntil: NOW, ...more }) }).finds("current");
    expect(run.command).toMatchObject({ do: "ask", look: undefined });
  });
});

describe("an object that is withdrawn", () => {
  it("fault 67: before the last chunk is rejected, with the sockets destroyed, and the job is free", () => {
    const run = new Run({}).claims();
    run.isWithdrawn = true;
    run.holds();
    expect(run.command).toEqual({ do: "abort" });
    run.destroysSockets();
    expect(run.row).toMatchObject({ state: "REJECTED", error: { type: "WITHDRAWN" }, rejected: [A.id] });
    expect(run.wrote).not.toContain("FINALIZING");
  });

  it("fault 67: is sent all the same if cielo24 may have it, or an operator wants it sent", () => {
    const doubt = row("SENDING", { leaseUntil: NOW, claims: 1, posts: 1, everUnknown: true });
    const decided = row("SENDING", {
      leaseUntil: NOW,
      claims: 0,
      decision: { what: "resend", fence: 3, by: "", why: "", at: 0 },
    });
    for (const before of [doubt, decided]) {
      const run = new Run({ row: before }).finds("deleted").seesMedia(false);
      run.isWithdrawn = true;
      expect(run.holds().command.do).toBe("finish");
    }
  });
});

describe("an object that comes for a job with media", () => {
  const DELIVERED = row("DELIVERED", { announced: true });
  const late = () => new Run({ drop: { media: B }, row: DELIVERED });

  it("fault 68: is recorded in silence if it holds the same", () => {
    const run = late().findsConflict("same");
    expect(run.row).toMatchObject({ conflicts: [B.id], conflictCount: 1 });
    expect(run.row).not.toHaveProperty("otherMedia");
    expect(run.commands.map((command) => command.do)).toEqual(["compare", "acknowledge"]);
  });

  it("fault 68: is announced if it may hold something else, and counted if it does", () => {
    expect(late().findsConflict("unknown").announces().row).not.toHaveProperty("otherMedia");
    expect(late().findsConflict("other").announces().row).toMatchObject({ otherMedia: 1, conflictCount: 1 });
  });

  it("fault 68: comes back until its event is out", () => {
    const run = late().findsConflict("other").cannotAnnounce();
    expect(run.row).toEqual(DELIVERED);
    expect(run.command).toMatchObject({ do: "later", reason: "unannounced" });
  });

  it("is nobody's business once a newer version of its key has replaced it", () => {
    const run = late().findsConflict("superseded");
    expect(run.row).toEqual(DELIVERED);
    expect(run.command).toMatchObject({ do: "acknowledge", reason: "superseded" });
  });

  it("is not compared before its own settling time is over", () => {
    const run = new Run({ drop: { ...dropped, media: B }, row: DELIVERED });
    expect(run.command).toMatchObject({ do: "later", at: SETTLES_AT, reason: "settling" });
  });
});

describe("an end", () => {
  it("fault 69: is announced by the worker that wrote it, and by no other at first", () => {
    const run = new Run({}).finds("gone");
    const other = new Run({ drop: { role: "reconcile" }, table: run.table });
    expect(other.command).toMatchObject({ do: "later", at: NOW + 20 * SECOND_MS, reason: "unannounced" });
    run.announces();
    expect(run.row).not.toHaveProperty("announcerUntil");
    expect(new Run({ drop: { role: "reconcile" }, table: run.table }).command).toMatchObject({ do: "acknowledge" });
  });

  it("fault 69: is announced by any other later, if the worker that wrote it has not", () => {
    const run = new Run({}).finds("gone");
    const other = new Run({ drop: { role: "reconcile" }, table: run.table, now: NOW + 20 * SECOND_MS });
    expect(other.command).toMatchObject({ do: "announce" });
  });

  it("is announced at once on a message's last chance", () => {
    const run = new Run({}).finds("gone");
    expect(new Run({ drop: { lastChance: true }, table: run.table }).command).toMatchObject({ do: "announce" });
  });
});
