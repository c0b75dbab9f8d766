import { describe, expect, it } from "@jest/globals";
import { judge, lookAt } from "../../../../lib/media/preflight/preflight.ts";
import {
  box,
  boxOf,
  bytesOf,
  header,
  joined,
  longHeader,
  number,
  sample,
  sparse,
  whole,
  type CountedBytes,
} from "./media-bytes.ts";

const KIB = 1024;
const GIB = 2 ** 30;

const ftyp = boxOf("moov-at-end.mp4", "ftyp");
const moov = boxOf("moov-at-end.mp4", "moov");

const verdictOf = async (media: CountedBytes) => judge(await lookAt(media), { requireAudio: true })?.type;

/** A film of that size whose parts follow each other. `mdat` ends `excessBytes` behind the file. */
const moovFirst = (mdatBytes: number, excessBytes = 0): CountedBytes =>
  sparse(ftyp.length + moov.length + mdatBytes, [[0, joined(ftyp, moov, longHeader("mdat", mdatBytes + excessBytes))]]);

const moovAtEnd = (mdatHeader: Uint8Array, mdatBytes: number, end = moov): CountedBytes =>
  sparse(ftyp.length + mdatBytes + end.length, [
    [0, joined(ftyp, mdatHeader)],
    [ftyp.length + mdatBytes, end],
  ]);

describe("a film of a gigabyte", () => {
  it("with its index at the end takes 3 reads of 16 KiB or less", async () => {
    const media = moovAtEnd(longHeader("mdat", GIB), GIB);
    expect(await lookAt(media)).toEqual({ container: "MP4", durationS: 2, audioTracks: 1, videoTracks: 1 });
    expect(media.spent.requests).toBeLessThanOrEqual(3);
    expect(media.spent.bytes).toBeLessThanOrEqual(51.5 * 1000);
  });

  it("with an index of 8 MiB, as three hours have, takes 5 reads and 80 KiB, as the sample tables stay unread", async () => {
    // Between the parts of each track that are read lies a table of 4 MiB.
    const table = header("free", 4 * 2 ** 20);
    const track = (handler: string) =>
      box(
        "mdia",
        box("mdhd", number(0, 4), number(0, 4), number(0, 4), number(1000, 4), number(10_800_000, 4), number(0, 4)),
        box("hdlr", number(0, 8), bytesOf(handler), new Uint8Array(24)),
      );
    const head = (handler: string) => joined(header("trak", 8 + track(handler).length + 4 * 2 ** 20), track(handler));
    const mvhd = box(
      "mvhd",
      number(0, 4),
      number(0, 4),
      number(0, 4),
      number(1000, 4),
      number(10_800_000, 4),
      new Uint8Array(80),
    );
    const [video, audio] = [head("vide"), head("soun")];
    const moovBytes = 8 + mvhd.length + video.length + audio.length + 8 * 2 ** 20;
    const start = joined(ftyp, header("moov", moovBytes), mvhd, video, table);
    const media = sparse(ftyp.length + moovBytes + GIB, [
      [0, start],
      [start.length + 4 * 2 ** 20 - 8, joined(audio, table)],
      [ftyp.length + moovBytes, longHeader("mdat", GIB)],
    ]);
    expect(await lookAt(media)).toEqual({ container: "MP4", durationS: 10_800, audioTracks: 1, videoTracks: 1 });
    expect(media.spent.requests).toBeLessThanOrEqual(5);
    expect(media.spent.bytes).toBeLessThanOrEqual(80 * KIB);
  });

  it("whose sound begins behind a picture of 3 MiB (MP3) takes few reads", async () => {
    const mp3 = sample("no-id3.mp3");
    const id3 = joined(bytesOf("ID3\x04\0\0"), new Uint8Array([0x01, 0x40, 0, 0]));
    const media = sparse(10 + 3 * 2 ** 20 + GIB, [
      [0, id3],
      [10 + 3 * 2 ** 20, mp3],
    ]);
    expect(await lookAt(media)).toMatchObject({ container: "MP3", audioTracks: 1 });
    expect(media.spent.requests).toBeLessThanOrEqual(4);
    expect(media.spent.bytes).toBeLessThanOrEqual(200 * KIB);
  });

  it("that is a transport stream is read at both ends alone", async () => {
    // The sample's packets over and over, which is to say that no clock can be relied upon: only the reads are measured.
    const stream = sample("film.m2t");
    const copies = Array.from({ length: 40 }, (_, index) => [index * stream.length, stream] as const);
    const media = sparse(41 * stream.length, [...copies, [40 * stream.length, stream]]);
    expect(await lookAt(media)).toMatchObject({ container: "MPEG-TS", audioTracks: 1, videoTracks: 1 });
    expect(media.spent.requests).toBeLessThanOrEqual(4);
    expect(media.spent.bytes).toBeLessThanOrEqual(300 * KIB);
  });
});

describe("an MP4 or MOV that is cut off", () => {
  it.each([
    ["in its media, behind the index", moovFirst(100 * KIB, 65 * KIB)],
    ["in its media by a gigabyte", moovFirst(100 * KIB, GIB)],
    ["before its index", sparse(500 * KIB, [[0, joined(ftyp, longHeader("mdat", GIB))]])],
    ["a little before its index", sparse(500 * KIB, [[0, joined(ftyp, longHeader("mdat", 501 * KIB))]])],
    ["right before its index", sparse(ftyp.length + 500 * KIB, [[0, joined(ftyp, longHeader("mdat", 500 * KIB))]])],
    [
      "when the recorder had not written the size of the media yet",
      sparse(500 * KIB, [[0, joined(ftyp, header("mdat", 0))]]),
    ],
    [
      "in its index",
      moovAtEnd(header("mdat", 64 * KIB), 64 * KIB, joined(header("moov", 200 * KIB), moov.subarray(8))),
    ],
    ["behind its first box", whole(ftyp)],
    ["in a box before the index", whole(joined(ftyp, header("free", 4096), new Uint8Array(100)))],
    [
      "and is QuickTime as of old, without ftyp",
      sparse(500 * KIB, [[0, joined(header("wide", 8), header("mdat", GIB))]]),
    ],
  ])("fault 65: %s is incomplete", async (_where, media) => {
    expect(await verdictOf(media)).toBe("MEDIA_INCOMPLETE");
  });

  it("says what its index says all the same", async () => {
    expect(await lookAt(moovFirst(100 * KIB, 3 * 2 ** 20))).toEqual({
      container: "MP4",
      durationS: 2,
      audioTracks: 1,
      videoTracks: 1,
      truncated: "at least 3072 KiB are missing at its end",
    });
  });

  it("is told apart from one that plays", async () => {
    const plays: Readonly<Record<string, CountedBytes>> = {
      "whole, with the index first": moovFirst(100 * KIB),
      "whole, with the index at the end": moovAtEnd(header("mdat", 64 * KIB), 64 * KIB),
      "media that end 64 KiB behind the file": moovFirst(100 * KIB, 64 * KIB),
      "media without a size, which go on to the end": whole(joined(ftyp, moov, header("mdat", 0), new Uint8Array(100))),
      "media of an unknown 32-bit size": whole(joined(ftyp, moov, header("mdat", 0xffff_ffff), new Uint8Array(100))),
      "media of an unknown 64-bit size": whole(
        joined(ftyp, moov, header("mdat", 1), new Uint8Array(8).fill(0xff), new Uint8Array(100)),
      ),
      "an index that ends a few bytes behind the file": whole(joined(ftyp, box("mdat"), moov.subarray(0, -4))),
      "padding between its boxes": whole(joined(ftyp, box("free", new Uint8Array(99)), box("wide"), box("mdat"), moov)),
      "padding that ends behind the file": whole(joined(ftyp, moov, box("mdat"), header("free", GIB))),
      "zeros behind the index": whole(joined(ftyp, moov, box("mdat"), new Uint8Array(5000))),
      "a tag behind the index": whole(joined(ftyp, box("mdat"), moov, bytesOf("TAG and whatever a camera writes"))),
      "media, then something unreadable": whole(joined(ftyp, box("mdat"), new Uint8Array(5000))),
      "several boxes of media": whole(joined(ftyp, box("mdat"), box("mdat"), moov, box("mdat"))),
      "a fragmented recording that ends in mid-frame": whole(sample("fragmented.mp4").subarray(0, -500)),
      "a fragment alone": whole(joined(box("styp", bytesOf("msdh")), box("moof"), header("mdat", GIB))),
    };
    const verdicts = await Promise.all(Object.entries(plays).map(async ([what, it]) => [what, await verdictOf(it)]));
    expect(verdicts).toEqual(Object.keys(plays).map((what) => [what, undefined]));
  });
});

describe("media of other containers that end in mid-frame", () => {
  it.each([
    "pcm.wav",
    "piped.wav",
    "rf64.wav",
    "adts.aac",
    "xing.mp3",
    "no-xing.mp3",
    "film.m2t",
    "film.webm",
    "recorded.webm",
    "film.mkv",
    "vorbis.ogg",
    "sound.opus",
    "sound.flac",
    "film.avi",
  ])("fault 70: play, so that %s is sent", async (name) => {
    const bytes = sample(name);
    expect(await verdictOf(whole(bytes.subarray(0, -7)))).toBeUndefined();
    expect(await verdictOf(whole(bytes.subarray(0, Math.ceil(bytes.length / 2))))).toBeUndefined();
  });

  it.each([0, 0xffff_ffff])("play with %i for their sizes, as from a pipe (WAV)", async (size) => {
    const bytes = sample("pcm.wav");
    const view = new DataView(bytes.buffer);
    view.setUint32(4, size, true);
    view.setUint32(Buffer.from(bytes).indexOf("data") + 4, size, true);
    expect(await verdictOf(whole(bytes))).toBeUndefined();
  });
});
