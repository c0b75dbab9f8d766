import { describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { createReadBuffers, type ReadBuffers } from "../../../../lib/media/reading/read-buffers.ts";

/** Its length has no divisor in common with a buffer's, so that a byte at another's place shows. */
const PERIOD = 1_000_003;
const marks = randomBytes(PERIOD);
/** More than a buffer holds, from any place of the period. */
const content = Buffer.concat([marks, marks]);

/** Fills the room as a socket does, with bytes that tell their place. */
const fill = (buffers: ReadBuffers, from: number, wantedBytes: number): number => {
  const room = buffers.room();
  const sizeBytes = Math.min(wantedBytes, room.length);
  content.copy(room, 0, from % PERIOD, (from % PERIOD) + sizeBytes);
  buffers.added(sizeBytes);
  // Sockets fetch the next room at once.
  buffers.room();
  return sizeBytes;
};
const isAt = (bytes: Uint8Array, place: number): boolean =>
  content.subarray(place % PERIOD, (place % PERIOD) + bytes.length).equals(bytes);

const fillWhileRoom = (buffers: ReadBuffers, from: number, eachBytes: number): number => {
  let at = from;
  do at += fill(buffers, at, eachBytes);
  while (buffers.hasRoom());
  return at;
};

describe("the buffers between a socket and its reader", () => {
  it("give back what was read, in order, and write to nothing that is held", () => {
    const operation = fc.oneof(
      { weight: 3, arbitrary: fc.integer({ min: 1, max: 300_000 }) },
      { weight: 2, arbitrary: fc.constantFrom("take" as const, "release" as const) },
      { weight: 1, arbitrary: fc.constant("clear" as const) },
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const buffers = createReadBuffers();
        let read = 0;
        let takenTo = 0;
        let held: { bytes: Uint8Array; place: number } | undefined;
        for (const each of operations) {
          if (typeof each === "number") read += fill(buffers, read, each);
          else if (each === "clear") {
            buffers.clear();
            takenTo = read;
          } else if (each === "release") {
            buffers.release();
            held = undefined;
          } else {
            const bytes = buffers.take();
            expect(bytes === undefined).toBe(read === takenTo);
            held = bytes && { bytes, place: takenTo };
            takenTo += bytes?.length ?? 0;
          }
          expect(buffers.waitingBytes()).toBe(read - takenTo);
          if (held) expect(isAt(held.bytes, held.place)).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("use the same megabyte and a half for any number of bytes", () => {
    const buffers = createReadBuffers();
    const memory = new Set<ArrayBufferLike>();
    let at = 0;
    for (let round = 0; round < 200; round += 1) {
      at = fillWhileRoom(buffers, at, 16_384);
      memory.add(buffers.room().buffer);
      buffers.take();
    }
    expect(memory.size).toBeLessThanOrEqual(3);
  });

  it("have room again once everything was taken", () => {
    const buffers = createReadBuffers();
    fillWhileRoom(buffers, 0, 100_000);
    expect(buffers.hasRoom()).toBe(false);
    while (buffers.take());
    expect(buffers.hasRoom()).toBe(true);
  });

  it("take what a paused TLS socket still hands out", () => {
    const buffers = createReadBuffers();
    let at = fillWhileRoom(buffers, 0, 262_144);
    for (let record = 0; record < 200; record += 1) at += fill(buffers, at, 16_384);
    let place = 0;
    for (let bytes = buffers.take(); bytes; bytes = buffers.take()) {
      expect(isAt(bytes, place)).toBe(true);
      place += bytes.length;
    }
    expect(place).toBe(at);
  });
});
