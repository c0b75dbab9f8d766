import { describe, expect, it } from "@jest/globals";
import type { Reply, OperatorDecision } from "../../../../lib/delivery/machine/protocol.ts";
import type { Row } from "../../../../lib/delivery/machine/row.ts";
import { REJECTED_KEPT } from "../../../../lib/delivery/machine/transitions.ts";
import { A, B, HOUR_MS, MINUTE_MS, NOW, row, Run, SETTINGS, URL_OF_CALLER, type Table } from "./machine-driver.ts";

/** What waits, what counts as an attempt, and who may decide what: nothing is given up that was never in doubt. */

type Failure = Exclude<Reply, { is: "accepted" }>;

const UNAVAILABLE: Failure = { is: "unavailable" };
const ANSWERED_ERROR: Failure = { is: "unavailable", isAnsweredError: true };
const UNINTELLIGIBLE: Failure = { is: "unintelligible", error: { type: "CIELO24_ANSWER_UNKNOWN", comment: "?" } };
const ACCOUNT_REFUSED: Failure = { is: "accountRefused", error: { type: "ACCOUNT_UNPRIVILEGED", comment: "no" } };
const LOGIN_INVALID: Failure = { is: "loginInvalid" };
const NO_SUCH_JOB: Failure = { is: "refused", error: { type: "ITEM_NOT_FOUND", comment: "no" } };
const INVALID_URL: Failure = { is: "refused", error: { type: "INVALID_URL", comment: "no" } };
const REFUSED: Failure = { is: "refused", error: { type: "INVALID_QUERY", comment: "no" } };
const SETTLED_AFTER_ERROR = NOW + SETTINGS.clockSkewMs + SETTINGS.serverErrorSettleMs;
const LEFT_BEHIND = { claimId: "other", leaseUntil: NOW, claims: 1, posts: 1 };

const reasonOf = ({ command }: Run) => (command.do === "later" ? command.reason : command.do);

describe("an object that cannot be sent yet", () => {
  it.each([
    [UNAVAILABLE, "unavailable", "CIELO24_UNAVAILABLE"],
    [{ is: "badToken" }, "unavailable", "CIELO24_UNAVAILABLE"],
    [LOGIN_INVALID, "loginInvalid", "CIELO24_LOGIN_INVALID"],
    [ACCOUNT_REFUSED, "accountRefused", "CIELO24_ACCOUNT_REFUSED"],
    [UNINTELLIGIBLE, "unintelligible", "CIELO24_UNINTELLIGIBLE"],
    [NO_SUCH_JOB, "jobUnknown", "ITEM_NOT_FOUND"],
  ] as const)("waits, and its row says until when and for what, where job/info says %j", (answer, reason, type) => {
    const run = new Run({}).finds("current").isToldInstead(answer);
    expect(reasonOf(run)).toBe(reason);
    expect(run.row).toMatchObject({
      state: "SENDING",
      media: A,
      claims: 0,
      notBefore: NOW + MINUTE_MS,
      waiting: { type },
    });
    expect(run.row).not.toHaveProperty("claimId");
    expect(run.row).not.toHaveProperty("posts");
  });

  it.each([
    ["READ_FAILED", "source", "STORE_UNAVAILABLE"],
    ["ACCESS_REFUSED", "accessRefused", "OBJECT_ACCESS_REFUSED"],
  ] as const)("waits where S3 says %s, with S3's own code", (code, reason, type) => {
    const run = new Run({}).cannotMeasure(code, "AccessDenied");
    expect(reasonOf(run)).toBe(reason);
    expect(run.row).toMatchObject({ state: "SENDING", waiting: { type } });
    expect(run.row?.waiting?.comment).toContain("AccessDenied");
  });

  it("is sent as soon as the cause is gone, and says nothing of it any more", () => {
    const table: Table = { row: undefined };
    new Run({ table }).finds("current").isToldInstead(LOGIN_INVALID);
    const next = new Run({ table, now: NOW + MINUTE_MS, name: "01" }).claims();
    expect(next.command.do).toBe("stream");
    expect(next.row).toMatchObject({ state: "SENDING", claims: 1 });
    for (const gone of ["waiting", "notBefore"]) expect(next.row).not.toHaveProperty(gone);
  });

  it.each(["queue", "reconcile"] as const)("is touched by nobody before its time, the %s included", (role) => {
    const waits = row("SENDING", { claims: 0, notBefore: NOW + HOUR_MS, leaseUntil: NOW });
    const run = new Run({ drop: { role }, row: waits });
    expect(run.commands).toMatchObject([{ do: "later", at: NOW + HOUR_MS, reason: "notDue" }]);
    expect(run.row).toEqual(waits);
  });

  it("keeps another object of the job waiting behind it, and a caller out", () => {
    const waits = row("SENDING", { claims: 0, notBefore: NOW + HOUR_MS, leaseUntil: NOW });
    expect(reasonOf(new Run({ drop: { media: B }, row: waits }))).toBe("underWay");
    expect(reasonOf(new Run({ drop: { role: "caller", media: URL_OF_CALLER }, row: waits }))).toBe("underWay");
  });

  it("makes room for a newer version of it, if none of it was ever sent", () => {
    const waits = row("SENDING", { claims: 0, sentBytes: 0, leaseUntil: NOW, waiting: { type: "X", comment: "" } });
    const run = new Run({ row: waits }).finds("superseded");
    expect(run.row).toEqual({
      jobId: waits.jobId,
      state: "UPLOADING",
      schemaVersion: 1,
      fence: 5,
      updatedAt: NOW,
      expiresAt: (NOW + SETTINGS.expiryMs) / 1000,
    });
    expect(run.command).toMatchObject({ do: "acknowledge", reason: "superseded" });
    expect(new Run({ row: row("SENDING", LEFT_BEHIND) }).finds("superseded").command.do).toBe("ask");
  });

  it("takes the place of an announced rejection, which stays known", () => {
    const rejected = row("REJECTED", { announced: true, rejected: [A.id], error: { type: "X", comment: "" } });
    const run = new Run({ drop: { media: B }, row: rejected }).finds("current").isToldInstead(UNAVAILABLE);
    expect(run.row).toMatchObject({ state: "SENDING", media: B, rejected: [A.id] });
    expect(run.row).not.toHaveProperty("error");
  });

  it("waits, too, where the job's list of rejected objects is full: none may be forgotten", () => {
    const rejected = Array.from({ length: REJECTED_KEPT }, (_, at) => `object:${at}`);
    const run = new Run({ row: row("REJECTED", { announced: true, media: B, rejected }) });
    expect(reasonOf(run)).toBe("tooManyRejected");
  });
});

describe("a job that cielo24 does not know", () => {
  const since = (ms: number) =>
    new Run({ row: row("SENDING", { claims: 0, leaseUntil: NOW, unknownSince: NOW - ms }) }).finds("current");

  it("is asked for a day, then its object is rejected", () => {
    expect(since(23 * HOUR_MS).isToldInstead(NO_SUCH_JOB).row).toMatchObject({
      state: "SENDING",
      unknownSince: NOW - 23 * HOUR_MS,
    });
    expect(since(24 * HOUR_MS).isToldInstead(NO_SUCH_JOB).row).toMatchObject({
      state: "REJECTED",
      error: { type: "ITEM_NOT_FOUND" },
    });
  });

  it("has its day, whatever else is in the way meanwhile, and a new one once it was known", () => {
    expect(since(HOUR_MS).isToldInstead(UNAVAILABLE).row?.unknownSince).toBe(NOW - HOUR_MS);
    expect(since(HOUR_MS).seesMedia(false).row).not.toHaveProperty("unknownSince");
  });
});

describe("an object that says itself that it cannot be a medium", () => {
  it.each([
    [{ isArchived: true }, "OBJECT_ARCHIVED"],
    [{ contentType: "multipart/form-data; boundary=x" }, "FORM_ENVELOPE"],
  ] as const)("(%j) is rejected, and the job stays free", (facts, type) => {
    const run = new Run({}).finds("current", 1_000, facts);
    expect(run.row).toMatchObject({ state: "REJECTED", error: { type }, rejected: [A.id] });
    run.announces();
    expect(new Run({ drop: { media: B }, table: run.table }).command).toMatchObject({ do: "inspect", media: B });
  });

  it("is rejected where only reading it shows that it lies in an archive", () => {
    expect(new Run({}).claims().breaks("OBJECT_ARCHIVED").row).toMatchObject({
      state: "REJECTED",
      error: { type: "OBJECT_ARCHIVED" },
    });
  });
});

describe("a POST that cannot have been accepted", () => {
  it.each([UNAVAILABLE, UNINTELLIGIBLE, ACCOUNT_REFUSED, LOGIN_INVALID])(
    "costs no attempt before the last chunk (%j), however often",
    (answer) => {
      const table: Table = { row: undefined };
      let now = NOW;
      for (let time = 1; time <= 20; time += 1) {
        new Run({ table, now, name: time.toString(16).padStart(2, "0") }).claims().gets(answer, 0);
        expect(table.row).toMatchObject({ state: "SENDING", claims: time, posts: 0 });
        now = table.row?.notBefore ?? now;
      }
    },
  );

  it("costs none behind the last chunk where the account is refused, and none where the token is", () => {
    expect(new Run({}).comesToTheLastChunk().gets(ACCOUNT_REFUSED).row).toMatchObject({ state: "SENDING", posts: 0 });
    const token = new Run({}).comesToTheLastChunk().gets({ is: "badToken" });
    expect(token.row).toMatchObject({ state: "SENDING", posts: 0 });
    expect(token.holds().gets({ is: "badToken" }).row).toMatchObject({ state: "SENDING", posts: 0 });
  });

  it("waits for S3's permission, or another try, with its cause on the row", () => {
    const run = new Run({}).claims().breaks("ACCESS_REFUSED", { storeCode: "KMS.DisabledException" });
    expect(run.row).toMatchObject({ state: "SENDING", waiting: { type: "OBJECT_ACCESS_REFUSED" } });
    expect(run.row?.waiting?.comment).toContain("KMS.DisabledException");
  });
});

describe("bytes that were carried in vain", () => {
  const after = (bytesInVain: number, more: Partial<Row> = {}) =>
    new Run({
      row: row("SENDING", { leaseUntil: NOW, claims: 5, posts: 0, sizeBytes: 1_000, bytesInVain, ...more }),
    }).claims();

  it("are counted over all POSTs", () => {
    const table: Table = { row: undefined };
    new Run({ table }).claims().gets(UNAVAILABLE, 700);
    expect(table.row).toMatchObject({ sentBytes: 700 });
    const next = new Run({ table, now: table.row?.notBefore ?? NOW }).claims();
    expect(next.row).toMatchObject({ bytesInVain: 700, sentBytes: 0 });
  });

  it.each([
    [4_000, 1_000, MINUTE_MS],
    [5_000, 1, HOUR_MS],
    [6_000, 1, 2 * HOUR_MS],
    [7_000, 1, 4 * HOUR_MS],
    [90_000, 1, 6 * HOUR_MS],
  ])("after %i and %i more of 1000 make the next pause at least that long", (before, sentBytes, pauseMs) => {
    const run = after(before).gets(UNAVAILABLE, sentBytes);
    expect(run.row?.notBefore).toBe(NOW + pauseMs);
    expect(run.command).toMatchObject({ do: "later", at: NOW + pauseMs });
  });

  it("are told of once, at the POST that makes them too many, also where its worker died", () => {
    const told = (run: Run) => run.writes.filter(({ isCostly }) => isCostly).map(({ row: at }) => at?.bytesInVain);
    expect(told(after(4_900).gets(UNAVAILABLE, 101))).toEqual([4_900]);
    expect(told(after(4_900).gets(UNAVAILABLE, 100))).toEqual([]);
    expect(told(after(5_001).gets(UNAVAILABLE, 900))).toEqual([]);
    const died = { ...LEFT_BEHIND, leaseUntil: NOW - HOUR_MS, sizeBytes: 1_000, sentBytes: 900 };
    expect(told(new Run({ row: row("SENDING", { ...died, bytesInVain: 4_500 }) }).claims())).toEqual([5_400]);
  });

  it("make a pause, too, where there would be none, or where the worker died", () => {
    const slow = after(6_000);
    slow.isTooSlow();
    expect(slow.row?.notBefore).toBe(NOW + 2 * HOUR_MS);
    const died = row("SENDING", { ...LEFT_BEHIND, sizeBytes: 1_000, bytesInVain: 5_000, sentBytes: 900 });
    expect(new Run({ row: died }).command).toMatchObject({ do: "later", at: NOW + HOUR_MS, reason: "notDue" });
  });
});

describe("an error that cielo24 answers behind the whole body", () => {
  it("is in doubt for hours, and costs an attempt", () => {
    const run = new Run({}).comesToTheLastChunk().gets(ANSWERED_ERROR);
    expect(run.row).toMatchObject({
      state: "FINALIZING",
      everUnknown: true,
      answeredError: true,
      posts: 1,
      settledAt: SETTLED_AFTER_ERROR,
      notBefore: NOW + 30 * MINUTE_MS,
    });
    expect(reasonOf(run)).toBe("answeredError");
  });

  it.each([
    [1, 1],
    [2, 2],
    [3, 4],
    [4, 6],
    [5, 6],
  ])("is given longer each time: POST %i, %i times as long", (post, factor) => {
    const before = row("SENDING", { leaseUntil: NOW, claims: post, posts: post - 1, everUnknown: true });
    const run = new Run({ row: before }).comesToTheLastChunk().gets(ANSWERED_ERROR);
    expect(run.row?.settledAt).toBe(NOW + SETTINGS.clockSkewMs + factor * SETTINGS.serverErrorSettleMs);
  });

  const settled = (more: Partial<Row> = {}, settings = {}) =>
    new Run({
      row: row("FINALIZING", { claims: 1, posts: 1, everUnknown: true, answeredError: true, settledAt: NOW, ...more }),
      settings,
    });

  it("is sent again once settled without media, and stays in doubt: no later 400 rejects", () => {
    const run = settled().seesMedia(false);
    expect(run.row).toMatchObject({ state: "SENDING", everUnknown: true, posts: 1 });
    expect(run.row).not.toHaveProperty("answeredError");
    run.claims().gets(REFUSED);
    expect(run.row).toMatchObject({ state: "FINALIZING", everUnknown: true });
  });

  it("is delivered where job/info shows the media, at any time", () => {
    expect(settled({ settledAt: NOW + HOUR_MS }).seesMedia(true).row?.state).toBe("DELIVERED");
  });

  it.each([
    ["where nothing is sent again", {}, { resendAfterServerError: false }],
    ["after five POSTs", { posts: 5 }, {}],
  ] as const)("is put before a person %s", (_when, more, settings) => {
    expect(settled(more, settings).seesMedia(false).row).toMatchObject({
      state: "NEEDS_REVIEW",
      error: { type: "ERRORS_BEHIND_MEDIA" },
    });
  });

  it("is a lost answer like any other to a caller's medium, and to a hand-over", () => {
    const caller = new Run({ drop: { role: "caller", media: URL_OF_CALLER } }).seesMedia(false).gets(ANSWERED_ERROR);
    expect(caller.row).toMatchObject({ state: "FINALIZING", everUnknown: true });
    expect(caller.row).not.toHaveProperty("answeredError");
    const handed = new Run({ settings: { mode: "url" } }).claims().gets(ANSWERED_ERROR);
    expect(handed.row).not.toHaveProperty("answeredError");
  });
});

describe("a URL of ours", () => {
  const handOver = () => new Run({ row: row("SENDING", { ...LEFT_BEHIND, posts: 0, handOver: true }) }).claims();

  it("that cielo24 cannot fetch is taken back, and another is given later", () => {
    const run = handOver();
    const first = run.row?.capability;
    run.gets(INVALID_URL);
    expect(run.row).toMatchObject({
      state: "SENDING",
      handOver: true,
      posts: 0,
      waiting: { type: "MEDIA_URL_REFUSED" },
    });
    for (const gone of ["capability", "capabilityUntil", "settledAt", "everUnknown"])
      expect(run.row).not.toHaveProperty(gone);
    const next = new Run({ table: run.table, now: run.row?.notBefore ?? NOW, name: "01" }).claims();
    expect(next.command.do).toBe("handOver");
    expect(next.row?.capability).not.toBe(first);
  });

  it("that was redirected once leaves nobody sure, whatever cielo24 says of it", () => {
    const run = handOver();
    if (run.table.row) run.table.row = { ...run.table.row, redirected: true };
    run.gets(INVALID_URL);
    expect(run.row).toMatchObject({
      state: "FINALIZING",
      everUnknown: true,
      settledAt: NOW + SETTINGS.clockSkewMs + SETTINGS.settleMs + 11 * HOUR_MS,
    });
  });

  it("that never went out leaves nobody in doubt", () => {
    for (const answer of [
      { is: "unavailable", isUnsent: true },
      { ...UNINTELLIGIBLE, isUnsent: true },
    ] as const)
      expect(handOver().gets(answer).row).toMatchObject({ state: "SENDING", posts: 0 });
  });

  it("of a client is another matter: that is rejected", () => {
    const run = new Run({ drop: { role: "caller", media: URL_OF_CALLER } }).seesMedia(false).gets(INVALID_URL);
    expect(run.row).toMatchObject({ state: "REJECTED", error: { type: "INVALID_URL" } });
  });
});

describe("an operator's decision", () => {
  const DECISION: OperatorDecision = { what: "resend", object: A.id, fence: 4, by: "jo", why: "the secret was wrong" };
  const decide = (before: Row, decision: Partial<OperatorDecision> = {}) =>
    new Run({ drop: { role: "operator", decision: { ...DECISION, ...decision } }, row: before });

  it("sends a rejected object again, and stands on the row with who and why", () => {
    const rejected = row("REJECTED", { announced: true, rejected: [B.id, A.id], error: { type: "X", comment: "" } });
    const run = decide(rejected);
    expect(run.row).toMatchObject({
      state: "SENDING",
      fence: 5,
      rejected: [B.id],
      decision: { what: "resend", fence: 4, by: "jo", why: "the secret was wrong", at: NOW },
    });
    expect(run.command.do).toBe("inspect");
    for (const gone of ["error", "announced", "expiresAt"]) expect(run.row).not.toHaveProperty(gone);
  });

  it("sends the version that it names, though a newer one is a conflict of it by now", () => {
    const review = row("NEEDS_REVIEW", { conflicts: [B.id], conflictCount: 1, claims: 0 });
    const run = decide(review).seesMedia(false).finds("superseded").seesMedia(false);
    expect(run.row).toMatchObject({ state: "SENDING", media: A, conflicts: [B.id] });
    expect(run.command.do).toBe("stream");
  });

  it("sends again what waits for a person, once job/info shows no media and everything sent must have shown", () => {
    const early = decide(row("NEEDS_REVIEW", { settledAt: NOW + MINUTE_MS })).seesMedia(false);
    expect(early.wrote).toEqual([]);
    expect(early.command).toMatchObject({ do: "later", at: NOW + MINUTE_MS });
    const run = decide(row("NEEDS_REVIEW", { posts: 5, settledAt: NOW }))
      .seesMedia(false)
      .claims();
    expect(run.row).toMatchObject({ state: "SENDING", posts: 0, everUnknown: true });
    expect(run.command.do).toBe("stream");
  });

  it("finds the media delivered where job/info shows it", () => {
    expect(decide(row("NEEDS_REVIEW")).seesMedia(true).row?.state).toBe("DELIVERED");
    expect(decide(row("NEEDS_REVIEW"), { what: "reject" }).seesMedia(true).row?.state).toBe("DELIVERED");
  });

  it.each([
    ["another fence", row("REJECTED", { fence: 6, announced: true }), {}],
    ["another object", row("REJECTED"), { object: B.id }],
    ["a row that is open", row("SENDING", LEFT_BEHIND), {}],
    ["a row that is delivered", row("DELIVERED", { announced: true }), {}],
    ["an upload that has begun meanwhile", row("UPLOADING"), {}],
    ["a caller's medium, which nobody else has", row("NEEDS_REVIEW", { media: URL_OF_CALLER }), { object: "url:c" }],
    ["a row that was closed", row("NEEDS_REVIEW", { closed: true }), {}],
    ["a rejection of what is rejected", row("REJECTED"), { what: "reject" as const }],
  ])("about %s does nothing", (_what, before, decision) => {
    const run = decide(before, decision);
    expect(run.commands).toMatchObject([{ do: "acknowledge", reason: "notMeant" }]);
    expect(run.row).toEqual(before);
  });

  it("that comes again only looks after what the first one began", () => {
    const open = row("SENDING", { fence: 5, leaseUntil: NOW, decision: { ...DECISION, at: NOW }, posts: 0 });
    expect(decide(open).command.do).toBe("inspect");
    const again = row("REJECTED", { fence: 7, announced: true, decision: { ...DECISION, at: NOW } });
    expect(decide(again).commands).toMatchObject([{ do: "acknowledge", reason: "rejected" }]);
  });

  it("that finds an end untold, as a worker left it that died of carrying it out, has it told", () => {
    for (const state of ["DELIVERED", "REJECTED"] as const)
      expect(decide(row(state, { fence: 6 })).command).toMatchObject({ do: "announce", row: { state } });
  });

  it("to reject frees the job of a medium that cielo24 cannot have", () => {
    const run = decide(row("NEEDS_REVIEW", { announced: true }), { what: "reject" }).seesMedia(false);
    expect(run.row).toMatchObject({ state: "REJECTED", rejected: [A.id], error: { type: "REJECTED_BY_OPERATOR" } });
    expect(run.announces().command).toMatchObject({ do: "acknowledge", reason: "rejected" });
  });

  it.each([{ settledAt: NOW - 1 }, { everUnknown: true }])(
    "to reject closes for good the job of a medium that cielo24 may have (%j)",
    (doubt) => {
      const run = decide(row("NEEDS_REVIEW", { announced: true, ...doubt }), { what: "reject" }).seesMedia(false);
      expect(run.row).toMatchObject({ state: "NEEDS_REVIEW", closed: true, error: { type: "CLOSED_BY_OPERATOR" } });
      expect(run.command).toMatchObject({ do: "acknowledge", reason: "needsReview" });
      const other = new Run({ drop: { media: B }, table: run.table }).findsConflict("same");
      expect(other.command).toMatchObject({ do: "acknowledge", reason: "conflict" });
    },
  );
});

describe("a job in review", () => {
  it("is not announced again by whoever only looks after it, but where its medium comes again", () => {
    const review = row("NEEDS_REVIEW", { announced: true });
    expect(new Run({ drop: { role: "reconcile" }, row: review }).commands).toMatchObject([{ do: "acknowledge" }]);
    expect(new Run({ row: review }).command.do).toBe("announce");
    expect(new Run({ row: { ...review, closed: true } }).commands).toMatchObject([{ do: "acknowledge" }]);
  });
});

describe("a caller", () => {
  const call = () => new Run({ drop: { role: "caller", media: { id: "body:c", kind: "body" }, sizeBytes: 9 } });

  it.each([ACCOUNT_REFUSED, UNINTELLIGIBLE, LOGIN_INVALID, UNAVAILABLE])(
    "leaves no row where cielo24 says %j before anything is sent",
    (answer) => {
      const run = call().isToldInstead(answer);
      expect(run.row).toBeUndefined();
      expect(run.command).toMatchObject({ do: "later" });
    },
  );

  it("hears when cielo24 wants to be asked again, also where its body was begun, and finds the job free", () => {
    const run = call().seesMedia(false).gets({ is: "unavailable", retryAfterMs: 120_000 });
    expect(run.row).toMatchObject({ state: "REJECTED", error: { type: "CIELO24_UNAVAILABLE" } });
    expect(run.announces().command).toMatchObject({ do: "acknowledge", retryAfterMs: 120_000 });
  });

  it.each([
    [UNINTELLIGIBLE, "CIELO24_UNINTELLIGIBLE"],
    [ACCOUNT_REFUSED, "CIELO24_ACCOUNT_REFUSED"],
  ] as const)("is told the truth where its body was not taken for %j", (answer, type) => {
    expect(call().seesMedia(false).gets(answer).row).toMatchObject({ state: "REJECTED", error: { type } });
  });
});
