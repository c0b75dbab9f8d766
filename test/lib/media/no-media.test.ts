import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { addMediaParameters } from "../../../functions/add-media/handler.ts";
import { noMediaByBytes, noMediaByType } from "../../../lib/media/no-media.ts";

const latin1 = (text: string) => Buffer.from(text, "latin1");
const envelope = (...lines: readonly string[]) => latin1(lines.join("\r\n"));
const FILE = "\0\0\0\x18ftypmp42\xff\xd8";

describe("noMediaByType", () => {
  it.each([
    ["multipart/form-data", "form"],
    ["multipart/mixed", "form"],
    ["multipart/x-mixed-replace", "form"],
    ["text/plain", "text"],
    ["text/vnd.trolltech.linguist", "text"],
    ["application/javascript", "text"],
    ["application/xml", "markup"],
    ["text/xml", "markup"],
    ["text/html", "markup"],
    ["application/xhtml+xml", "markup"],
    ["image/svg+xml", "markup"],
  ])("fault 58: sees in %s that it is no media: %s", (type, expected) => {
    expect(noMediaByType(type)).toBe(expected);
  });

  it.each([
    "",
    "video/mp4",
    "video/mp2t",
    "audio/mpeg",
    "application/octet-stream",
    "application/mxf",
    "application/ogg",
  ])("leaves %j alone", (type) => {
    expect(noMediaByType(type)).toBeUndefined();
  });
});

describe("noMediaByBytes", () => {
  it.each([
    ["curl -F", envelope("--------------------------3f2a", 'Content-Disposition: form-data; name="file"', "", FILE)],
    [
      "a browser's FormData",
      envelope("------WebKitFormBoundaryA", 'Content-Disposition: form-data; name="f"; filename="a"', "", FILE),
    ],
    [
      "a client that puts the type first",
      envelope("--b", "Content-Type: video/mp4", "content-disposition: form-data; name=f", "", FILE),
    ],
    ["a client that begins with an empty line", envelope("", "--b", "Content-Disposition: form-data", "", FILE)],
    ["a client that ends lines by LF alone", latin1(`--b\nContent-Disposition: form-data\n\n${FILE}`)],
  ])("knows the envelope of %s", (_whose, bytes) => {
    expect(noMediaByBytes(bytes)).toBe("form");
  });

  it.each([
    ['{"media_url":"https://media.example.org/a.mp4"}', "json"],
    ['\uFEFF \r\n{ "a b": 1 }', "json"],
    ["{}", "json"],
    ["[]", "json"],
    ['[{"a":1}]', "json"],
    ["[ 1.5e3, 2]", "json"],
    ['["a"]', "json"],
    ['{"a":"'.padEnd(100_000, "a"), "json"],
    ["media_url=https%3A%2F%2Fmedia.example.org%2Fa.mp4&job_id=1", "parameters"],
    ["file=@lecture.mp4", "parameters"],
    ["a[b]=c", "parameters"],
    ["v=1\r\n", "parameters"],
    ["name=".padEnd(100_000, "x"), "parameters"],
    ['<?xml version="1.0"?><Error/>', "markup"],
    ["\n<!DOCTYPE html><html>", "markup"],
  ])("knows %j", (text, expected) => {
    expect(noMediaByBytes(Buffer.from(text))).toBe(expected);
  });

  it("knows JSON and this API's own parameters in a code page, too", () => {
    expect(noMediaByBytes(latin1('{"media_url":"https://media.example.org/\xfc.mp4"}'))).toBe("json");
    for (const name of ["job_id", "media_url", "is_duplicate"]) {
      expect(Object.keys(addMediaParameters.entries)).toContain(name);
      expect(noMediaByBytes(latin1(`${name}=\xfc`))).toBe("parameters");
    }
  });

  /** How files of these kinds begin; what follows is binary. */
  const CONTAINERS: Readonly<Record<string, string>> = {
    MP4: "\0\0\0\x18ftypmp42",
    "MP4 that begins with its media": "\0\0\0\x08mdat",
    MOV: "\0\0\0\x14ftypqt  ",
    "MP3 with ID3": "ID3\x03\0\0\0\0\x0f\x76TIT2",
    MP3: "\xff\xfb\x90\x64\0",
    "MPEG-TS": "G@\0\x10\0\0\xb0\r",
    "M2TS with time stamps": "\0\0\0\0G@\0\x10",
    "MPEG-PS": "\0\0\x01\xbaD\0",
    WAV: "RIFF$\0\0\0WAVEfmt ",
    AVI: "RIFF\x10\x20\x30\0AVI LIST",
    RF64: "RF64\xff\xff\xff\xffWAVEds64",
    MKV: "\x1aE\xdf\xa3\x01\0\0\0",
    OGG: "OggS\0\x02\0\0",
    FLAC: 'fLaC\0\0\0"',
    "AAC in ADTS": "\xff\xf1P\x80\x02\x1f",
    "AAC in LATM": "V\xe0\x45\0",
    ASF: "0&\xb2u\x8ef\xcf\x11",
    MXF: "\x06\x0e+4\x02\x05\x01\x01",
    AIFF: "FORM\0\0\x10\0AIFFCOMM",
    CAF: "caff\0\x01\0\0desc",
    AU: ".snd\0\0\0\x18",
    AMR: "#!AMR\n\x0c\x14",
    MIDI: "MThd\0\0\0\x06",
    FLV: "FLV\x01\x05\0\0\0\t",
    "a voice memo whose first bytes are a brace": '{"a":\0\x01\x02',
    "an array of samples": "[[\0\x01",
    "pairs of samples": "aP=\0\x01",
    "this API's own word": "media_url=\0\x01",
    "an announcement of XML": "<?xml \0",
    "dashes without a form": "--b\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8\0",
  };

  it.each(Object.entries(CONTAINERS))("takes %s for media", (_kind, head) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (rest) => {
        const bytes = Buffer.concat([latin1(head), rest]);
        expect(noMediaByBytes(bytes)).toBeUndefined();
      }),
    );
  });

  it("takes a transport stream for media wherever in its packets it begins", () => {
    const packets = Buffer.concat(
      Array.from({ length: 20 }, (_, index) => {
        const packet = Buffer.alloc(188, 0xff);
        packet.set([0x47, 0x40 + (index & 1), index, 0x10 + (index & 15), 0, 0, 1, 0xe0]);
        return packet;
      }),
    );
    for (let at = 0; at < 188; at += 1) expect(noMediaByBytes(packets.subarray(at))).toBeUndefined();
  });

  it("takes headerless samples for media, however quiet and wherever they begin", () => {
    const samples = fc.record({
      middle: fc.constantFrom(0, 0x80),
      amplitude: fc.integer({ min: 1, max: 127 }),
      period: fc.integer({ min: 2, max: 400 }),
      phase: fc.double({ min: 0, max: 2 * Math.PI, noNaN: true }),
    });
    fc.assert(
      fc.property(samples, ({ middle, amplitude, period, phase }) => {
        const bytes = Uint8Array.from({ length: 1000 }, (_, at) =>
          Math.round(middle + amplitude * Math.sin(phase + (2 * Math.PI * at) / period)),
        );
        expect(noMediaByBytes(bytes)).toBeUndefined();
      }),
      { numRuns: 2_000 },
    );
  });

  it("takes for media samples that begin like text, and have no control byte: text is UTF-8, and these are not", () => {
    const quiet = "\x61\x70\x80\x90\xa0\x90\x80".repeat(100);
    for (const head of ["aP=", "[[", "[]", '["'])
      expect([head, noMediaByBytes(latin1(head + quiet))]).toEqual([head, undefined]);
  });

  it("takes for media what says nothing of itself, text as it may be", () => {
    for (const text of [
      "",
      "hello",
      "{",
      "[",
      "[playlist]\nFile1=a",
      "[00:12.00] la la",
      "{hello}",
      "#EXTM3U\n",
      "UUUU",
    ])
      expect([text, noMediaByBytes(Buffer.from(text))]).toEqual([text, undefined]);
  });

  it("is not kept busy by a body that was made to", () => {
    const nasty = ["--" + "-".repeat(5_000_000), "--b\r\n" + "a:\r\n".repeat(1_000_000), `{"${"\\".repeat(4_000_000)}`];
    for (const text of nasty) expect(noMediaByBytes(latin1(text))).toBeUndefined();
  });
});
