import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { judge, lookAt, type MediaBytes } from "../../../../lib/media/preflight/preflight.ts";
import { bytesOf, joined, sample, sampleNames, sparse, whole } from "./media-bytes.ts";

/** Overwrites, cuts and repeats: what transfers, disks and editors do to files. */
const damage = fc.oneof(
  fc.record({ kind: fc.constant("cut" as const), at: fc.nat(20_000) }),
  fc.record({ kind: fc.constant("write" as const), at: fc.nat(3000), bytes: fc.uint8Array({ maxLength: 9 }) }),
  fc.record({ kind: fc.constant("fill" as const), at: fc.nat(400), byte: fc.constantFrom(0, 1, 0x7f, 0xff) }),
  fc.record({ kind: fc.constant("insert" as const), at: fc.nat(3000), bytes: fc.uint8Array({ maxLength: 300 }) }),
);

type Damage = typeof damage extends fc.Arbitrary<infer Kind> ? Kind : never;

const damaged = (bytes: Uint8Array, hit: Damage): Uint8Array => {
  const at = Math.min(hit.at, bytes.length);
  if (hit.kind === "cut") return bytes.subarray(0, at);
  if (hit.kind === "insert") return joined(bytes.subarray(0, at), hit.bytes, bytes.subarray(at));
  const written = hit.kind === "fill" ? new Uint8Array(8).fill(hit.byte) : hit.bytes;
  return joined(bytes.subarray(0, at), written, bytes.subarray(at + written.length)).subarray(0, bytes.length);
};

const budgets = fc.record({ bytes: fc.nat(60_000), requests: fc.nat(6) });
const RULES = { requireAudio: true, maxDurationS: 60 };
const RUNS = Number(process.env["FUZZ_RUNS"] ?? 1500);

describe("a look", () => {
  it("fault 70: never fails, never costs more than its budget, and ends, whatever the damage", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...sampleNames),
        fc.array(damage, { minLength: 1, maxLength: 3 }),
        budgets,
        async (name, hits, budget) => {
          const media = whole(hits.reduce(damaged, sample(name)));
          judge(await lookAt(media, budget), RULES);
          expect(media.spent.requests).toBeLessThanOrEqual(budget.requests);
          expect(media.spent.bytes).toBeLessThanOrEqual(budget.bytes);
        },
      ),
      { numRuns: RUNS },
    );
  });

  it("knows nothing of random bytes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 64, maxLength: 5000, size: "max" }), async (bytes) => {
        // Enough of any bytes are no text: one of them is.
        const media = whole(joined(bytes, new Uint8Array([0])));
        expect(judge(await lookAt(media), RULES)).toBeUndefined();
      }),
      { numRuns: RUNS / 3 },
    );
  });

  it("spends 2 MiB and 12 reads at most by itself", async () => {
    const stream = sample("film.m2t");
    // A stream whose table of contents names one that never comes.
    const packets = stream.subarray(0, 188 * 3);
    const filler = joined(bytesOf("G\x1f\xff\x10"), new Uint8Array(184).fill(0xff));
    const media: MediaBytes & { spent: { requests: number; bytes: number } } = {
      sizeBytes: 188 * 100_000,
      spent: { requests: 0, bytes: 0 },
      read(start, end) {
        this.spent.requests += 1;
        this.spent.bytes += end - start;
        const read = new Uint8Array(end - start);
        for (let at = start; at < end; at += 1)
          read[at - start] = (at < packets.length ? packets[at] : filler[at % 188]) ?? 0;
        return Promise.resolve(read);
      },
    };
    expect(await lookAt(media)).toEqual({ container: "MPEG-TS" });
    expect(media.spent.requests).toBeLessThanOrEqual(12);
    expect(media.spent.bytes).toBeLessThanOrEqual(2 * 2 ** 20);
  });

  it("keeps what it learned before a read failed", async () => {
    const bytes = sample("moov-first.mp4");
    const cut = sparse(2 ** 30, [[0, bytes.subarray(0, Buffer.from(bytes).indexOf("mdat") + 4)]]);
    let reads = 0;
    const facts = await lookAt({
      sizeBytes: cut.sizeBytes,
      read: (start, end) => ((reads += 1) > 1 ? Promise.reject(new Error("lost")) : cut.read(start, end)),
    });
    expect(facts).toEqual({ container: "MP4", durationS: 2, audioTracks: 1, videoTracks: 1 });
  });

  it("fault 70: knows nothing where nothing can be read", async () => {
    expect(await lookAt({ sizeBytes: 5000, read: () => Promise.reject(new Error("refused")) })).toEqual({});
    expect(await lookAt({ sizeBytes: 5000, read: () => Promise.resolve(new Uint8Array(3)) })).toEqual({});
  });

  it("reads nothing of nothing", async () => {
    const media = whole(new Uint8Array());
    expect(await lookAt(media)).toEqual({});
    expect(media.spent.requests).toBe(0);
  });

  it("prints nothing, whatever a library thinks of the file", async () => {
    const printed: unknown[] = [];
    const { warn, info, error } = console;
    Object.assign(console, { warn: (...it: unknown[]) => printed.push(it), info: printed.push, error: printed.push });
    try {
      for (const name of sampleNames) await lookAt(whole(sample(name)));
    } finally {
      Object.assign(console, { warn, info, error });
    }
    expect(printed).toEqual([]);
  });
});

describe("a Matroska file", () => {
  it("is not called silent where the library leaves out a track of sound that it does not understand", async () => {
    const film = Buffer.from(sample("film.mkv")).toString("latin1");
    // The type of the track: 2 is sound, and 3 a mixture, which nobody reads.
    const mixed = film.replace("\x83\x81\x02", "\x83\x81\x03");
    expect(mixed).not.toBe(film);
    const facts = await lookAt(whole(bytesOf(mixed)));
    expect(facts).toMatchObject({ container: "Matroska", videoTracks: 1 });
    expect(facts.audioTracks).toBeUndefined();
  });
});
