import { describe, expect, it } from "@jest/globals";
import { decideWrite, type Row } from "../../../../lib/delivery/machine/row.ts";
import type { Reply } from "../../../../lib/delivery/machine/protocol.ts";
import { finalize } from "../../../../lib/delivery/machine/transitions.ts";
import {
  A,
  B,
  HOUR_MS,
  JOB_ID,
  MINUTE_MS,
  NOW,
  row,
  Run,
  SECOND_MS,
  SETTINGS,
  TIME_LEFT_MS,
  URL_OF_CALLER,
  type Table,
} from "./machine-driver.ts";

const ACCEPTED: Reply = { is: "accepted", taskId: "task" };
const REFUSED = { is: "refused", error: { type: "INVALID_QUERY", comment: "no" } } as const;
const UNINTELLIGIBLE = { is: "unintelligible", error: { type: "CIELO24_ANSWER_UNKNOWN", comment: "?" } } as const;
const UNAVAILABLE = { is: "unavailable" } as const;
const BAD_TOKEN = { is: "badToken" } as const;
const LOGIN_INVALID = { is: "loginInvalid" } as const;
const NO_SUCH_JOB = { is: "refused", error: { type: "ITEM_NOT_FOUND", comment: "no" } } as const;
const DAY_MS = 24 * HOUR_MS;

const RANDOM: unknown = expect.stringMatching(/^[0-9a-f]{32}$/);
const COUNTS_FROM_NOW = NOW + SETTINGS.clockSkewMs + SETTINGS.settleMs;
const MAY_RESEND = { resendAfterUnknown: true };
const UNDER_WAY = { claimId: "other", leaseUntil: NOW + 1, posts: 1 };
const LEFT_BEHIND = { claimId: "other", leaseUntil: NOW, posts: 1 };
const SETTLED = { claimId: "other", settledAt: NOW, posts: 1 };

describe("a job that has no media", () => {
  it("is claimed once the object is measured and job/info shows no media", () => {
    const run = new Run({});
    expect(run.command).toMatchObject({ do: "inspect", media: A });
    run.finds("current", 1_000);
    expect(run.command).toMatchObject({ do: "ask", look: { media: A, sizeBytes: 1_000 } });
    expect(run.row).toBeUndefined();
    run.seesMedia(false);
    expect(run.row).toEqual({
      jobId: JOB_ID,
      state: "SENDING",
      schemaVersion: 1,
      fence: 1,
      claimId: RANDOM,
      media: A,
      leaseUntil: NOW + TIME_LEFT_MS + MINUTE_MS,
      claims: 1,
      sizeBytes: 1_000,
      sentBytes: 0,
      updatedAt: NOW,
    });
    expect(run.command).toMatchObject({ do: "stream" });
  });

  it("is claimed from UPLOADING, and its row expires no more", () => {
    const { row: claimed } = new Run({ row: row("UPLOADING", { expiresAt: 1 }) }).claims();
    expect(claimed).toMatchObject({ state: "SENDING", fence: 5, media: A });
    expect(claimed).not.toHaveProperty("expiresAt");
  });

  it("is claimed anew for another object after a rejection, which stays known", () => {
    const rejected = row("REJECTED", {
      announced: true,
      rejected: [A.id],
      posts: 3,
      error: { type: "X", comment: "" },
    });
    const { row: claimed } = new Run({ drop: { media: B }, row: rejected }).claims();
    expect(claimed).toMatchObject({ state: "SENDING", media: B, claims: 1, rejected: [A.id] });
    expect(claimed).not.toHaveProperty("posts");
    expect(claimed).not.toHaveProperty("error");
    expect(claimed).not.toHaveProperty("announced");
  });

  it("has its rejection announced before another object claims it", () => {
    const run = new Run({ drop: { media: B }, row: row("REJECTED", { rejected: [A.id] }) });
    expect(run.command).toMatchObject({ do: "announce", row: { media: A } });
    run.announces();
    expect(run.command).toMatchObject({ do: "inspect", media: B });
  });

  it("is claimed by one of 50 workers that come at once; the others wait for its lease", () => {
    const table: Table = { row: undefined };
    const runs = Array.from(
      { length: 50 },
      (_, at) => new Run({ table, name: at.toString(16).padStart(2, "0"), now: NOW + at }),
    );
    for (const run of runs) run.finds("current");
    for (const run of runs) run.seesMedia(false);
    expect(runs.filter(({ command }) => command.do === "stream")).toHaveLength(1);
    expect(runs.slice(1).map(({ command }) => command)).toEqual(
      runs.slice(1).map(() => expect.objectContaining({ do: "later", at: table.row?.leaseUntil, reason: "underWay" })),
    );
  });
});

describe("a message whose object has its end on record", () => {
  it("is acknowledged without a POST when the job was delivered with it", () => {
    const run = new Run({ row: row("DELIVERED", { announced: true }) });
    expect(run.commands).toMatchObject([{ do: "acknowledge", reason: "delivered" }]);
  });

  it.each([
    ["DELIVERED", "delivered"],
    ["REJECTED", "rejected"],
    ["NEEDS_REVIEW", "needsReview"],
  ] as const)("has the event of %s announced and marked before it is acknowledged", (state, reason) => {
    const run = new Run({ row: row(state) });
    expect(run.command).toMatchObject({ do: "announce", row: { state } });
    run.announces();
    expect(run.row?.announced).toBe(true);
    expect(run.command).toMatchObject({ do: "acknowledge", reason });
  });

  it("stays in the queue while its event is not out", () => {
    const run = new Run({ row: row("DELIVERED") }).cannotAnnounce();
    expect(run.row?.announced).toBeUndefined();
    expect(run.command).toMatchObject({ do: "later", reason: "unannounced" });
  });

  it("raises the alarm again where a person has to decide", () => {
    const run = new Run({ row: row("NEEDS_REVIEW", { announced: true }) });
    expect(run.command.do).toBe("announce");
    expect(run.announces().command).toMatchObject({ do: "acknowledge", reason: "needsReview" });
  });

  it.each([
    ["rejected", { rejected: [A.id] }],
    ["conflict", { conflicts: [A.id] }],
  ] as const)("is acknowledged as %s whatever has become of the job since", (reason, known) => {
    const run = new Run({ row: row("SENDING", { ...UNDER_WAY, media: B, ...known }) });
    expect(run.commands).toMatchObject([{ do: "acknowledge", reason }]);
  });

  it.each(["SENDING", "FINALIZING"] as const)("is never sent again from %s by an old message", (state) => {
    const run = new Run({ row: row(state, { ...LEFT_BEHIND, media: B, rejected: [A.id] }) });
    expect(run.wrote).toEqual([]);
  });
});

describe("a job that another worker is sending", () => {
  it("is left alone until the lease is over", () => {
    const run = new Run({ row: row("SENDING", UNDER_WAY) });
    expect(run.commands).toMatchObject([{ do: "later", at: NOW + 1, reason: "underWay" }]);
  });

  it("is taken over when the lease is over, with another claim counted and no attempt", () => {
    const run = new Run({ row: row("SENDING", { ...LEFT_BEHIND, handOver: true, everUnknown: true }) }).claims();
    expect(run.row).toMatchObject({ fence: 5, claimId: RANDOM, claims: 2, handOver: true });
    expect(run.row?.everUnknown).toBe(true);
  });

  it("is sent however often it was claimed, for nothing of it can have been accepted", () => {
    const run = new Run({ row: row("SENDING", { ...LEFT_BEHIND, posts: 5, claims: 50 }) }).claims();
    expect(run.row).toMatchObject({ state: "SENDING", claims: 51 });
    expect(run.command.do).toBe("stream");
  });

  it("is delivered with the pinned version, whatever lies above it by now", () => {
    expect(new Run({ row: row("SENDING", LEFT_BEHIND) }).finds("superseded").command.do).toBe("ask");
  });
});

describe("another object for the job", () => {
  it.each([
    ["SENDING", UNDER_WAY],
    ["SENDING", LEFT_BEHIND],
  ] as const)("waits while the first is in %s", (state, more) => {
    const run = new Run({ drop: { media: B }, row: row(state, more) });
    expect(run.wrote).toEqual([]);
    expect(run.commands).toMatchObject([{ do: "later", reason: "underWay" }]);
  });

  it("waits while nobody knows whether the first was accepted", () => {
    const run = new Run({ drop: { media: B }, row: row("FINALIZING", { settledAt: NOW + 1 }) }).seesMedia(false);
    expect(run.row).toMatchObject({ state: "FINALIZING", fence: 4, media: A, notBefore: NOW + 1 });
    expect(run.command).toMatchObject({ do: "later", at: NOW + 1 });
  });

  it.each(["DELIVERED", "NEEDS_REVIEW"] as const)(
    "is recorded as a conflict with %s, and disturbs nothing",
    (state) => {
      const before = row(state, { announced: true, conflicts: ["object:z"], conflictCount: 11 });
      const run = new Run({ drop: { media: B }, row: before }).findsConflict("other").announces();
      expect(run.row).toEqual({ ...before, conflicts: ["object:z", B.id], conflictCount: 12, otherMedia: 1 });
      expect(run.commands).toMatchObject([
        { do: "compare", row: before, media: B },
        { do: "announceConflict", conflict: { row: before, media: B, sizeBytes: 1_000, sameness: "other" } },
        { do: "acknowledge", reason: "conflict" },
      ]);
    },
  );

  it("claims the job when the first turns out to be rejected", () => {
    const run = new Run({ drop: { media: B }, row: row("REJECTED", { announced: true, rejected: [A.id] }) });
    expect(run.command).toMatchObject({ do: "inspect", media: B });
  });
});

describe("the last chunk", () => {
  it("goes out only after FINALIZING is on record, with the time from which no media means none", () => {
    const run = new Run({}).claims();
    expect(run.row?.state).toBe("SENDING");
    run.holds();
    expect(run.command).toEqual({ do: "finish" });
    expect(run.row).toMatchObject({
      state: "FINALIZING",
      settledAt: COUNTS_FROM_NOW + TIME_LEFT_MS,
      sha256: "ab",
      sentBytes: 1_000,
    });
  });

  it("is never sent by a worker whose claim was taken over", () => {
    const run = new Run({}).claims();
    run.before("FINALIZING", () => {
      run.table.row = { ...row("SENDING", UNDER_WAY), fence: 2 };
      return undefined;
    });
    run.holds();
    expect(run.command.do).toBe("abort");
    run.destroysSockets();
    expect(run.row?.claimId).toBe("other");
    expect(run.command).toMatchObject({ do: "later", reason: "lostClaim" });
  });

  it("is not sent when the table fails, and the claim is given back so that a late write finds nothing", () => {
    const run = new Run({}).claims().before("FINALIZING", () => "lost");
    const claim = { fence: run.row?.fence ?? 0, claimId: run.row?.claimId ?? "" };
    run.holds().destroysSockets();
    expect(run.row).toMatchObject({ state: "SENDING", leaseUntil: NOW });
    expect(run.row).not.toHaveProperty("claimId");
    expect(decideWrite(JOB_ID, run.row, finalize(claim, row("SENDING"), { now: NOW, settledAt: NOW }))).toBeUndefined();
    expect(run.command).toMatchObject({ do: "later", reason: "lostClaim" });
  });

  it("is not sent when the table can be neither written nor read", () => {
    const run = new Run({}).claims().before("FINALIZING", () => "lost");
    run.before("read", () => "lost").holds();
    expect(run.destroysSockets().command).toMatchObject({ do: "later", reason: "ledger" });
  });

  it("is sent when the table's answer was lost, but the row shows the claim in FINALIZING", () => {
    const run = new Run({}).claims().before("FINALIZING", () => "answerLost");
    expect(run.holds().command).toEqual({ do: "finish" });
  });

  it("is still in hand where the connection broke before it went out: nothing was accepted, and it is sent anew", () => {
    const run = new Run({}).claims().holds().gets({ is: "unavailable", isUnsent: true });
    expect(run.row).toMatchObject({ state: "SENDING", fence: 2, leaseUntil: NOW });
    expect(run.row).not.toHaveProperty("everUnknown");
    expect(run.row).not.toHaveProperty("claimId");
    expect(run.command).toMatchObject({ do: "later", reason: "unavailable" });
  });

  it("is not begun with less time left than reserved; the next attempt hands over", () => {
    const run = new Run({}).claims();
    run.wait(TIME_LEFT_MS - SETTINGS.finalizeReserveMs + 1).holds();
    expect(run.wrote).toEqual(["SENDING"]);
    expect(run.command.do).toBe("abort");
    run.destroysSockets();
    expect(run.row).toMatchObject({ state: "SENDING", fence: 2, handOver: true, leaseUntil: run.now });
    expect(run.row).not.toHaveProperty("claimId");
    expect(run.command).toMatchObject({ do: "later", at: run.now, reason: "noTime" });
  });

  it("is held back from FINALIZING, too, when writing that took the time", () => {
    const run = new Run({}).claims().before("FINALIZING", () => {
      run.wait(run.timeLeftMs - SETTINGS.finalizeReserveMs / 2 + 1);
      return undefined;
    });
    run.holds();
    expect(run.row?.state).toBe("FINALIZING");
    run.destroysSockets();
    expect(run.row).toMatchObject({ state: "SENDING", fence: 2, handOver: true });
    expect(run.row).not.toHaveProperty("settledAt");
  });
});

describe("a 200 with a TaskId", () => {
  it("makes the row DELIVERED, is announced, and then acknowledged", () => {
    const run = new Run({}).comesToTheLastChunk().gets(ACCEPTED);
    expect(run.row).toMatchObject({ state: "DELIVERED", taskId: "task", sentBytes: 1_000, sha256: "ab", media: A });
    for (const gone of ["claimId", "leaseUntil", "settledAt"]) expect(run.row).not.toHaveProperty(gone);
    run.announces();
    expect(run.command).toMatchObject({ do: "acknowledge", reason: "delivered" });
  });

  it("is announced from the row as it was written; the row is read again only where others have changed it", () => {
    const table: Table = { row: undefined };
    const run = new Run({ table }).comesToTheLastChunk().gets(ACCEPTED);
    expect(run.reads).toBe(1);
    expect(run.command).toEqual({ do: "announce", row: table.row });

    const slow = new Run({ table: { row: undefined } }).comesToTheLastChunk();
    slow.table.row = row("NEEDS_REVIEW", { fence: 9 });
    expect(slow.gets(ACCEPTED).reads).toBe(3);
    expect(slow.command).toEqual({ do: "announce", row: slow.table.row });
    expect(slow.row).toMatchObject({ state: "DELIVERED", fence: 9 });
  });

  it("is a fact, whatever others have made of the row meanwhile", () => {
    const run = new Run({}).comesToTheLastChunk();
    run.table.row = { ...row("NEEDS_REVIEW"), fence: 9, error: { type: "ANSWER_UNKNOWN", comment: "" } };
    run.gets(ACCEPTED);
    expect(run.row).toMatchObject({ state: "DELIVERED", taskId: "task" });
    expect(run.row).not.toHaveProperty("error");
  });

  it("is written again when the table failed at it", () => {
    const run = new Run({}).comesToTheLastChunk().before("DELIVERED", () => "lost");
    expect(run.gets(ACCEPTED).row?.state).toBe("DELIVERED");
  });

  it("leaves FINALIZING for a later worker to settle when the table stays away", () => {
    const run = new Run({}).comesToTheLastChunk().before("DELIVERED", () => "lost");
    run.before("read", () => "lost").gets(ACCEPTED);
    expect(run.row?.state).toBe("FINALIZING");
    expect(run.command).toMatchObject({ do: "later", reason: "ledger" });
  });

  it("is no success before the last chunk was sent: job/info has to tell", () => {
    const run = new Run({}).claims().gets(ACCEPTED);
    expect(run.commands.map((command) => command.do)).not.toContain("finish");
    expect(run.row).toMatchObject({ state: "FINALIZING", everUnknown: true, settledAt: COUNTS_FROM_NOW });
    expect(run.command).toMatchObject({ do: "later", reason: "answerUnknown" });
  });
});

describe("an answer that is lost after the last chunk", () => {
  it.each([
    ["a reset, 429, 5xx or silence", UNAVAILABLE],
    ["a truncated 200, HTML, a redirect", UNINTELLIGIBLE],
  ])("(%s) keeps the row in FINALIZING, to be asked for in five minutes", (_what, answer) => {
    const run = new Run({}).comesToTheLastChunk().wait(MINUTE_MS).gets(answer);
    expect(run.row).toMatchObject({ state: "FINALIZING", everUnknown: true, settledAt: COUNTS_FROM_NOW + MINUTE_MS });
    expect(run.command).toMatchObject({ do: "later", at: run.now + 5 * MINUTE_MS, reason: "answerUnknown" });
  });

  it.each([false, true])("settles to DELIVERED as soon as job/info shows media (sending again: %s)", (resend) => {
    const unknown = row("FINALIZING", { ...SETTLED, settledAt: NOW + HOUR_MS });
    const run = new Run({ row: unknown, settings: { resendAfterUnknown: resend } }).seesMedia(true);
    expect(run.row).toMatchObject({ state: "DELIVERED", fence: 5 });
    expect(run.command.do).toBe("announce");
  });

  it("is asked for again while no media may not be believed", () => {
    const run = new Run({ row: row("FINALIZING", { settledAt: NOW + HOUR_MS }), settings: MAY_RESEND }).seesMedia(
      false,
    );
    expect(run.wrote).toEqual([]);
    expect(run.command).toMatchObject({ do: "later", at: NOW + 5 * MINUTE_MS, reason: "answerUnknown" });
  });

  it("is asked for again at settledAt where that is sooner", () => {
    const run = new Run({ row: row("FINALIZING", { settledAt: NOW + MINUTE_MS }) }).seesMedia(false);
    expect(run.command).toMatchObject({ do: "later", at: NOW + MINUTE_MS });
  });

  it("counts the time at which job/info was asked, not that of its answer", () => {
    const unknown = row("FINALIZING", { settledAt: NOW + 1 });
    const run = new Run({ row: unknown, settings: MAY_RESEND }).wait(MINUTE_MS).seesMedia(false, NOW);
    expect(run.row).toMatchObject(unknown);
  });

  it("goes before a person when job/info shows no media", () => {
    const run = new Run({ row: row("FINALIZING", SETTLED) }).seesMedia(false);
    expect(run.row).toMatchObject({ state: "NEEDS_REVIEW", fence: 5, error: { type: "ANSWER_UNKNOWN" } });
    expect(run.announces().command).toMatchObject({ do: "acknowledge", reason: "needsReview" });
  });

  it("is followed by another POST with RESEND_AFTER_UNKNOWN alone", () => {
    const run = new Run({ row: row("FINALIZING", SETTLED), settings: MAY_RESEND }).seesMedia(false);
    expect(run.row).toMatchObject({ state: "SENDING", fence: 5, everUnknown: true, leaseUntil: NOW });
    expect(run.row).not.toHaveProperty("claimId");
    run.claims();
    expect(run.row).toMatchObject({ state: "SENDING", fence: 6, everUnknown: true, posts: 1, claims: 2 });
    expect(run.command.do).toBe("stream");
  });

  it.each([
    ["the POSTs are used up", { posts: 5 }],
    ["cielo24 was given the caller's own URL", { media: URL_OF_CALLER }],
  ])("goes before a person, even so, when %s", (_why, more) => {
    const run = new Run({
      drop: { role: "reconcile" },
      row: row("FINALIZING", { ...SETTLED, ...more }),
      settings: MAY_RESEND,
    });
    expect(run.seesMedia(false).row?.state).toBe("NEEDS_REVIEW");
  });

  it.each([
    [UNAVAILABLE, "unavailable"],
    [BAD_TOKEN, "unavailable"],
    [LOGIN_INVALID, "loginInvalid"],
  ] as const)("stays unknown while job/info cannot be asked (%j)", (answer, reason) => {
    const run = new Run({ row: row("FINALIZING", SETTLED) }).isToldInstead(answer);
    expect(run.wrote).toEqual([]);
    expect(run.command).toMatchObject({ do: "later", reason });
  });

  it("is asked for until the message is too old, where job/info answers what nobody understands", () => {
    const run = new Run({ row: row("FINALIZING", SETTLED) }).isToldInstead(UNINTELLIGIBLE);
    expect(run.row).toMatchObject({ state: "FINALIZING", waiting: { type: "CIELO24_UNINTELLIGIBLE" } });
    expect(run.command).toMatchObject({ do: "later", reason: "unintelligible" });
  });

  it("goes before a person once job/info has refused to tell for a day, and not before it is settled", () => {
    const first = new Run({ row: row("FINALIZING", SETTLED) }).isToldInstead(NO_SUCH_JOB);
    expect(first.row).toMatchObject({ state: "FINALIZING", unknownSince: NOW });
    const refused = { ...SETTLED, unknownSince: NOW - DAY_MS };
    const last = new Run({ row: row("FINALIZING", refused) }).isToldInstead(NO_SUCH_JOB);
    expect(last.row).toMatchObject({ state: "NEEDS_REVIEW", error: NO_SUCH_JOB.error });
    const early = new Run({ row: row("FINALIZING", { ...refused, settledAt: NOW + 1 }) }).isToldInstead(NO_SUCH_JOB);
    expect(early.row?.state).toBe("FINALIZING");
  });
});

describe("a definite refusal", () => {
  it.each([
    ["before the last chunk", () => new Run({}).claims()],
    ["after it", () => new Run({}).comesToTheLastChunk()],
  ])("%s rejects the medium, with cielo24's reason", (_when, begin) => {
    const run = begin().gets(REFUSED);
    expect(run.row).toMatchObject({ state: "REJECTED", rejected: [A.id], error: REFUSED.error });
    expect(run.row?.expiresAt).toBe(NOW / 1000 + 90 * 24 * 3600);
    expect(run.announces().command).toMatchObject({ do: "acknowledge", reason: "rejected" });
  });

  it("rejects when the question before the POST gets it, too", () => {
    const run = new Run({}).finds("current").isToldInstead(REFUSED);
    expect(run.wrote).toEqual(["SENDING", "REJECTED"]);
    expect(run.commands.map((command) => command.do)).not.toContain("stream");
  });

  it.each([
    ["before the last chunk", (run: Run) => run.claims()],
    ["after it", (run: Run) => run.comesToTheLastChunk()],
  ])("%s rejects nothing while an earlier POST may have been accepted", (_when, begin) => {
    const run = new Run({ row: row("SENDING", { ...LEFT_BEHIND, everUnknown: true }) });
    begin(run).gets(REFUSED);
    expect(run.row).toMatchObject({ state: "FINALIZING", everUnknown: true, settledAt: COUNTS_FROM_NOW });
    expect(run.command).toMatchObject({ do: "later", reason: "answerUnknown" });
  });

  it("of the question goes before a person while an earlier POST may have been accepted", () => {
    const run = new Run({ row: row("SENDING", { ...LEFT_BEHIND, everUnknown: true }) }).finds("current");
    expect(run.isToldInstead(REFUSED).row).toMatchObject({ state: "NEEDS_REVIEW", error: REFUSED.error });
  });

  it("is forgotten with the claim that it was to be recorded by", () => {
    const run = new Run({}).finds("current").before("SENDING", () => {
      run.table.row = row("UPLOADING");
      return undefined;
    });
    run.isToldInstead(REFUSED).claims();
    expect(run.command.do).toBe("stream");
  });
});

describe("media that the job has already", () => {
  it("rejects a first POST before gigabytes travel", () => {
    const run = new Run({}).finds("current").seesMedia(true);
    expect(run.row).toMatchObject({ state: "REJECTED", error: { type: "JOB_HAS_MEDIA" } });
  });

  it("is what an earlier POST brought, where an answer was lost", () => {
    const run = new Run({ row: row("SENDING", { ...LEFT_BEHIND, everUnknown: true }) }).finds("current");
    expect(run.seesMedia(true).row).toMatchObject({ state: "DELIVERED", fence: 5 });
  });
});

describe("a token that is refused", () => {
  it("before the last chunk is renewed once, with a new POST of a new stream", () => {
    const run = new Run({}).claims().gets(BAD_TOKEN);
    expect(run.command).toMatchObject({ do: "stream" });
    expect(run.wrote).toEqual(["SENDING"]);
    run.gets(BAD_TOKEN);
    expect(run.command).toMatchObject({ do: "later", reason: "unavailable" });
  });

  it("after the last chunk, as one that expired during the upload, sends anew under the same claim", () => {
    const run = new Run({}).comesToTheLastChunk();
    const claimId = run.row?.claimId;
    run.gets(BAD_TOKEN);
    expect(run.row).toMatchObject({ state: "SENDING", fence: 2, claimId, posts: 0, bytesInVain: 1_000 });
    expect(run.row).not.toHaveProperty("settledAt");
    expect(run.command).toMatchObject({ do: "stream", claim: { fence: 2, claimId } });
    run.holds().gets(ACCEPTED);
    expect(run.row).toMatchObject({ state: "DELIVERED" });
    expect(run.row).not.toHaveProperty("conflicts");
  });

  it("after the last chunk gives the claim back when there is no time for another POST", () => {
    const run = new Run({}).comesToTheLastChunk();
    run.wait(TIME_LEFT_MS - SETTINGS.finalizeReserveMs + 1).gets(BAD_TOKEN);
    expect(run.row).toMatchObject({ state: "SENDING", fence: 2 });
    expect(run.row).not.toHaveProperty("claimId");
    expect(run.command).toMatchObject({ do: "later", reason: "unavailable" });
  });

  it("sends nothing more where the row cannot be moved on", () => {
    const run = new Run({}).comesToTheLastChunk().before("SENDING", () => "lost");
    expect(run.gets(BAD_TOKEN).command).toMatchObject({ do: "later", reason: "lostClaim" });
    const lost = new Run({}).comesToTheLastChunk().before("SENDING", () => "answerLost");
    expect(lost.gets(BAD_TOKEN).command).toMatchObject({ do: "stream" });
  });
});

describe("credentials that are wrong", () => {
  it("keep the message, before a claim and after it", () => {
    const asked = new Run({}).finds("current").isToldInstead(LOGIN_INVALID);
    expect(asked.command).toMatchObject({ do: "later", reason: "loginInvalid" });
    expect(asked.row).toMatchObject({ state: "SENDING", waiting: { type: "CIELO24_LOGIN_INVALID" } });
    const posted = new Run({}).claims().gets(LOGIN_INVALID);
    expect(posted.command).toMatchObject({ do: "later", reason: "loginInvalid" });
    expect(posted.row).toMatchObject({ state: "SENDING", leaseUntil: NOW });
    const last = new Run({}).comesToTheLastChunk().gets(LOGIN_INVALID);
    expect(last.row).toMatchObject({ state: "SENDING", leaseUntil: NOW });
  });
});

describe("a cielo24 that is down", () => {
  it("costs nothing before the claim, and the row says what it waits for", () => {
    const run = new Run({}).finds("current").isToldInstead(UNAVAILABLE);
    expect(run.row).toMatchObject({ state: "SENDING", claims: 0, waiting: { type: "CIELO24_UNAVAILABLE" } });
    expect(run.command).toMatchObject({ do: "later", reason: "unavailable" });
  });

  it("before the last chunk leaves a row that the next worker takes over", () => {
    const table: Table = { row: undefined };
    new Run({ table }).claims().gets(UNAVAILABLE);
    expect(table.row).toMatchObject({ state: "SENDING", fence: 2, leaseUntil: NOW });
    const next = new Run({ table, name: "01", now: table.row?.notBefore ?? NOW }).claims();
    expect(next.row).toMatchObject({ state: "SENDING", fence: 3, claimId: RANDOM, claims: 2, posts: 0 });
  });

  it.each([
    ["at least as long as it asks for", 90 * SECOND_MS, 90 * SECOND_MS],
    ["as long as without its word where that is longer", SECOND_MS, MINUTE_MS],
    ["as long as without its word where that is now", 0, MINUTE_MS],
    ["at most two hours on its word", 1e12, 2 * HOUR_MS],
  ])("is left alone %s", (_how, retryAfterMs, waitMs) => {
    const asked = new Run({}).finds("current").isToldInstead({ is: "unavailable", retryAfterMs });
    expect(asked.command).toMatchObject({ do: "later", at: NOW + waitMs });
    expect(asked.row?.notBefore).toBe(NOW + waitMs);
    const posted = new Run({}).claims().gets({ is: "unavailable", retryAfterMs });
    expect(posted.command).toMatchObject({ do: "later", at: NOW + waitMs });
  });

  it("is tried again after a jittered wait of 60 s to an hour, which grows with the receives", () => {
    const waitsMs = (receiveCount: number, random: string) => {
      const run = new Run({ drop: { receiveCount }, jitter: random }).finds("current").isToldInstead(UNAVAILABLE);
      return run.command.do === "later" ? run.command.at - NOW : undefined;
    };
    expect(waitsMs(1, "00000000")).toBe(MINUTE_MS);
    expect(waitsMs(1, "80000000")).toBe(1.5 * MINUTE_MS);
    expect(waitsMs(2, "80000000")).toBe(2.5 * MINUTE_MS);
    expect(waitsMs(100, "00000000")).toBe(MINUTE_MS);
    expect(waitsMs(100, "80000000")).toBe(30.5 * MINUTE_MS);
  });
});

describe("a table that fails", () => {
  it("before the claim lets no POST begin", () => {
    const run = new Run({ cannotRead: true });
    expect(run.commands).toMatchObject([{ do: "later", reason: "ledger" }]);
  });

  it("at the claim lets no POST begin unless the claim is read back", () => {
    const lost = new Run({}).finds("current").before("SENDING", () => "lost");
    lost.before("read", () => "lost").seesMedia(false);
    expect(lost.command).toMatchObject({ do: "later", reason: "ledger" });
    const answerLost = new Run({}).finds("current").before("SENDING", () => "answerLost");
    expect(answerLost.seesMedia(false).command.do).toBe("stream");
  });

  it("at the claim does not take another worker's claim with the same fence for one's own", () => {
    const run = new Run({}).finds("current").before("SENDING", () => {
      run.table.row = { ...row("SENDING", UNDER_WAY), fence: 1 };
      return undefined;
    });
    expect(run.seesMedia(false).command).toMatchObject({ do: "later", reason: "underWay" });
  });

  it("at giving back leaves the lease to run out", () => {
    const run = new Run({}).claims().before("SENDING", () => "lost");
    expect(run.gets(UNAVAILABLE).command).toMatchObject({ do: "later", reason: "unavailable" });
    expect(run.row).toMatchObject({ state: "SENDING", fence: 1 });
  });

  it("is not read for ever where others keep changing the row", () => {
    const run = new Run({});
    for (let fence = 1; run.command.do === "inspect"; fence += 1) {
      run.finds("current").before("SENDING", () => {
        run.table.row = { ...row("UPLOADING"), fence };
        return undefined;
      });
      run.seesMedia(false);
      expect(fence).toBeLessThan(20);
    }
    expect(run.command).toMatchObject({ do: "later", reason: "ledger" });
  });
});

describe("an object", () => {
  it.each([
    ["gone", "OBJECT_GONE"],
    ["deleted", "WITHDRAWN"],
  ] as const)("that is %s before anything was sent is rejected without a POST", (status, type) => {
    const run = new Run({}).finds(status);
    expect(run.row).toMatchObject({ state: "REJECTED", rejected: [A.id], error: { type } });
    expect(run.commands.map((command) => command.do)).toEqual(["inspect", "announce"]);
  });

  it("that is gone for good is rejected later, too", () => {
    expect(new Run({ row: row("SENDING", LEFT_BEHIND) }).finds("gone").row?.state).toBe("REJECTED");
    expect(new Run({}).claims().breaks("OBJECT_GONE").row?.state).toBe("REJECTED");
  });

  it("that a newer version supersedes is acknowledged, and leaves the job to that", () => {
    const run = new Run({}).finds("superseded");
    expect(run.row).toBeUndefined();
    expect(run.command).toMatchObject({ do: "acknowledge", reason: "superseded" });
  });

  it("that is empty is rejected without a POST", () => {
    expect(new Run({}).finds("current", 0).row).toMatchObject({ state: "REJECTED", error: { type: "EMPTY_OBJECT" } });
  });

  it("of the largest size is sent, one byte more is rejected", () => {
    expect(new Run({}).finds("current", SETTINGS.maxMediaBytes).seesMedia(false).command.do).toBe("stream");
    const { row: rejected } = new Run({}).finds("current", SETTINGS.maxMediaBytes + 1);
    expect(rejected).toMatchObject({ state: "REJECTED", error: { type: "MEDIA_TOO_LARGE" } });
  });

  it("that cannot be measured comes back later, without a POST", () => {
    expect(new Run({}).cannotMeasure().command).toMatchObject({ do: "later", reason: "source" });
  });

  it.each(["OBJECT_CHANGED", "READ_FAILED"] as const)(
    "whose reading ends in %s is sent anew by a later worker",
    (code) => {
      const run = new Run({}).claims().breaks(code);
      expect(run.row).toMatchObject({ state: "SENDING", fence: 2, leaseUntil: NOW });
      expect(run.command).toMatchObject({ do: "later", reason: "source" });
    },
  );
});

describe("a hand-over", () => {
  const handOver = () => new Run({ row: row("SENDING", { ...LEFT_BEHIND, handOver: true }) }).claims();

  it("follows when the rate is too slow for the time left", () => {
    const table: Table = { row: undefined };
    const slow = new Run({ table }).claims().isTooSlow();
    expect(slow.row).toMatchObject({ state: "SENDING", fence: 2, handOver: true });
    expect(slow.command).toMatchObject({ do: "later", at: NOW, reason: "tooSlow" });
    expect(new Run({ table, name: "01" }).claims().command.do).toBe("handOver");
  });

  it("is on record, with its capability, before cielo24 gets the URL", () => {
    const run = handOver();
    expect(run.command).toMatchObject({ do: "handOver", row: { capability: run.row?.capability } });
    expect(run.row).toMatchObject({
      state: "FINALIZING",
      capability: RANDOM,
      capabilityUntil: NOW + 6 * HOUR_MS,
      settledAt: COUNTS_FROM_NOW + TIME_LEFT_MS + 11 * HOUR_MS,
    });
  });

  it("is no delivery yet when cielo24 takes the URL", () => {
    const run = handOver().gets(ACCEPTED);
    expect(run.row).toMatchObject({ state: "FINALIZING", taskId: "task", settledAt: COUNTS_FROM_NOW + 11 * HOUR_MS });
    expect(run.command).toMatchObject({ do: "later", at: NOW + 15 * MINUTE_MS, reason: "handedOver" });
  });

  it("is a delivery when job/info shows the media; until then it is asked every 15 minutes", () => {
    const { row: handed } = handOver().gets(ACCEPTED);
    if (!handed) throw new Error("handed over without a row");
    const now = NOW + 15 * MINUTE_MS;
    const early = new Run({ row: handed, now }).seesMedia(false);
    expect(early.command).toMatchObject({ do: "later", at: now + 15 * MINUTE_MS, reason: "handedOver" });
    const { row: delivered } = new Run({ row: handed, now }).seesMedia(true);
    expect(delivered).toMatchObject({ state: "DELIVERED", taskId: "task" });
    expect(delivered).not.toHaveProperty("capability");
  });

  it("that cielo24 refuses is a rejection, and one without an answer stays unknown", () => {
    expect(handOver().gets(REFUSED).row?.state).toBe("REJECTED");
    expect(handOver().gets(UNAVAILABLE).row).toMatchObject({ state: "FINALIZING", everUnknown: true });
  });

  it("is all there is with DELIVERY_MODE url, and never happens with stream", () => {
    expect(new Run({ settings: { mode: "url" } }).claims().command.do).toBe("handOver");
    const asked = row("SENDING", { ...LEFT_BEHIND, handOver: true });
    expect(new Run({ row: asked, settings: { mode: "stream" } }).claims().command.do).toBe("stream");
    const slow = new Run({ settings: { mode: "stream" } }).claims().isTooSlow();
    expect(slow.row).not.toHaveProperty("handOver");
  });

  it("is not begun without the time for it, and backs out untouched", () => {
    const handing = row("SENDING", { ...LEFT_BEHIND, handOver: true });
    const late = new Run({ row: handing, timeLeftMs: SETTINGS.finalizeReserveMs - 1 }).claims();
    expect(late.row).toMatchObject({ state: "SENDING", fence: 6, handOver: true });
    expect(late.row).not.toHaveProperty("capability");
    const run = new Run({ row: handing }).finds("current").before("FINALIZING", () => {
      run.wait(run.timeLeftMs - 1);
      return undefined;
    });
    run.seesMedia(false);
    expect(run.row).toMatchObject({ state: "SENDING", fence: 6, handOver: true });
    expect(run.row).not.toHaveProperty("capability");
  });
});

describe("the last chance of a message", () => {
  const last = (more: ConstructorParameters<typeof Run>[0]) =>
    new Run({ ...more, drop: { lastChance: true, ...more.drop } });

  it("puts before a person what could not be sent", () => {
    const run = last({}).finds("current").isToldInstead(UNAVAILABLE);
    expect(run.row).toMatchObject({ state: "NEEDS_REVIEW", media: A, error: { type: "GAVE_UP" } });
    expect(run.row?.error?.comment).toContain("unavailable");
    expect(run.announces().command).toMatchObject({ do: "acknowledge", reason: "needsReview" });
  });

  it("puts before a person what nobody can know yet, and keeps settledAt for an operator", () => {
    const run = last({ row: row("FINALIZING", { settledAt: NOW + HOUR_MS }) }).seesMedia(false);
    expect(run.row).toMatchObject({ state: "NEEDS_REVIEW", settledAt: NOW + HOUR_MS });
  });

  it("sends nothing again that nobody would look after", () => {
    const run = last({ row: row("FINALIZING", SETTLED), settings: MAY_RESEND }).seesMedia(false);
    expect(run.row?.state).toBe("NEEDS_REVIEW");
  });

  it("sends what can be sent", () => {
    const run = last({}).comesToTheLastChunk().gets(ACCEPTED);
    expect(run.announces().command).toMatchObject({ do: "acknowledge", reason: "delivered" });
  });

  it.each([
    ["a live claim of another worker", row("SENDING", UNDER_WAY)],
    ["a hand-over that may still be pulled", row("FINALIZING", { handOver: true, settledAt: NOW + 1 })],
  ])("does not disturb %s", (_what, before) => {
    const run = last({ row: before });
    while (run.command.do === "ask") run.seesMedia(false);
    expect(run.row).toEqual(before);
    expect(run.command.do).toBe("later");
  });
});

describe("an HTTP caller with a URL", () => {
  const call = (before?: Row) =>
    new Run({
      drop: { role: "caller", media: URL_OF_CALLER },
      ...(before ? { row: before } : {}),
      timeLeftMs: HOUR_MS,
    });

  it("claims the job and has FINALIZING on record before cielo24 gets the URL", () => {
    const run = call().seesMedia(false);
    expect(run.wrote).toEqual(["SENDING", "FINALIZING"]);
    expect(run.command.do).toBe("handOver");
    expect(run.row).not.toHaveProperty("capability");
    run.gets(ACCEPTED);
    expect(run.row).toMatchObject({ state: "DELIVERED", taskId: "task", media: URL_OF_CALLER });
  });

  it.each([[row("SENDING", UNDER_WAY)], [row("SENDING", LEFT_BEHIND)], [row("FINALIZING", SETTLED)]])(
    "is told that a delivery is under way, at once",
    (before) => {
      const run = call(before);
      expect(run.row).toEqual(before);
      expect(run.commands).toMatchObject([{ do: "later", reason: "underWay" }]);
    },
  );

  it.each(["DELIVERED", "NEEDS_REVIEW"] as const)(
    "learns from a row in %s that there is nothing to do, which is no conflict",
    (state) => {
      const run = call(row(state, { announced: true }));
      expect(run.commands).toMatchObject([{ do: "acknowledge", reason: "hasMedia" }]);
      expect(run.row).not.toHaveProperty("conflicts");
    },
  );

  it("is told what cielo24 says before anything is claimed, and leaves no row", () => {
    expect(call().seesMedia(true).command).toMatchObject({ do: "acknowledge", reason: "hasMedia" });
    const refused = call().isToldInstead(REFUSED);
    expect(refused.command).toMatchObject({ do: "acknowledge", reason: "refused", error: REFUSED.error });
    const odd = call().isToldInstead(UNINTELLIGIBLE);
    expect(odd.command).toMatchObject({ do: "later", reason: "unintelligible" });
    for (const run of [refused, odd]) expect(run.row).toBeUndefined();
  });

  it("finds the job free again after a refusal", () => {
    const run = call().seesMedia(false).gets(REFUSED);
    expect(run.row).toMatchObject({ state: "REJECTED", rejected: [], error: REFUSED.error });
    expect(run.announces().command).toMatchObject({ do: "acknowledge", reason: "rejected" });
  });

  it("leaves an unknown answer to the message that looks after the row", () => {
    const run = call().seesMedia(false).gets(UNAVAILABLE);
    expect(run.row).toMatchObject({ state: "FINALIZING", everUnknown: true });
    const settled = { ...row("FINALIZING"), ...run.row, settledAt: NOW, notBefore: NOW };
    const later = new Run({ drop: { role: "reconcile" }, row: settled });
    expect(later.seesMedia(false).row).toMatchObject({ state: "NEEDS_REVIEW", media: URL_OF_CALLER });
  });

  it("who died before the URL went out has the job freed by that message", () => {
    const run = new Run({ drop: { role: "reconcile" }, row: row("SENDING", { ...LEFT_BEHIND, media: URL_OF_CALLER }) });
    expect(run.row).toMatchObject({ state: "REJECTED", error: { type: "CALL_ABANDONED" } });
    expect(run.announces().command).toMatchObject({ do: "acknowledge", reason: "rejected" });
  });

  it.each([undefined, row("UPLOADING")])("who claimed nothing leaves that message nothing to do", (before) => {
    const run = new Run({ drop: { role: "reconcile" }, ...(before ? { row: before } : {}) });
    expect(run.commands).toMatchObject([{ do: "acknowledge", reason: "nothingToDo" }]);
  });

  it("and a dropped object share one row with one winner", () => {
    const table: Table = { row: undefined };
    const object = new Run({ table }).finds("current");
    const caller = new Run({ table, name: "01", drop: { role: "caller", media: URL_OF_CALLER } });
    object.seesMedia(false);
    caller.seesMedia(false);
    expect(object.command.do).toBe("stream");
    expect(caller.command).toMatchObject({ do: "later", reason: "underWay" });
  });

  it("gets its body sent under the same rules, and the job back when cielo24 is down", () => {
    const body = { id: "body:d", kind: "body" } as const;
    const run = new Run({ drop: { role: "caller", media: body, sizeBytes: 7 } }).seesMedia(false);
    expect(run.row).toMatchObject({ state: "SENDING", sizeBytes: 7 });
    run.gets(UNAVAILABLE);
    expect(run.row).toMatchObject({ state: "REJECTED", error: { type: "CIELO24_UNAVAILABLE" } });
  });
});

describe("an event that does not fit", () => {
  it("is an error of the program", () => {
    expect(() => new Run({}).finds("current").seesMedia(false).seesMedia(false)).toThrow("does not answer stream");
  });
});

describe("an upload that never arrives", () => {
  const LIFE_MS = 9 * 24 * HOUR_MS;
  const begun = (agoMs: number): Row => ({ jobId: JOB_ID, state: "UPLOADING", fence: 4, updatedAt: NOW - agoMs });

  it("is left alone for as long as it may arrive", () => {
    const run = new Run({ drop: { role: "reconcile" }, row: begun(LIFE_MS - 1) });
    expect(run.command).toMatchObject({ do: "acknowledge", reason: "nothingToDo" });
    expect(run.wrote).toEqual([]);
  });

  it("is rejected after that, and announced", () => {
    const run = new Run({ drop: { role: "reconcile" }, row: begun(LIFE_MS) });
    expect(run.row).toMatchObject({ state: "REJECTED", fence: 5, error: { type: "TIMED_OUT" }, rejected: [] });
    expect(run.announces().command).toMatchObject({ do: "acknowledge", reason: "rejected" });
  });

  it("is delivered all the same if it arrives later still", () => {
    const timedOut = new Run({ drop: { role: "reconcile" }, row: begun(LIFE_MS) }).announces();
    const run = new Run({ table: timedOut.table }).finds("current").seesMedia(false);
    expect(run.command.do).toBe("stream");
  });
});

describe("an object that comes for a cancelled upload", () => {
  const CANCELLED = row("REJECTED", { media: B, cancelledAt: NOW - MINUTE_MS, announced: true, rejected: [B.id] });

  it("is rejected unseen, and its rejection announced", () => {
    const run = new Run({ row: CANCELLED });
    expect(run.row).toMatchObject({
      state: "REJECTED",
      media: A,
      error: { type: "CANCELLED" },
      rejected: [B.id, A.id],
    });
    expect(run.announces().row).toMatchObject({ cancelledAt: NOW - MINUTE_MS, announced: true });
    expect(run.command).toMatchObject({ do: "acknowledge", reason: "rejected" });
  });

  it("is rejected, too, after the worker died that was about to", () => {
    const run = new Run({ row: { ...row("SENDING", LEFT_BEHIND), cancelledAt: NOW } });
    expect(run.row).toMatchObject({ state: "REJECTED", error: { type: "CANCELLED" }, cancelledAt: NOW });
  });

  it("is sent if an operator says so, and what else comes is not", () => {
    const decision = { what: "resend", object: B.id, fence: 4, by: "jo", why: "asked for" } as const;
    const run = new Run({ drop: { role: "operator", decision }, row: CANCELLED }).finds("current").seesMedia(false);
    expect(run.command).toMatchObject({ do: "stream" });
    const refused = new Run({ row: { ...CANCELLED, decision: { ...decision, at: NOW } } });
    expect(refused.row).toMatchObject({ state: "REJECTED", media: A, error: { type: "CANCELLED" } });
  });

  const uploaded = (uploadId: string) =>
    ({ id: `object:${uploadId}`, kind: "object", key: `media/${JOB_ID}/${uploadId}/f.mp4`, versionId: "1" }) as const;
  const OLD = uploaded("a".repeat(32));
  const NEW = uploaded("b".repeat(32));
  const SIGNED = { cancelledAt: NOW, signedAfter: ["b".repeat(32)] };
  const SIGNED_AGAIN = row("UPLOADING", { ...SIGNED, rejected: [B.id] });

  it("is set aside once another upload is signed, and ends nothing that has begun since", () => {
    for (const before of [SIGNED_AGAIN, row("REJECTED", { media: B, announced: true, ...SIGNED, rejected: [B.id] })]) {
      const run = new Run({ drop: { media: OLD, arrivedAt: NOW + HOUR_MS }, row: before });
      expect(run.row).toEqual({ ...before, fence: 5, rejected: [B.id, OLD.id] });
      expect(run.command).toMatchObject({ do: "acknowledge", reason: "rejected" });
    }
  });

  it("is sent if its own upload was signed after the cancellation, whatever S3's clock says", () => {
    const run = new Run({ drop: { media: NEW, arrivedAt: NOW - HOUR_MS }, row: SIGNED_AGAIN });
    expect(run.finds("current").seesMedia(false).command).toMatchObject({ do: "stream" });
    const again = new Run({
      drop: { role: "reconcile" },
      row: row("SENDING", { media: NEW, ...LEFT_BEHIND, ...SIGNED }),
    });
    expect(again.finds("current").seesMedia(false).command).toMatchObject({ do: "stream" });
  });

  it("is sent if an operator dropped it after the cancellation, once another upload is signed", () => {
    const drop = { media: A, isOperators: true };
    const settings = { dropSettleMs: 0 };
    const after = new Run({ drop: { ...drop, arrivedAt: NOW + 1 }, row: SIGNED_AGAIN, settings });
    expect(after.command).toMatchObject({ do: "inspect", media: A });
    const before = new Run({ drop: { ...drop, arrivedAt: NOW }, row: SIGNED_AGAIN, settings });
    expect(before.row).toMatchObject({ state: "UPLOADING", rejected: [B.id, A.id] });
    const left = row("SENDING", { ...LEFT_BEHIND, ...SIGNED, droppedAt: NOW + 1 });
    expect(new Run({ drop: { role: "reconcile" }, row: left }).command).toMatchObject({ do: "inspect", media: A });
  });

  it("does not keep a caller from sending media of their own", () => {
    const run = new Run({ drop: { role: "caller", media: URL_OF_CALLER }, row: CANCELLED }).seesMedia(false);
    expect(run.row).toMatchObject({ state: "FINALIZING", media: URL_OF_CALLER });
  });
});
