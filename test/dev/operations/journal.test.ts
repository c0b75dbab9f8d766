import { beforeEach, describe, expect, it } from "@jest/globals";
import { createJournal, type Journal } from "../../../dev/operations/journal.ts";
import { createObservability } from "../../../lib/observability.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const NOON = Date.UTC(2026, 10, 29, 12);
const JOB = "0123456789abcdef0123456789abcdef";

let now: number;
let journal: Journal;
/** What the functions log and count with. */
const logger = () =>
  createObservability(
    {
      clock: () => now,
      writeLine: (line) => {
        journal.add(line);
      },
    },
    { service: "deliver-media", stage: "local" },
  );
beforeEach(() => {
  now = NOON;
  journal = createJournal({ clock: () => now });
});

const rateOf = (metric: string) => journal.rates([]).find((rate) => rate.metric === metric);

describe("the metrics in the functions' log", () => {
  it("are summed by the minute for an hour, and for a day", () => {
    const { count } = logger();
    count("MediaDelivered");
    now += MINUTE_MS;
    count("MediaDelivered");
    count("MediaDelivered");
    count("BytesDelivered", 300);
    expect(rateOf("MediaDelivered")).toMatchObject({ isBytes: false, lastHour: 3, lastDay: 3 });
    expect(rateOf("MediaDelivered")?.perMinute.slice(-3)).toEqual([0, 1, 2]);
    expect(rateOf("BytesDelivered")).toMatchObject({ isBytes: true, lastHour: 300 });
    now += HOUR_MS;
    expect(rateOf("MediaDelivered")).toMatchObject({ lastHour: 0, lastDay: 3 });
    now += 24 * HOUR_MS;
    expect(rateOf("MediaDelivered")).toBeUndefined();
  });

  it("are shown although they are zero if they are wanted", () => {
    expect(journal.rates(["MediaRejected"])).toMatchObject([{ metric: "MediaRejected", lastHour: 0 }]);
  });

  it("give percentiles if they are times, by the nearest rank, of a day", () => {
    const { count } = logger();
    count("SecondsFromDrop", 900);
    now += 25 * HOUR_MS;
    for (let s = 1; s <= 200; s += 1) count("SecondsFromDrop", s);
    expect(journal.speeds()).toEqual([{ metric: "SecondsFromDrop", count: 200, p50Ms: 100_000, p99Ms: 198_000 }]);
    expect(rateOf("SecondsFromDrop")).toBeUndefined();
  });
});

describe("the life of a job", () => {
  it("is what was logged about it, in order, with all fields", () => {
    const { log } = logger();
    log.info("request answered", { jobId: JOB, status: 200 });
    log.info("another job", { jobId: "f".repeat(32) });
    now += 500;
    log.warn("delivery goes on later", { jobId: JOB, reason: "unavailable", receiveCount: 2 });
    expect(journal.life(JOB).lines).toEqual([
      { at: NOON, level: "info", service: "deliver-media", message: "request answered", fields: { status: 200 } },
      {
        at: NOON + 500,
        level: "warn",
        service: "deliver-media",
        message: "delivery goes on later",
        fields: { reason: "unavailable", receiveCount: 2 },
      },
    ]);
  });

  it("is bounded, and so is the number of jobs: what is oldest is forgotten", () => {
    const { log } = logger();
    log.info("first", { jobId: JOB });
    for (let attempt = 0; attempt < 250; attempt += 1) log.info("again", { jobId: JOB, attempt });
    expect(journal.life(JOB).lines).toHaveLength(200);
    expect(journal.life(JOB).lines.at(-1)).toMatchObject({ fields: { attempt: 249 } });
    for (let at = 0; at < 1_000; at += 1) log.info("other", { jobId: at.toString(16).padStart(32, "0") });
    expect(journal.life(JOB).lines).toEqual([]);
  });

  it("has no lines that are not the functions' own", () => {
    journal.add("no JSON");
    journal.add("17");
    journal.add(JSON.stringify({ level: "ERROR", errorType: "TypeError", errorMessage: "x is not a function" }));
    expect(journal.life(JOB).lines).toEqual([]);
  });
});

describe("the reasons", () => {
  it("are those of media that waits or was rejected, the most frequent first", () => {
    const { log } = logger();
    log.warn("delivery goes on later", { reason: "unavailable" });
    log.info("delivery has ended", { reason: "rejected", errorType: "NOT_MEDIA" });
    log.warn("delivery goes on later", { reason: "unavailable" });
    log.info("delivery has ended", { reason: "delivered" });
    expect(journal.reasons()).toEqual([
      { is: "waits", reason: "unavailable", count: 2 },
      { is: "rejected", reason: "NOT_MEDIA", count: 1 },
    ]);
    now += 25 * HOUR_MS;
    expect(journal.reasons()).toEqual([]);
  });
});

it("keeps the latest hundred notifications, the latest first", () => {
  for (let at = 0; at < 150; at += 1) journal.notify({ at, title: "Media needs review", wakes: true, text: "" });
  expect(journal.notifications()).toHaveLength(100);
  expect(journal.notifications()[0]?.at).toBe(149);
});
