import { CopyObjectCommand, DeleteObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { MINUTE_MS, SECOND_MS, useDrops } from "../../harness/drops.ts";
import { sha256 } from "../../harness/sha256.ts";

const sample = (name: string) => readFile(new URL(`../../media/${name}`, import.meta.url));
const SUBTITLES = Buffer.from("1\n00:00:00,000 --> 00:00:02,000\nGood morning.\n");
/** The index comes first, and most of what it names is missing. */
const cutOff = async () => {
  const whole = await sample("moov-first.mp4");
  const long = Buffer.concat([whole, Buffer.alloc(300_000)]);
  // The last box, mdat, is as long as the file was.
  const mdat = whole.indexOf("mdat") - 4;
  long.writeUInt32BE(long.length - mdat, mdat);
  return { whole: long, cut: long.subarray(0, 100_000) };
};

describe("a look at the bytes of a drop", () => {
  const local = useDrops();
  const drop = async (name: string, bytes: Uint8Array) => {
    const job = local.newJob();
    await local.drop(job, bytes, name);
    await local.stack.drain();
    return job;
  };

  it("learns what is in a film, and puts it on the row and into the event", async () => {
    const job = await drop("film.mp4", await sample("moov-at-end.mp4"));
    expect(await local.row(job)).toMatchObject({
      state: "DELIVERED",
      look: { container: "MP4", audioTracks: 1, videoTracks: 1, durationS: expect.closeTo(1, -1) },
    });
    const [{ detail } = { detail: {} }] = local.stack.events.filter((event) => event.detail["JobId"] === job);
    expect(detail).toMatchObject({ Container: "MP4", AudioTracks: 1, VideoTracks: 1 });
  });

  it.each([
    ["subtitles", SUBTITLES],
    ["a web page", Buffer.from("<!doctype html><html><title>404</title></html>")],
    ["a picture", Buffer.from("89504e470d0a1a0a0000000d49484452", "hex")],
    ["a ZIP archive", Buffer.concat([Buffer.from("504b0304140000000800", "hex"), randomBytes(1_000)])],
  ] as const)("spends no job on %s that looks like a film by name", async (_what, bytes) => {
    const job = await drop("film.mp4", bytes);
    expect(local.posts(job)).toEqual([]);
    expect(await local.row(job)).toMatchObject({ state: "REJECTED", error: { type: "NOT_MEDIA" } });
    await local.drop(job, await sample("moov-at-end.mp4"), "film2.mp4");
    await local.finish();
    expect(local.taken(job)).toHaveLength(1);
  });

  it("sends what it does not know, and what has no sound, and says so", async () => {
    const unknown = randomBytes(20_000);
    const job = await drop("film.avi", unknown);
    expect(local.taken(job)).toMatchObject([{ sha256: sha256(unknown) }]);
    const silent = await drop("film.mp4", await sample("silent.mp4"));
    expect(local.taken(silent)).toHaveLength(1);
    expect(await local.row(silent)).toMatchObject({ look: { audioTracks: 0, concern: { type: "NO_AUDIO" } } });
  });

  it("sends the media if S3 fails meanwhile", async () => {
    const job = local.newJob();
    local.stack.s3.faults.add({
      operation: "GetObject",
      key: `media/${job}/film.mp4`,
      kind: "internalError",
      times: 3,
    });
    await local.drop(job, SUBTITLES, "film.mp4");
    await local.finish();
    expect(local.taken(job)).toHaveLength(1);
  });

  it("sends what an operator wants sent", async () => {
    const job = await drop("film.mp4", SUBTITLES);
    const row = await local.row(job);
    const decision = { job, object: row?.media?.id, fence: row?.fence, by: "ops", why: "it is a film" };
    local.send({ resend: decision });
    await local.finish();
    expect(local.taken(job)).toMatchObject([{ sha256: sha256(SUBTITLES) }]);
  });
});

describe("a film that is cut off", () => {
  const local = useDrops();

  it("waits ten minutes for the whole one under its key, which is delivered without a rejection", async () => {
    const job = local.newJob();
    const { whole, cut } = await cutOff();
    await local.drop(job, cut, "film.mp4");
    await local.stack.drain();
    expect(await local.row(job)).toMatchObject({ state: "SENDING", waiting: { type: "MEDIA_INCOMPLETE" } });
    await local.drop(job, whole, "film.mp4");
    await local.finish();
    expect(local.taken(job)).toMatchObject([{ sha256: sha256(whole) }]);
    expect(local.announced(job)).toEqual(["Media Delivered"]);
  });

  it("is rejected if none comes, and the job is free", async () => {
    const job = local.newJob();
    const { cut } = await cutOff();
    await local.drop(job, cut, "film.mp4");
    await local.finish();
    expect(local.posts(job)).toEqual([]);
    expect(await local.row(job)).toMatchObject({ state: "REJECTED", error: { type: "MEDIA_INCOMPLETE" } });
  });
});

describe("a stage that only reports", () => {
  const local = useDrops({ env: { PREFLIGHT: "report" } });

  it("sends what another stage rejects, and says why on the row and in a metric", async () => {
    const job = local.newJob();
    const counted = local.counted("NotMedia");
    await local.drop(job, SUBTITLES, "film.mp4");
    await local.stack.drain();
    expect(local.taken(job)).toHaveLength(1);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", look: { concern: { type: "NOT_MEDIA" } } });
    expect(local.counted("NotMedia")).toBe(counted + 1);
  });
});

describe("a stage that takes no silent media, and none beyond a second", () => {
  const local = useDrops({ env: { REQUIRE_AUDIO: "true", MAX_MEDIA_DURATION_S: "1" } });

  it("rejects both", async () => {
    const [silent, long] = [local.newJob(), local.newJob()];
    await local.drop(silent, await sample("silent.mp4"), "film.mp4");
    const wav = Buffer.concat([wavHeader(10 * 16_000), Buffer.alloc(10 * 16_000, 7)]);
    await local.drop(long, wav, "talk.wav");
    await local.finish();
    expect(await local.row(silent)).toMatchObject({ state: "REJECTED", error: { type: "NO_AUDIO" } });
    expect(await local.row(long)).toMatchObject({ state: "REJECTED", error: { type: "MEDIA_TOO_LONG" } });
    expect(local.posts(silent)).toEqual([]);
  });
});

/** Of 8 kHz, 16 bits, one channel. */
const wavHeader = (dataBytes: number): Buffer => {
  const header = Buffer.alloc(44);
  header.write("RIFF", 0);
  header.writeUInt32LE(36 + dataBytes, 4);
  header.write("WAVEfmt ", 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(8_000, 24);
  header.writeUInt32LE(16_000, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write("data", 36);
  header.writeUInt32LE(dataBytes, 40);
  return header;
};

describe("the settling time of a drop", () => {
  const local = useDrops({ env: { DROP_SETTLE_S: "30" } });
  const advance = async (ms: number) => {
    local.stack.advanceTime(ms);
    await local.stack.drain();
  };

  it("makes one delivery of a placeholder and the file that follows, without a rejection", async () => {
    const job = local.newJob();
    const bytes = randomBytes(5_000);
    await local.drop(job, new Uint8Array(), "film.mp4");
    await advance(10 * SECOND_MS);
    await local.drop(job, bytes, "film.mp4");
    await advance(10 * SECOND_MS);
    expect(await local.row(job)).toMatchObject({ state: "SENDING", waiting: { type: "SETTLING" } });
    await local.finish();
    expect(local.taken(job)).toMatchObject([{ sha256: sha256(bytes) }]);
    expect(local.announced(job)).toEqual(["Media Delivered"]);
    expect(local.counted("MediaRetried")).toBe(0);
  });

  it("makes one delivery of a file and its copy onto itself", async () => {
    const job = local.newJob();
    const { key } = await local.drop(job, randomBytes(5_000), "film.mp4");
    await local.s3.send(
      new CopyObjectCommand({
        Bucket: local.stack.bucketName,
        Key: key,
        CopySource: `${local.stack.bucketName}/${key}`,
        MetadataDirective: "REPLACE",
        Metadata: { mtime: "1" },
      }),
    );
    await local.finish();
    expect(local.taken(job)).toHaveLength(1);
    expect(local.announced(job)).toEqual(["Media Delivered"]);
  });

  it("keeps the first key first, however often it is written anew", async () => {
    const job = local.newJob();
    const last = randomBytes(3_000);
    await local.drop(job, randomBytes(1_000), "first.mp4");
    await advance(5 * SECOND_MS);
    await local.drop(job, randomBytes(2_000), "second.mp4");
    await advance(20 * SECOND_MS);
    await local.drop(job, last, "first.mp4");
    await local.finish();
    expect(local.taken(job)).toMatchObject([{ sha256: sha256(last) }]);
    expect(await local.row(job)).toMatchObject({ conflictCount: 1, otherMedia: 1 });
  });

  it("ends with a withdrawal if the object is deleted meanwhile", async () => {
    const job = local.newJob();
    const { key } = await local.drop(job, randomBytes(1_000), "film.mp4");
    await advance(SECOND_MS);
    await local.s3.send(new DeleteObjectCommand({ Bucket: local.stack.bucketName, Key: key }));
    await local.finish();
    expect(local.posts(job)).toEqual([]);
    expect(await local.row(job)).toMatchObject({ state: "REJECTED", error: { type: "WITHDRAWN" } });
  });

  it("does not hold up a signed upload", async () => {
    const job = local.newJob();
    await local.s3.send(
      new PutObjectCommand({
        Bucket: local.stack.bucketName,
        Key: `media/${job}/${"0".repeat(32)}/film.mp4`,
        Body: randomBytes(1_000),
      }),
    );
    await local.stack.drain();
    expect(local.taken(job)).toHaveLength(1);
  });
});

describe("an object that comes for a job with media", () => {
  const local = useDrops();
  const conflicts = (job: string) =>
    local.stack.events.filter(({ detailType, detail }) => detailType === "Media Conflict" && detail["JobId"] === job);
  const delivered = async (bytes: Uint8Array) => {
    const job = local.newJob();
    const { key } = await local.drop(job, bytes, "film.mp4");
    await local.stack.drain();
    return { job, key };
  };

  it("makes no noise if it holds the same, under its key or another", async () => {
    const bytes = randomBytes(4_000);
    const { job } = await delivered(bytes);
    const counted = local.counted("MediaConflict");
    await local.drop(job, bytes, "film.mp4");
    await local.drop(job, bytes, "again.mp4");
    await local.stack.drain();
    expect(conflicts(job)).toEqual([]);
    expect(await local.row(job)).toMatchObject({ conflictCount: 2 });
    expect(local.counted("MediaConflict")).toBe(counted);
  });

  it("is announced, counted and shown if it holds something else", async () => {
    const { job } = await delivered(randomBytes(4_000));
    await local.drop(job, randomBytes(4_000), "film.mp4");
    await local.stack.drain();
    expect(conflicts(job)).toMatchObject([{ detail: { Sameness: "OTHER", SizeBytes: 4_000 } }]);
    expect(await local.row(job)).toMatchObject({ otherMedia: 1 });
  });

  it("is put before nobody once it was rejected: the next object is taken", async () => {
    const job = local.newJob();
    await local.drop(job, SUBTITLES, "film.mp4");
    await local.stack.drain();
    await local.drop(job, await sample("moov-at-end.mp4"), "better.mp4");
    local.stack.advanceTime(MINUTE_MS);
    await local.finish();
    expect(conflicts(job)).toEqual([]);
    expect(local.taken(job)).toHaveLength(1);
  });
});
