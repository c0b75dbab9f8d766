import { describe, expect, it } from "@jest/globals";
import { readFile } from "node:fs/promises";
import { MEDIA_ENDINGS, mediaTypeOf } from "../../client/media-names.ts";
import { kindOfName } from "../../lib/media/names.ts";

describe("the endings of media files", () => {
  it.each([
    ["lecture.mp4", "video/mp4"],
    ["LECTURE.MP4", "video/mp4"],
    ["00012.MTS", "video/mp2t"],
    ["00012.m2ts", "video/mp2t"],
    ["MOV003.TOD", "video/mpeg"],
    ["take 1.final.Mov", "video/quicktime"],
    ["/archive/2026.05/talk.rmvb", "application/vnd.rn-realmedia-vbr"],
    ["C:\\dictations\\DS330001.DS2", "audio/x-dss"],
    ["tv.dvr-ms", "video/x-ms-dvr"],
    ["call.amr", "audio/amr"],
  ])("give %s a media type", (name, type) => {
    expect(mediaTypeOf(name)).toBe(type);
  });

  it.each([
    "notes.txt",
    "lecture.srt",
    "lecture",
    "mp4",
    "lecture.mp4.part",
    "talks.mp4/readme",
    "talks.mp4\\x",
    ".",
    "",
  ])("give %j none", (name) => {
    expect(mediaTypeOf(name)).toBeUndefined();
  });

  it("are listed once each, in order, in lower case and with their dots", () => {
    expect(MEDIA_ENDINGS).toEqual([...new Set(MEDIA_ENDINGS)].sort());
    for (const ending of MEDIA_ENDINGS) expect(ending).toMatch(/^\.[a-z0-9-]+$/);
    expect(MEDIA_ENDINGS).toEqual(expect.arrayContaining([".aa3", ".caf", ".mod", ".mxf", ".rf64", ".ts", ".vob"]));
  });

  it("are none that stand for files which go with media, or are not finished", () => {
    expect(MEDIA_ENDINGS.filter((ending) => kindOfName(`lecture${ending}`) !== "media")).toEqual([]);
  });

  it("have types that may be signed for an upload", () => {
    for (const ending of MEDIA_ENDINGS)
      expect(mediaTypeOf(`a${ending}`)).toMatch(/^(?:video|audio|application)\/[\w.-]+$/);
  });

  it("are those that the documents name", async () => {
    const page = await readFile("docs/clients/command-line.md", "utf8");
    const [, named = ""] = /The endings of media are([^]*?)\.\n\n/.exec(page) ?? [];
    expect(named.match(/\.[\w-]+/g)).toEqual(MEDIA_ENDINGS);
  });
});
