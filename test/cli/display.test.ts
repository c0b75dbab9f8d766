import { describe, expect, it } from "@jest/globals";
import { createBars, renderBar } from "../../cli/display/bars.ts";
import { createLines } from "../../cli/display/lines.ts";
import { createMeter } from "../../cli/display/meter.ts";
import { describeWaiting, formatDuration } from "../../cli/display/words.ts";
import type { Delivery } from "../../client/index.ts";
import { Writable } from "node:stream";

const MIB = 1024 * 1024;
const sent = (mebibytes: number) => ({ sentBytes: mebibytes * MIB, storedBytes: 0, totalBytes: 100 * MIB });
const WAITING = { errorType: "CIELO24_UNAVAILABLE", comment: "cielo24 does not answer." };
const delivery = (state: Delivery["state"], sentBytes = 0, waiting?: Delivery["waiting"]): Delivery => ({
  jobId: "0".repeat(32),
  state,
  sizeBytes: 100 * MIB,
  sentBytes,
  ...(waiting ? { waiting } : {}),
  attempts: 1,
  updatedAt: "2026-01-01T00:00:00.000Z",
});

describe("what the command line shows", () => {
  it.each([
    [0, "0:00"],
    [6.2, "0:07"],
    [754, "12:34"],
    [3723, "1:02:03"],
  ])("%d seconds as %s", (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });

  it("the rate of the last ten seconds, and the time that is left", () => {
    let now = 0;
    const meter = createMeter(() => now);
    // What an earlier run has uploaded does not count.
    expect(meter.measure(sent(40))).toEqual({ bytesPerS: undefined, etaS: undefined });
    now = 2_000;
    expect(meter.measure(sent(44))).toEqual({ bytesPerS: 2 * MIB, etaS: 28 });
    for (now = 3_000; now <= 20_000; now += 1_000) meter.measure(sent(44));
    expect(meter.measure(sent(44))).toEqual({ bytesPerS: undefined, etaS: undefined });
  });

  it("a bar with bytes, rate and time left", () => {
    const speed = { bytesPerS: 2.5 * MIB, etaS: 30 };
    const bar = { name: "lecture.mp4", phase: "uploading", speed, sentBytes: 25 * MIB, totalBytes: 100 * MIB };
    expect(renderBar(bar, 120)).toBe(
      "lecture.mp4              █████░░░░░░░░░░░░░░░  25%  25 MB of 100 MB  2.5 MB/s  0:30 left  uploading",
    );
    const done = { ...bar, name: "a-name-that-is-much-too-long.mp4", speed: undefined, sentBytes: 100 * MIB };
    expect(renderBar({ ...done, phase: "delivered" }, 120)).toBe(
      "a-name-that-is-much-too… ████████████████████ 100%  100 MB of 100 MB  delivered",
    );
  });

  it("a bar that fits into 80 columns", () => {
    const name = "a-name-that-is-much-too-long.mp4";
    const speed = { bytesPerS: 105.8 * MIB, etaS: 754 };
    const bar = { name, phase: "uploading", speed, sentBytes: 136 * MIB, totalBytes: 286.1 * MIB };
    expect(renderBar(bar, 80)).toBe("a-name-that-is-… ████░░░░  48%  136 MB of 286 MB  106 MB/s  12:34 left");
    expect(renderBar({ ...bar, speed: undefined, phase: "waiting for cielo24" }, 80)).toMatch(
      / {2}waiting for cielo24$/,
    );
    expect(renderBar(bar, 80).length).toBeLessThanOrEqual(80);
  });

  it("a bar that loses what there is no room for, and keeps the share and the time left", () => {
    const speed = { bytesPerS: 2.5 * MIB, etaS: 30 };
    const bar = { name: "lecture.mp4", phase: "uploading", speed, sentBytes: 25 * MIB, totalBytes: 100 * MIB };
    expect(renderBar(bar, 64)).toBe("lecture.mp4      ██░░░░░░  25%  2.5 MB/s  0:30 left");
    expect(renderBar(bar, 40)).toBe("lecture.mp4  ██░░░░░░  25%  0:30 left");
    expect(renderBar({ ...bar, speed: undefined, phase: "delivered" }, 40)).toBe(
      "lecture.mp4  ██░░░░░░  25%  delivered",
    );
    for (let columns = 1; columns <= 200; columns += 1)
      expect(renderBar(bar, columns).length).toBeLessThanOrEqual(columns);
  });

  it("bars on a terminal, which is left as it was", () => {
    const written: string[] = [];
    const terminal = Object.assign(
      new Writable({
        write: (chunk: Buffer, _encoding, done) => {
          written.push(chunk.toString("utf8"));
          done();
        },
      }),
      { isTTY: true, columns: 120, rows: 30 },
    );
    let now = 0;
    const bars = createBars(terminal as unknown as NodeJS.WriteStream, () => now);
    const track = bars.track({ name: "lecture.mp4", sizeBytes: 100 * MIB });
    track.uploading(sent(0));
    now = 1_000;
    track.uploading(sent(100));
    track.delivering(delivery("SENDING", 45 * MIB));
    for (let count = 0; count < 2; count += 1) track.delivering(delivery("SENDING", 45 * MIB, WAITING));
    now = 2_000;
    bars.note("worth a line");
    bars.note(`worth ${"very ".repeat(30)}much`);
    track.end("delivered");
    bars.close();
    const text = written.join("");
    expect(text).toContain("████████████████████ 100%");
    expect(text).toContain("sending to cielo24 45%");
    expect(text).toContain("worth a line\n");
    expect(text.split("lecture.mp4: waits: cielo24 does not answer.\n")).toHaveLength(2);
    // The terminal is told not to wrap lines.
    expect(text).toContain(`worth ${"very ".repeat(22)}very\n${"very ".repeat(7)}much\n`);
    expect(text).toMatch(/delivered[^\n]*\n$/);
    expect(text.lastIndexOf("\u001b[?25h")).toBeGreaterThan(text.lastIndexOf("\u001b[?25l"));
  });

  it("lines elsewhere: one for every change, and for progress every ten seconds", () => {
    const lines: string[] = [];
    let now = 0;
    const track = createLines(
      (line) => lines.push(line),
      () => now,
    ).track({ name: "a.mp4", sizeBytes: 100 * MIB });
    for (; now <= 20_000; now += 1_000) track.uploading(sent(now / 1000));
    track.uploading(sent(100));
    track.delivering(delivery("UPLOADING"));
    track.delivering(delivery("UPLOADING"));
    for (const until = now + 15_000; now <= until; now += 1_000) track.delivering(delivery("SENDING", 10 * MIB));
    track.delivering(delivery("DELIVERED"));
    track.end("delivered");
    expect(lines).toEqual([
      "a.mp4: uploaded 0 B of 100 MB",
      "a.mp4: uploaded 10 MB of 100 MB, 1 MB/s, 1:30 left",
      "a.mp4: uploaded 20 MB of 100 MB, 1 MB/s, 1:20 left",
      expect.stringMatching(/^a\.mp4: uploaded 100 MB of 100 MB/),
      "a.mp4: waiting for the proxy",
      "a.mp4: sending to cielo24",
      "a.mp4: sent to cielo24 10 MB of 100 MB",
      "a.mp4: delivered",
    ]);
  });

  it("what a delivery waits for, once for each cause, in lines", () => {
    const lines: string[] = [];
    const track = createLines(
      (line) => lines.push(line),
      () => 0,
    ).track({ name: "a.mp4", sizeBytes: 100 * MIB });
    for (let count = 0; count < 3; count += 1) track.delivering(delivery("SENDING", 0, WAITING));
    track.delivering(delivery("SENDING", 0, { ...WAITING, comment: "The object cannot be read." }));
    track.delivering(delivery("DELIVERED"));
    expect(lines).toEqual([
      "a.mp4: sending to cielo24",
      "a.mp4: waits: cielo24 does not answer.",
      "a.mp4: waits: The object cannot be read.",
      "a.mp4: delivered",
    ]);
  });

  it("why nothing moves: once for each cause, and again after a minute, in lines", () => {
    const lines: string[] = [];
    let now = 0;
    const track = createLines(
      (line) => lines.push(line),
      () => now,
    ).track({ name: "a.mp4", sizeBytes: 100 * MIB });
    const network = describeWaiting({ errorType: "NETWORK", comment: "No answer from the store of uploads." });
    for (; now <= 65_000; now += 5_000) track.waiting(network);
    track.waiting(describeWaiting({ errorType: "STALLED", comment: "Nothing has moved for 10 seconds." }));
    const noAnswer = "a.mp4: No answer from the store of uploads. It goes on by itself.";
    expect(lines).toEqual([noAnswer, noAnswer, "a.mp4: Nothing has moved for 10 seconds. It goes on by itself."]);
    expect(network.phase).toBe("no answer");
  });
});
