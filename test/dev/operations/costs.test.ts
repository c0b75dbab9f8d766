import { beforeEach, describe, expect, it } from "@jest/globals";
import { PRICES } from "../../../bench/scale/prices.ts";
import { readStage } from "../../../bench/scale/stage.ts";
import { createCosts } from "../../../dev/operations/costs.ts";

const GIB = 1024 ** 3;
const HOUR_MS = 3_600_000;

let now: number;
let costs: ReturnType<typeof createCosts>;
beforeEach(() => {
  now = Date.UTC(2026, 10, 29, 12);
  costs = createCosts({ clock: () => now, stage: readStage(), memoryMb: (name) => (name === "census" ? 1024 : 512) });
});

const lineOf = (name: string) => costs.today(0).lines.find((line) => line.name === name)?.dollars;

describe("the cost of the day", () => {
  it("is, for what was counted, what docs/costs.md says of it", () => {
    costs.invoked("deliver-media", 22_000);
    costs.requested({ operation: "GetObject", sentBytes: GIB });
    costs.stored(GIB);
    // "22 s of a 512 MB Lambda (0.015 cents)", "about 9 cents per GiB", "storage for 60 days (4.5 cents)"
    expect(lineOf("Lambda")).toBeCloseTo(0.000_15, 5);
    expect(lineOf("traffic to cielo24")).toBeCloseTo(0.09, 5);
    expect(lineOf("storage for 60 days")).toBeCloseTo(0.045_37, 5);
  });

  it("has a price for every call of the ledger, the bucket, the API, the queue and the bus", () => {
    for (const action of ["UpdateItem", "GetItem", "GetItem", "ChangeMessageVisibility", "PutEvents", "GetSecretValue"])
      costs.call(action);
    for (const operation of ["PutObject", "HeadObject", "DeleteObject"]) costs.requested({ operation, sentBytes: 0 });
    costs.answered();
    expect(lineOf("the ledger")).toBeCloseTo(PRICES.dynamoWrite + 2 * PRICES.dynamoRead, 12);
    expect(lineOf("S3 requests")).toBeCloseTo(PRICES.s3Write + PRICES.s3Read, 12);
    expect(lineOf("the API")).toBeCloseTo(PRICES.httpApiCall, 12);
    expect(lineOf("queue and events")).toBeCloseTo(PRICES.sqsRequest + PRICES.eventBridgeEvent, 12);
  });

  it("begins anew at midnight, with a day's share of what is paid by the month", () => {
    costs.invoked("census", 1000);
    expect(lineOf("Lambda")).toBeGreaterThan(0);
    now += 13 * HOUR_MS;
    expect(lineOf("Lambda")).toBe(0);
    const { alarmMetrics, compositeAlarms } = readStage();
    const alarms = alarmMetrics * PRICES.alarmMonth + compositeAlarms * PRICES.compositeAlarmMonth;
    const monthly = alarms + PRICES.dashboardMonth + PRICES.secretMonth + 3 * PRICES.metricMonth;
    expect(costs.today(3).dollars).toBeCloseTo((monthly * 12) / 365, 10);
  });
});
