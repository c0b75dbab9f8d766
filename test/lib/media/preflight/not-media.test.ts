import { describe, expect, it } from "@jest/globals";
import { gzipSync } from "node:zlib";
import { judge, lookAt } from "../../../../lib/media/preflight/preflight.ts";
import { box, boxOf, bytesOf, joined, sample, sparse, whole } from "./media-bytes.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const utf16 = (text: string): Uint8Array => new Uint8Array(Buffer.from(`\uFEFF${text}`, "utf16le"));
const utf16be = (text: string): Uint8Array => new Uint8Array(Buffer.from(utf16(text)).swap16());
/** Bytes that are no text and no media, behind a signature. */
const noise = new Uint8Array(3000).map((_, index) => (index * index * 31 + (index >> 3)) & 0xff);
const binary = (signature: string): Uint8Array => joined(bytesOf(signature), noise);
const SRT = "1\r\n00:00:01,000 --> 00:00:02,500\r\nWörter\r\n";

const whatIs = async (bytes: Uint8Array): Promise<string | undefined> => (await lookAt(whole(bytes))).notMedia;

describe("what is no media", () => {
  it.each([
    ["a subtitle file (WebVTT)", utf8("WEBVTT\n\n00:01.000 --> 00:02.000\nWords\n")],
    ["a subtitle file (SRT)", utf8(SRT)],
    ["a subtitle file (SRT)", utf8(`\uFEFF${SRT}`)],
    ["a subtitle file (SRT)", utf16(SRT)],
    ["a subtitle file (SRT)", utf16be(SRT)],
    // As old programs write it, in a code page.
    ["a subtitle file (SRT)", bytesOf(SRT)],
    ["a subtitle file (TTML)", utf8('<?xml version="1.0"?>\n<tt xmlns="http://www.w3.org/ns/ttml"/>')],
    ["a subtitle file", utf8("Scenarist_SCC V1.0\n\n00:00:01:00\t9420\n")],
    ["a subtitle file", utf8("0:00:01.000,0:00:02.000\nWords\n")],
    ["a subtitle file", utf8("[Script Info]\nTitle: x\n")],
    ["a playlist, which only names its media", utf8("#EXTM3U\n#EXT-X-VERSION:3\nlow/index.m3u8\n")],
    ["a playlist, which only names its media", utf8('<?xml version="1.0"?><MPD></MPD>')],
    ["an HTML page", utf8("<!DOCTYPE html><title>Sign in</title>")],
    ["an HTML page", utf8("\n<html><body>403</body></html>")],
    ["an XML document", utf8('<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code></Error>')],
    ["an XML document", bytesOf('<?xml version="1.0" encoding="ISO-8859-1"?><a>\xfc</a>')],
    ["a JSON document", utf8('{"job":"a"}')],
    ["an RTF document", utf8("{\\rtf1\\ansi Words}")],
    ["a text file", utf8("Notes of the lecture\n")],
    ["a text file", utf8("d41d8cd98f00b204e9800998ecf8427e  lecture.mp4\n")],
    ["a text file", utf8(`data:video/mp4;base64,${Buffer.from(noise).toString("base64")}`)],
    ["a text file", utf8("export const answer = 42;\n".repeat(4000))],
    // A beginning and an end that are cut within a character.
    ["a text file", utf8("é".repeat(40_000))],
    ["a text file", utf8(`a${"€".repeat(40_000)}`)],
    [
      "a form with a file inside (curl -F, FormData)",
      binary('--b7\r\nContent-Disposition: form-data; name="f"\r\n\r\n\0\0'),
    ],
    ["a ZIP archive or an Office document", binary("PK\x03\x04\x14\0\x06\0")],
    ["an Office document", binary("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")],
    ["a PDF document", binary("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")],
    ["an archive", new Uint8Array(gzipSync(noise))],
    ["an archive", binary("7z\xbc\xaf\x27\x1c\0\x04")],
    ["an archive", binary("Rar!\x1a\x07\x01\0")],
    ["an archive", binary("BZh91AY&SY\0")],
    ["an archive", binary("\xfd7zXZ\0\0")],
    ["an archive", binary("\x28\xb5\x2f\xfd\x04")],
    ["an archive", binary(`lecture.mp4${"\0".repeat(246)}ustar\x0000`)],
    ["an image", binary("\x89PNG\r\n\x1a\n\0\0\0\rIHDR")],
    ["an image", binary("\xff\xd8\xff\xe0\0\x10JFIF\0")],
    ["an image", binary("GIF89a\x10\0\x10\0")],
    ["an image", binary("RIFF\x24\x10\0\0WEBPVP8 ")],
    ["an image", binary("II*\0\x08\0\0\0")],
    ["an image", binary("MM\0*\0\0\0\x08")],
    ["an image", binary("BM\x36\x10\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0")],
    ["an image", binary("8BPS\0\x01\0\0\0\0\0\0\0\x03")],
    ["an image", binary("\0\0\0\x0cJXL \r\n\x87\n")],
    ["an image (HEIC or AVIF)", joined(box("ftyp", bytesOf("heic\0\0\0\0mif1heic")), box("meta"), box("mdat", noise))],
    ["an image (HEIC or AVIF)", joined(box("ftyp", bytesOf("avif\0\0\0\0mif1avif")), box("meta"), box("mdat", noise))],
    ["a program", binary("\x7fELF\x02\x01\x01")],
    ["a program", binary(`MZ\x90\0${"\0".repeat(124)}PE\0\0`)],
    ["a program", binary("\xcf\xfa\xed\xfe\x07\0\0\x01")],
    ["a text file", utf8("#!/bin/sh\nexec true\n")],
    ["a file of the operating system", binary("\0\0\0\x01Bud1\0\0\x10\0")],
    ["a file of the operating system", binary("\0\x05\x16\x07\0\x02\0\0Mac OS X")],
    ["a database (SQLite)", binary("SQLite format 3\0")],
  ])("fault 64: is named: %s", async (what, bytes) => {
    expect(await lookAt(whole(bytes))).toEqual({ notMedia: what });
    expect(judge({ notMedia: what }, { requireAudio: false })).toMatchObject({ type: "NOT_MEDIA" });
  });

  it("is read at both ends alone, whatever its size", async () => {
    const line = utf8("words and more words\n".repeat(2000));
    const sizeBytes = 5 * 2 ** 30;
    const media = sparse(sizeBytes, [
      [0, line],
      [sizeBytes - line.length, line],
    ]);
    expect(await lookAt(media)).toEqual({ notMedia: "a text file" });
    expect(media.spent).toEqual({ requests: 2, bytes: 32 * 1024 });
  });
});

describe("what might be media", () => {
  it.each<[string, Uint8Array]>([
    ["nothing at all", new Uint8Array()],
    ["unknown bytes", noise],
    ["silence without a header", new Uint8Array(40_000)],
    ["quiet sound without a header", new Uint8Array(40_000).map((_, index) => 0x80 + (index % 3))],
    ["sound that begins like a mark of UTF-16", binary("\xff\xfe\x01\0\xff\xff\0\0")],
    ["text with other bytes behind it", joined(utf8("Notes\n".repeat(100)), noise)],
    ["text in a code page that has no sign of its own", bytesOf("M\xfcller und S\xf6hne\n".repeat(10))],
    ["text that ends in something else", joined(utf8("Notes of the lecture\n".repeat(4000)), noise)],
    ["letters that are no program", binary("MZ and so on")],
    ["letters that are no image", binary("BM and so on")],
    [
      "an image's brand with a movie inside",
      joined(box("ftyp", bytesOf("heic\0\0\0\0mif1")), box("mdat"), boxOf("silent.mp4", "moov")),
    ],
    ["items of an unknown brand", joined(box("ftyp", bytesOf("abcd\0\0\0\0")), box("meta"), box("mdat"))],
    // What mediabunny can read plays, whatever is around it.
    ["a form around an MP3", joined(bytesOf("--b\r\nContent-Disposition: form-data\r\n\r\n"), sample("no-id3.mp3"))],
  ])("is not called otherwise: %s", async (_what, bytes) => {
    expect(await whatIs(bytes)).toBeUndefined();
  });

  it("is not called a transport stream for letters that are 188 apart", async () => {
    expect(await lookAt(whole(utf8(`G${"e".repeat(187)}`.repeat(3))))).toEqual({ notMedia: "a text file" });
  });
});
