import { beforeEach, describe, expect, it } from "@jest/globals";
import { readFile } from "node:fs/promises";
import { readAlarms } from "../../../dev/operations/alarms.ts";
import { createSeries } from "../../../dev/operations/series.ts";
import type { Alarms } from "../../../web/operations/snapshot.ts";

const MINUTE_MS = 60_000;

let now: number;
let metrics: ReturnType<typeof createSeries>;
let alarms: () => Alarms;
beforeEach(async () => {
  now = Date.UTC(2026, 10, 29, 12, 2);
  metrics = createSeries(24 * 60);
  alarms = await readAlarms({ clock: () => now, sumOf: metrics.sum });
});

const ringing = () => alarms().ringing.map(({ name }) => name);

describe("the alarms of the template", () => {
  it("are quiet while nothing happens, and all are counted", async () => {
    const { watched, others } = alarms();
    expect(ringing()).toEqual([]);
    const file = await readFile(new URL("../../../resources/alarms.yml", import.meta.url), "utf8");
    expect(watched + others).toBe(file.match(/Type: AWS::CloudWatch::(Composite)?Alarm$/gm)?.length);
  });

  it("ring for one period at the first report, with the section of the runbook", () => {
    metrics.add("MediaNeedsReview", now, 1);
    expect(alarms().ringing).toMatchObject([
      { name: "needs-review", text: expect.stringContaining("docs/operations.md#needs-review") },
    ]);
    now += 5 * MINUTE_MS;
    expect(ringing()).toEqual([]);
  });

  it("ring for two hours if it is about something that waits for an operator", () => {
    metrics.add("LoginInvalid", now, 1);
    now += 115 * MINUTE_MS;
    expect(ringing()).toEqual(["login-invalid"]);
    now += 5 * MINUTE_MS;
    expect(ringing()).toEqual([]);
  });

  it("ring only above their threshold, and only if each of their periods is", () => {
    metrics.add("UploadOfUnknownJob", now, 19);
    for (let at = 0; at < 3; at += 1) metrics.add("CensusFound", now - at * 15 * MINUTE_MS, 1);
    expect(ringing()).toEqual([]);
    metrics.add("UploadOfUnknownJob", now, 1);
    metrics.add("CensusFound", now - 45 * MINUTE_MS, 1);
    expect(ringing()).toEqual(["uploads-of-unknown-jobs", "census"]);
  });
});
