import { describe, expect, it } from "@jest/globals";
import { deliveryS, GIB } from "../../bench/scale/figures.ts";
import { MEMORIES_MB, MEMORY_TIMES, timesAt } from "../../bench/scale/memories.ts";
import { drawBytes, meanDrop, simulate, type Scenario } from "../../bench/scale/simulation.ts";
import { createRandom } from "../../bench/scale/random.ts";
import { createTimetable } from "../../bench/scale/timetable.ts";

const HOUR_MS = 3_600_000;
const stage = { memoryMb: 512, maxMediaBytes: 10_737_418_239, timeoutMs: 900_000 };
const scenario: Scenario = { dropsPerDay: 5000, maximumConcurrency: 10, callsPerS: 1000, stage, seed: 3 };

describe("the simulation", () => {
  it("gives the same for the same seed, and something else for another", () => {
    expect(simulate(scenario)).toEqual(simulate(scenario));
    expect(simulate({ ...scenario, seed: 4 }).waitsMs).not.toEqual(simulate(scenario).waitsMs);
  });

  it("delivers every drop, at its first receive where nothing is in the way", () => {
    const { drops, waitsMs, receives, mostAtOnce, drainMs } = simulate(scenario);
    expect(waitsMs).toHaveLength(drops);
    expect(receives).toBe(drops);
    expect(drops).toBeGreaterThan(4700);
    expect(drops).toBeLessThan(5300);
    expect(waitsMs[0]).toBeGreaterThanOrEqual(1000);
    expect(mostAtOnce).toBeLessThanOrEqual(10);
    expect(drainMs).toBeUndefined();
  });

  it("has as many executions on average as arrivals and durations ask for", () => {
    const { waitsMs } = simulate({ ...scenario, maximumConcurrency: 1000 });
    const meanS = waitsMs.reduce((sum, ms) => sum + ms / 1000, 0) / waitsMs.length;
    expect(meanS / meanDrop(stage).seconds).toBeGreaterThan(0.9);
    expect(meanS / meanDrop(stage).seconds).toBeLessThan(1.1);
  });

  it("lets drops wait where there are too few executions, and never runs more", () => {
    const { waitsMs, drops, mostAtOnce, backlog } = simulate({
      ...scenario,
      dropsPerDay: 30_000,
      maximumConcurrency: 2,
    });
    expect(mostAtOnce).toBe(2);
    expect(backlog).toBeGreaterThan(drops / 4);
    expect(waitsMs).toHaveLength(drops);
  });

  it("delivers nothing during an outage, and all of its drops within the longest pause and the work", () => {
    const outage = [10 * HOUR_MS, 16 * HOUR_MS] as const;
    const day = simulate({ ...scenario, outage });
    expect(day.waitsMs).toHaveLength(day.drops);
    expect(day.backlog).toBeGreaterThan(0.4 * day.drops);
    expect(day.mostInFlight).toBeGreaterThan(day.backlog * 0.9);
    expect(day.receives).toBeGreaterThan(2 * day.drops);
    const workMs = (day.backlog * meanDrop(stage).seconds * 1000) / scenario.maximumConcurrency;
    expect(day.drainMs).toBeLessThan(HOUR_MS + workMs);
  });

  it("receives no more while as many messages are in flight as SQS allows", () => {
    const day = simulate({ ...scenario, inFlightMax: 100, outage: [10 * HOUR_MS, 14 * HOUR_MS] });
    expect(day.backlog).toBeGreaterThan(200);
    expect(day.mostInFlight).toBe(100);
    expect(day.waitsMs).toHaveLength(day.drops);
  });

  it("tries again what cielo24's rate refuses", () => {
    const day = simulate({ ...scenario, callsPerS: 2 });
    expect(day.receives).toBeGreaterThan(day.drops);
    expect(day.waitsMs).toHaveLength(day.drops);
  });
});

describe("the parts of the simulation", () => {
  it("take things in the order of their times", () => {
    const random = createRandom(5);
    const timetable = createTimetable<number>();
    const times = Array.from({ length: 1000 }, () => random.bits() % 500);
    for (const at of times) timetable.add(at, at);
    const taken = times.map(() => timetable.take());
    expect(taken).toEqual(times.toSorted((a, b) => a - b));
    expect(timetable.take()).toBeUndefined();
    expect(timetable.nextAt()).toBe(Infinity);
  });

  it("draw sizes with a heavy tail, none larger than cielo24 takes", () => {
    const random = createRandom(6);
    const sizes = Array.from({ length: 20_000 }, () => drawBytes(random, stage.maxMediaBytes)).sort((a, b) => a - b);
    const total = sizes.reduce((sum, each) => sum + each, 0);
    const largest = sizes.slice(-200).reduce((sum, each) => sum + each, 0);
    expect(largest / total).toBeGreaterThan(0.1);
    expect(sizes.at(-1)).toBeLessThanOrEqual(stage.maxMediaBytes);
  });

  it("take the time of the link, or of the CPU where that is less, and a second for the calls", () => {
    const { gibS, mibS } = timesAt(512);
    expect(deliveryS(GIB, 512)).toBeCloseTo(1 + GIB / 50e6);
    expect(deliveryS(GIB, 512, Infinity)).toBeCloseTo(1 + gibS - mibS);
    expect(() => deliveryS(GIB, 300)).toThrow("300 MB");
  });
});

describe("the times that were measured", () => {
  it("are those of each memory, none ahead of its link", () => {
    expect(MEMORY_TIMES.map(({ memoryMb }) => memoryMb)).toEqual(MEMORIES_MB);
    for (const { gibAt50MbS } of MEMORY_TIMES) expect(gibAt50MbS).toBeGreaterThan(GIB / 50e6 - 1);
  });
});
