import { describe, expect, it } from "@jest/globals";
import { takeCensus, type Census, type CensusReport } from "../../../functions/census/census.ts";
import type { ListedObject } from "../../../functions/census/listing.ts";
import { dueTime, isOpen } from "../../../lib/delivery/machine/open.ts";
import type { Row, State } from "../../../lib/delivery/machine/row.ts";
import { objectId } from "../../../lib/media/key.ts";
import { createObservability } from "../../../lib/observability.ts";

const JOB = "0123456789abcdef0123456789abcdef";
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const NOW = 1_800_000_000_000;
const DUE = 30 * MINUTE_MS;

const objectOf = (name: string, ageMs = 100 * MINUTE_MS): ListedObject => ({
  key: `media/${JOB}/${name}`,
  versionId: "v1",
  sizeBytes: 7,
  writtenAt: NOW - ageMs,
});
const mediaOf = ({ key, versionId }: ListedObject) =>
  ({ id: objectId(key, versionId), kind: "object", key, versionId }) as const;

const OWN = objectOf("own.mp4");
const OTHER = objectOf("other.mp4");

const rowIn = (state: State, attributes: Partial<Row> = {}): Row => ({
  jobId: JOB,
  state,
  fence: 3,
  media: mediaOf(OWN),
  updatedAt: NOW - 24 * HOUR_MS,
  ...attributes,
});

/** A ledger of these rows. `stale`: what the index and a glance say of them, who are behind. */
const ledgerOf = (rows: readonly Row[], stale: readonly Row[], isIndexed = true) => {
  const glances: number[] = [];
  const reads: string[] = [];
  const ledger: Census["ledger"] = {
    listDue: async function* (by) {
      for (const row of stale)
        if (isIndexed && isOpen(row) && dueTime(row) <= by) yield await Promise.resolve(row.jobId);
    },
    glance: (jobIds) => {
      glances.push(jobIds.length);
      const seen = stale.filter(({ jobId }) => jobIds.includes(jobId));
      return Promise.resolve(new Map(seen.map((row) => [row.jobId, row])));
    },
    read: (jobId) => {
      reads.push(jobId);
      return Promise.resolve(rows.find((row) => row.jobId === jobId));
    },
  };
  return { ledger, glances, reads };
};

/** What a census finds in a world of these rows and objects, and what it puts into the queue. */
const take = async (
  world: {
    rows?: readonly Row[];
    stale?: readonly Row[];
    objects?: readonly ListedObject[];
    /** Whether open rows have their entries in the index. */
    isIndexed?: boolean;
    /** Whether there was time to list all of the bucket. */
    isComplete?: boolean;
    messages?: number;
    now?: number;
    scheduledAt?: number;
    /** What cielo24 shows; jobs that are not here, it says nothing about. */
    shown?: Readonly<Record<string, boolean>>;
  },
  put: Census["queue"]["put"] = () => Promise.resolve(),
) => {
  const sent: unknown[] = [];
  const lines: string[] = [];
  let randoms = 0;
  const runtime = {
    clock: () => world.now ?? NOW,
    randomHex: () => (randoms++).toString(16).padStart(8, "0").padEnd(32, "0"),
    writeLine: (line: string) => lines.push(line),
  };
  const asks: string[] = [];
  const { rows = [], stale = rows } = world;
  const { ledger, ...asked } = ledgerOf(rows, stale, world.isIndexed);
  const report = await takeCensus({
    ledger,
    queue: {
      put: (message, options) => {
        sent.push(message);
        return put(message, options);
      },
    },
    listObjects: async (matters, visit) => {
      const { objects = [], isComplete = true } = world;
      await visit({ objects: objects.filter(matters), count: objects.length });
      return isComplete;
    },
    countMessages: () => Promise.resolve(world.messages ?? 0),
    bucketName: "bucket",
    showsMedia: (jobId) => {
      asks.push(jobId);
      return Promise.resolve(world.shown?.[jobId]);
    },
    observability: createObservability(runtime, { service: "census", stage: "test" }),
    runtime,
    intervalMs: 15 * MINUTE_MS,
    scheduledAt: world.scheduledAt ?? world.now ?? NOW,
  });
  const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return {
    report,
    asked,
    found: amiss(report),
    sent,
    asks,
    /** The lines that name something, less what every line has. */
    named: records
      .filter(({ message }) => message !== undefined && message !== "census")
      .map((record) =>
        Object.fromEntries(Object.entries(record).filter(([each]) => each !== "time" && each !== "service")),
      ),
    levels: records.flatMap(({ level, message }) => (message === "census" ? level : [])),
    counted: records.reduce((sum, record) => sum + Number(record["CensusFound"] ?? 0), 0),
  };
};

/** What is counted or listed of things as they should be. */
const SEEN = ["objects", "compared", "findings", "undelivered", "undeliveredObjects", "sampled"];

/** What is not as it should be; what is 0 is left out. */
const amiss = (report: CensusReport) =>
  Object.fromEntries(Object.entries(report).filter(([what, count]) => !SEEN.includes(what) && Number(count) > 0));

const RECONCILE = [{ reconcile: JOB }];

describe("a census leaves alone what merely waits", () => {
  const waiting = { type: "CIELO24_UNAVAILABLE", comment: "cielo24 does not answer." };
  const alive: Record<string, Row> = {
    "a claim whose lease runs": rowIn("SENDING", { claimId: "c", leaseUntil: NOW + 1 }),
    "a claim whose lease has been over for less than 30 minutes": rowIn("SENDING", { leaseUntil: NOW - DUE + 1 }),
    "what was parked and is due in eleven hours": rowIn("SENDING", {
      leaseUntil: NOW - 6 * HOUR_MS,
      notBefore: NOW + 11 * HOUR_MS,
      waiting,
    }),
    "what was parked before it was ever claimed": rowIn("SENDING", { notBefore: NOW + 1, waiting }),
    "what is due in a day and a half": rowIn("SENDING", { leaseUntil: NOW - 1, notBefore: NOW + 36 * HOUR_MS }),
    "what was due less than 30 minutes ago": rowIn("SENDING", { leaseUntil: 1, notBefore: NOW - DUE + 1 }),
    "an outcome that is not settled yet, though it was to be asked for": rowIn("FINALIZING", {
      notBefore: NOW - 5 * HOUR_MS,
      settledAt: NOW + 1,
    }),
    "an outcome that is settled, but not to be asked for yet": rowIn("FINALIZING", {
      settledAt: NOW - 5 * HOUR_MS,
      notBefore: NOW + 1,
    }),
    "an outcome that settled less than 30 minutes ago": rowIn("FINALIZING", { settledAt: NOW - DUE + 1 }),
  };
  it.each(Object.entries(alive))("%s", async (_, row) => {
    // With an empty queue nothing speaks for it but its row.
    for (const messages of [0, 1])
      expect(await take({ rows: [row], objects: [OWN, OTHER], messages })).toMatchObject({
        found: {},
        sent: [],
        levels: ["info"],
        counted: 0,
      });
  });

  it("and counts none of it, in however long an outage", async () => {
    const jobs = Array.from({ length: 500 }, (_, number) => number.toString(16).padStart(32, "0"));
    const rows = jobs.map((jobId, number) => ({
      ...rowIn("SENDING", { waiting, notBefore: NOW + number * 10_000 }),
      jobId,
    }));
    expect(await take({ rows, messages: 500 })).toMatchObject({ counted: 0, found: {} });
  });
});

describe("a census puts back a row that nobody drives although it has been due for 30 minutes", () => {
  const stuck: Record<string, Row> = {
    "since its lease was over": rowIn("SENDING", { leaseUntil: NOW - DUE }),
    "since its wait was over": rowIn("SENDING", { leaseUntil: NOW - 9 * HOUR_MS, notBefore: NOW - DUE }),
    "since its lease was over, after its wait": rowIn("SENDING", { leaseUntil: NOW - DUE, notBefore: NOW - HOUR_MS }),
    "since it was parked, without a claim or a time": rowIn("SENDING", { updatedAt: NOW - DUE }),
    "since its outcome was settled": rowIn("FINALIZING", { settledAt: NOW - DUE }),
    "since it was to be asked for, after it was settled": rowIn("FINALIZING", {
      settledAt: NOW - 9 * HOUR_MS,
      notBefore: NOW - DUE,
    }),
    "since it was settled, after it was to be asked for": rowIn("FINALIZING", {
      settledAt: NOW - DUE,
      notBefore: NOW - 9 * HOUR_MS,
    }),
    "since its last write, in a row that has no time": rowIn("FINALIZING", { updatedAt: NOW - DUE }),
  };
  it.each(Object.entries(stuck))("%s", async (_, row) => {
    for (const messages of [0, 1])
      expect(await take({ rows: [row], messages })).toMatchObject({
        found: { stuckRows: 1, requeued: 1 },
        sent: RECONCILE,
        levels: ["warn"],
        counted: 1,
      });
  });
});

describe("a census announces every end of which nobody was told", () => {
  it.each<[string, Row]>([
    ["DELIVERED", rowIn("DELIVERED")],
    ["REJECTED", rowIn("REJECTED")],
    ["NEEDS_REVIEW", rowIn("NEEDS_REVIEW", { settledAt: NOW + HOUR_MS })],
    ["NEEDS_REVIEW that an operator closed", rowIn("NEEDS_REVIEW", { closed: true })],
  ])("%s", async (_, row) => {
    expect(await take({ rows: [row] })).toMatchObject({ found: { silentRows: 1, requeued: 1 }, sent: RECONCILE });
    expect(await take({ rows: [{ ...row, announced: true }] })).toMatchObject({ found: {}, sent: [] });
    expect(await take({ rows: [{ ...row, updatedAt: NOW - DUE + 1 }] })).toMatchObject({ found: {}, sent: [] });
  });
});

describe("a census puts back an object that has no end on record", () => {
  const keysSent = async (rows: readonly Row[], objects: readonly ListedObject[]) =>
    (await take({ rows, objects })).sent.map((message) => {
      const [record] = (message as { Records?: { s3: { object: { key: string } } }[] }).Records ?? [];
      return record ? decodeURIComponent(record.s3.object.key) : "a row";
    });

  it("of a job without a row, and of one that waits for its media", async () => {
    expect(await keysSent([], [OWN])).toEqual([OWN.key]);
    expect(await keysSent([rowIn("UPLOADING")], [OWN])).toEqual([OWN.key]);
  });

  it("but not of one that waits for its media, where this was rejected or in conflict before", async () => {
    for (const ends of [{ rejected: [mediaOf(OWN).id] }, { conflicts: [mediaOf(OWN).id] }])
      expect(await keysSent([rowIn("UPLOADING", ends)], [OWN])).toEqual([]);
  });

  it("only once it is 30 minutes old", async () => {
    expect(await keysSent([], [objectOf("young.mp4", DUE - 1)])).toEqual([]);
    expect(await keysSent([], [objectOf("old.mp4", DUE)])).toEqual([`media/${JOB}/old.mp4`]);
  });

  it("not while the row of another one is open, but where that one is stuck, in case both messages are gone", async () => {
    for (const state of ["SENDING", "FINALIZING"] as const) {
      expect(await keysSent([rowIn(state, { leaseUntil: NOW, settledAt: NOW })], [OWN, OTHER])).toEqual([]);
      expect(await keysSent([rowIn(state)], [OWN, OTHER])).toEqual(["a row", OTHER.key]);
    }
  });

  it("when the other one has its end", async () => {
    for (const state of ["DELIVERED", "REJECTED", "NEEDS_REVIEW"] as const)
      expect(await keysSent([rowIn(state, { announced: true })], [OWN, OTHER])).toEqual([OTHER.key]);
  });

  it("but none of a thousand that were rejected, however long ago", async () => {
    const objects = Array.from({ length: 1_000 }, (_, number) => objectOf(`${number}.mp4`));
    const rejected = objects.map((object) => mediaOf(object).id);
    expect(await keysSent([rowIn("REJECTED", { announced: true, rejected })], objects)).toEqual([]);
  });
});

describe("a census goes by names as deliveries do", () => {
  it("and neither puts back what is no media, nor counts it as foreign", async () => {
    const objects = [
      objectOf(".DS_Store"),
      objectOf("film.mp4.part"),
      { ...objectOf(""), key: "media/Thumbs.db" },
      objectOf("film.srt"),
      objectOf("poster.jpg"),
    ];
    expect(await take({ objects })).toMatchObject({
      found: { ignoredObjects: 3, sidecars: 2 },
      sent: [],
      levels: ["info"],
      counted: 0,
    });
  });

  it("but for a signed upload's, which is always delivered", async () => {
    const { found } = await take({ objects: [objectOf(`${"a".repeat(32)}/film.srt`)] });
    expect(found).toEqual({ unannouncedObjects: 1, requeued: 1 });
  });
});

describe("a census costs what is open and what is new", () => {
  const jobs = Array.from({ length: 960 }, (_, number) =>
    (number * 4_473_929).toString(16).padStart(8, "0").padEnd(32, "0"),
  );
  const aged = (ageMs: number) => jobs.map((jobId) => ({ ...objectOf("a.mp4", ageMs), key: `media/${jobId}/a.mp4` }));

  it("of the objects of the last two hours it compares each, in every run", async () => {
    const { report, asked } = await take({ objects: aged(2 * HOUR_MS) });
    expect(report).toMatchObject({ objects: 960, compared: 960, unannouncedObjects: 960 });
    expect(asked.glances).toEqual([...Array<number>(9).fill(100), 60]);
  });

  it.each([
    [3, 0],
    [24, 0],
    [191, 0],
    [3, 1],
    [60, 1],
    [160, 1],
  ])("of those that are %s hours old it finds each once in a day, beside %s messages", async (hours, messages) => {
    const found: string[] = [];
    const counts: number[] = [];
    for (let run = 0; run < 96; run += 1) {
      const now = NOW + run * 15 * MINUTE_MS;
      // As old in each run, so that none is new or forgotten meanwhile.
      const objects = aged(hours * HOUR_MS).map((each) => ({ ...each, writtenAt: now - hours * HOUR_MS }));
      // Runs begin seconds before or after their time.
      const { report } = await take({ objects, messages, now, scheduledAt: now + (run % 2 ? 20_000 : -20_000) });
      counts.push(report.compared);
      found.push(...report.findings.map(({ jobId }) => jobId));
    }
    expect([...found].sort()).toEqual([...jobs].sort());
    expect(Math.max(...counts)).toBeLessThan(3 * (960 / 96));
  });

  it("of those that are older than eight days it reads nothing", async () => {
    for (let run = 0; run < 96; run += 1) {
      const now = NOW + run * 15 * MINUTE_MS;
      const objects = aged(0).map((each) => ({ ...each, writtenAt: now - 193 * HOUR_MS }));
      expect((await take({ objects, now })).report.compared).toBe(0);
    }
  });

  it("nor of those that would not be put back in this run: too young, or between two marks while messages wait", async () => {
    expect((await take({ objects: aged(DUE - 1) })).report.compared).toBe(0);
    expect((await take({ objects: aged(50 * MINUTE_MS), messages: 1 })).report.compared).toBe(0);
  });

  it("of the rows it reads those that are due, and no others that are open", async () => {
    const waits = rowIn("SENDING", { notBefore: NOW + 1 });
    expect((await take({ rows: [waits] })).asked).toEqual({ glances: [], reads: [] });
  });
});

describe("a census reads once more, consistently, before it puts anything back", () => {
  const stuck = rowIn("SENDING", { leaseUntil: NOW - DUE });
  const ended = rowIn("DELIVERED", { announced: true });
  const cases: Record<string, { rows: Row[]; stale: Row[]; objects?: ListedObject[] }> = {
    "a row that has ended meanwhile": { rows: [ended], stale: [stuck] },
    "a row that waits again": { rows: [rowIn("SENDING", { notBefore: NOW + 1 })], stale: [stuck] },
    "a row that is gone": { rows: [], stale: [stuck] },
    "an end that was announced meanwhile": { rows: [ended], stale: [rowIn("DELIVERED")] },
    "an object that was delivered meanwhile": { rows: [ended], stale: [], objects: [OWN] },
    "an upload that was claimed meanwhile": {
      rows: [rowIn("SENDING", { notBefore: NOW + 1 })],
      stale: [rowIn("UPLOADING")],
      objects: [OWN],
    },
  };
  it.each(Object.entries(cases))("%s", async (_, world) => {
    const { sent, counted, asked } = await take(world);
    expect({ sent, counted }).toEqual({ sent: [], counted: 0 });
    expect(asked.reads).toEqual([JOB]);
  });
});

it("a census finds a stuck row that the index does not know, as an older version wrote it, by its object", async () => {
  const row = rowIn("SENDING", { leaseUntil: NOW - DUE });
  const { findings } = (await take({ rows: [row], objects: [OWN, OTHER], isIndexed: false })).report;
  expect(findings[0]).toEqual({ why: "stuckRows", jobId: JOB, dueAt: NOW - DUE });
});

it("and by an old object in its turn, even while messages wait and its own age passes no mark", async () => {
  const row = rowIn("SENDING", { leaseUntil: NOW - 50 * HOUR_MS });
  const found: string[] = [];
  for (let run = 0; run < 96; run += 1) {
    const now = NOW + run * 15 * MINUTE_MS;
    const world = { rows: [row], objects: [objectOf("own.mp4", 60 * HOUR_MS)], messages: 1, now, isIndexed: false };
    found.push(...(await take(world)).report.findings.map(({ why }) => why));
  }
  expect(found).toEqual(["stuckRows"]);
});

it("a census says so where its time was up before it had listed all, and goes on with what it has", async () => {
  const { named, found } = await take({ objects: [OWN], isComplete: false });
  expect(found).toMatchObject({ unannouncedObjects: 1, requeued: 1 });
  expect(named).toContainEqual(expect.objectContaining({ level: "error", message: "census out of time" }));
});

it("a census names what it found: job, object and why, and since when", async () => {
  const { report } = await take({ rows: [rowIn("DELIVERED", { announced: true })], objects: [OWN, OTHER] });
  expect(report.findings).toEqual([{ why: "otherObjects", jobId: JOB, object: OTHER, dueAt: OTHER.writtenAt }]);
});

it("a census says when S3 had the object that it puts back", async () => {
  const { sent } = await take({ objects: [OWN] });
  expect(sent).toMatchObject([{ Records: [{ eventTime: new Date(OWN.writtenAt).toISOString() }] }]);
});

describe("a census counts what it puts back, and nothing else", () => {
  const objects = [objectOf("a.mp4", 45 * MINUTE_MS)];

  it("where messages wait: as a thing's age passes 30 minutes, 1 hour, 2 hours and so on", async () => {
    const countedAt: number[] = [];
    for (let minutes = 0; minutes <= 5 * 60; minutes += 15) {
      const { counted, found, sent } = await take({
        objects: [objectOf("a.mp4", 0)],
        messages: 1,
        now: NOW + minutes * MINUTE_MS,
      });
      expect([found["unannouncedObjects"] ?? 0, found["requeued"] ?? 0]).toEqual([counted, sent.length]);
      if (counted > 0) countedAt.push(minutes);
    }
    expect(countedAt).toEqual([30, 60, 120]);
  });

  it("where no message is left: everything", async () => {
    expect(await take({ objects, messages: 1 })).toMatchObject({ counted: 0, found: {}, levels: ["info"] });
    expect(await take({ objects, messages: 0 })).toMatchObject({
      counted: 1,
      found: { unannouncedObjects: 1, requeued: 1 },
      levels: ["warn"],
    });
  });

  it("where the queue does not take it, too: nobody drives it still", async () => {
    expect(await take({ objects }, () => Promise.reject(new Error("down")))).toMatchObject({
      counted: 1,
      found: { unannouncedObjects: 1, failed: 1 },
      levels: ["warn"],
    });
  });
});

describe("a census names", () => {
  const NOT_DELIVERED = { level: "info", message: "not delivered", jobId: JOB, ageS: 1_860 };
  const own = objectOf("own.mp4", 31 * MINUTE_MS);
  const other = objectOf("other.mp4", 31 * MINUTE_MS);
  const [ownId, otherId] = [own, other].map((object) => mediaOf(object).id);
  const row = (state: State, more: Partial<Row> = {}) =>
    rowIn(state, { media: mediaOf(own), announced: true, ...more });
  const namesOf = async (rows: readonly Row[], objects: readonly ListedObject[], messages = 1) =>
    (await take({ rows, objects, messages })).named;

  it.each<[what: string, row: Row, expected: object]>([
    [
      "was rejected",
      row("REJECTED", { rejected: [mediaOf(own).id], error: { type: "NOT_MEDIA", comment: "" } }),
      { state: "REJECTED", reason: "NOT_MEDIA" },
    ],
    [
      "waits for a person",
      row("NEEDS_REVIEW", { error: { type: "ANSWER_UNKNOWN", comment: "" } }),
      { state: "NEEDS_REVIEW", reason: "ANSWER_UNKNOWN" },
    ],
    [
      "waits for something else",
      row("SENDING", { waiting: { type: "STORE_UNAVAILABLE", comment: "" }, notBefore: NOW + 1 }),
      { state: "SENDING", reason: "STORE_UNAVAILABLE" },
    ],
    ["is under way", row("SENDING", { leaseUntil: NOW + 1 }), { state: "SENDING", reason: "underWay" }],
    [
      "was cancelled",
      row("REJECTED", { cancelledAt: 1, error: { type: "CANCELLED", comment: "" } }),
      { state: "REJECTED", reason: "CANCELLED" },
    ],
  ])("a file that %s", async (_what, each, expected) => {
    expect(await namesOf([each], [own])).toEqual([{ ...NOT_DELIVERED, mediaId: ownId, ...expected }]);
  });

  it("a file that came for a job which has its media, and one that was rejected before another", async () => {
    const delivered = row("DELIVERED", { conflicts: [mediaOf(other).id], conflictCount: 1 });
    const conflict = { ...NOT_DELIVERED, state: "DELIVERED", mediaId: otherId, reason: "conflict" };
    expect(await namesOf([delivered], [own, other])).toEqual([conflict]);
    const second = row("REJECTED", { rejected: [mediaOf(other).id, mediaOf(own).id] });
    expect(await namesOf([second], [other])).toEqual([
      { ...NOT_DELIVERED, state: "REJECTED", mediaId: otherId, reason: "rejected" },
    ]);
  });

  it("a file whose key names no job, without the key", async () => {
    const stray = { ...own, key: "media/lecture.mp4" };
    const ageS = 1_860;
    const what = { level: "info", message: "not delivered", reason: "KEY_QUARANTINED", ageS };
    expect(await namesOf([], [stray])).toEqual([{ ...what, mediaId: mediaOf(stray).id }]);
  });

  it("a signed upload with its id", async () => {
    const uploadId = "a".repeat(32);
    const signed = { ...own, key: `media/${JOB}/${uploadId}/a.mp4` };
    expect(await namesOf([], [signed])).toMatchObject([{ message: "put back", uploadId }]);
    const rejected = row("REJECTED", { rejected: [mediaOf(signed).id] });
    expect(await namesOf([rejected], [signed])).toMatchObject([{ message: "not delivered", uploadId }]);
  });

  it("a file each day in its turn, once it is older than two hours", async () => {
    const rejected = row("REJECTED", { rejected: [mediaOf(own).id] });
    const runs: number[] = [];
    for (let run = 0; run < 2 * 96; run += 1) {
      const now = NOW + 3 * HOUR_MS + run * 15 * MINUTE_MS;
      runs.push((await take({ rows: [rejected], objects: [own], now })).report.undeliveredObjects);
    }
    expect([runs.slice(0, 96), runs.slice(96)].map((day) => day.filter((count) => count === 1).length)).toEqual([1, 1]);
  });

  it("nothing that was delivered, and a file seldom: not again before its age has doubled", async () => {
    expect(await namesOf([row("DELIVERED")], [own], 0)).toEqual([]);
    const rejected = row("REJECTED", { rejected: [mediaOf(own).id] });
    const times = Array.from({ length: 8 }, (_, run) => NOW + run * 15 * MINUTE_MS);
    const runs = await Promise.all(
      times.map(async (now) => (await take({ rows: [rejected], objects: [own], messages: 0, now })).named.length),
    );
    expect(runs).toEqual([1, 0, 1, 0, 0, 0, 0, 0]);
  });

  it("in its report, the files with their keys", async () => {
    const { report } = await take({ rows: [row("NEEDS_REVIEW")], objects: [own], messages: 1 });
    expect(report).toMatchObject({
      undeliveredObjects: 1,
      undelivered: [{ jobId: JOB, state: "NEEDS_REVIEW", object: own }],
    });
  });

  it("an upload that was begun and never arrived, nine days later, and has it looked after", async () => {
    const begun = (days: number) =>
      ({ jobId: JOB, state: "UPLOADING", fence: 0, updatedAt: NOW - days * 24 * HOUR_MS }) as const;
    expect((await take({ rows: [begun(9)] })).sent).toEqual([]);
    const { sent, named, found } = await take({ rows: [begun(9.1)] });
    expect(sent).toEqual(RECONCILE);
    expect(found).toEqual({ timedOutUploads: 1, requeued: 1 });
    expect(named).toMatchObject([{ jobId: JOB, reason: "timedOutUploads" }]);
  });
});

describe("a census asks cielo24 about deliveries", () => {
  /** Deliveries of so many jobs, and their objects. */
  const deliveries = (count: number, ageMs = 61 * MINUTE_MS) => {
    const jobs = Array.from({ length: count }, (_, each) => each.toString(16).padStart(32, "0"));
    const objects = jobs.map((jobId) => ({ ...objectOf("x"), key: `media/${jobId}/a.mp4` }));
    const rows = objects.map((object, at) =>
      rowIn("DELIVERED", {
        jobId: jobs[at] ?? "",
        media: mediaOf(object),
        announced: true,
        taskId: "t",
        updatedAt: NOW - ageMs,
      }),
    );
    return { jobs, rows, objects };
  };
  const showing = (jobs: readonly string[], isShown: boolean) => Object.fromEntries(jobs.map((job) => [job, isShown]));

  it("and says of which it does not show the media", async () => {
    const { jobs, ...world } = deliveries(2);
    const [first = "", second = ""] = jobs;
    const { report, named, found } = await take({ ...world, shown: { [first]: true, [second]: false } });
    expect(found).toEqual({ notShown: 1 });
    expect(report.sampled).toBe(2);
    const what = { level: "error", jobId: second, taskId: "t", state: "DELIVERED", ageS: 3_660 };
    expect(named).toMatchObject([{ ...what, message: "cielo24 does not show media that was delivered" }]);
  });

  it("but about five at most", async () => {
    const { jobs, ...world } = deliveries(40);
    const { asks } = await take({ ...world, shown: showing(jobs, true) });
    expect(new Set(asks).size).toBe(5);
  });

  it("but about none of the last hour, which job/info may show late", async () => {
    const { jobs, ...world } = deliveries(2, 59 * MINUTE_MS);
    expect((await take({ ...world, shown: showing(jobs, false) })).asks).toEqual([]);
  });

  it("and takes it for no finding that cielo24 does not answer, nor asks on", async () => {
    const { report, asks, found } = await take(deliveries(3));
    expect(asks).toHaveLength(1);
    expect([report.sampled, found]).toEqual([0, {}]);
  });
});
