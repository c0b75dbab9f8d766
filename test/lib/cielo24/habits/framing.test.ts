import { expect, it } from "@jest/globals";
import { answerOf, lengthOf } from "./answers.ts";
import { describeHabits, failed, understood } from "./local.ts";

const CHUNKED = ["HTTP/1.1 200 OK", "transfer-encoding: chunked"];
const sizeOf = (chunk: string) => Buffer.byteLength(chunk).toString(16);
const chunksOf = (...chunks: string[]) => chunks.map((chunk) => `${sizeOf(chunk)}\r\n${chunk}\r\n`).join("");
const END = "0\r\n\r\n";

describeHabits("cielo24 answers in chunks", (local) => {
  it.each<[string, (text: string) => string]>([
    ["one chunk", (text) => chunksOf(text) + END],
    ["a chunk for every byte", (text) => chunksOf(...Array.from(text)) + END],
    ["extensions", (text) => `${sizeOf(text)};name=value;quoted="a;b"\r\n${text}\r\n0;last\r\n\r\n`],
    ["trailers", (text) => `${chunksOf(text)}0\r\nServer-Timing: a\r\nX-Checksum: 0\r\n\r\n`],
    [
      "sizes in upper case and with zeros before",
      (text) => `000${sizeOf(text).toUpperCase()}\r\n${text}\r\n000\r\n\r\n`,
    ],
  ])("with %s: it is understood", async (_what, chunks) => {
    expect(await local.answerWith((text) => answerOf(CHUNKED, chunks(text)))).toEqual(understood);
  });

  it.each<[string, (text: string) => string]>([
    ["the last chunk missing", (text) => chunksOf(text)],
    ["a chunk cut short", (text) => chunksOf(text).slice(0, -5)],
    ["no chunk at all", () => ""],
    ["a size that is no number", (text) => `zz\r\n${text}\r\n${END}`],
    ["a size below nothing", (text) => `-${chunksOf(text)}${END}`],
    ["a size beyond all numbers", (text) => `${"f".repeat(40)}\r\n${text}\r\n${END}`],
    ["a size that is too small", (text) => `3\r\n${text}\r\n${END}`],
    ["sizes that end in LF alone", (text) => `${sizeOf(text)}\n${text}\n0\n\n`],
  ])("fault 10: with %s: it is lost", async (_what, chunks) => {
    const answer = (text: string) => answerOf(CHUNKED, chunks(text));
    expect(await local.answerWith(answer, { ending: "end" })).toEqual(failed("UNAVAILABLE"));
  });
});

describeHabits("cielo24 says twice or wrongly how long its answer is", (local) => {
  it.each<[string, (text: string) => string[]]>([
    ["twice the same length", (text) => [lengthOf(text), lengthOf(text)]],
    ["two lengths", (text) => [lengthOf(text), "content-length: 3"]],
    ["a list of lengths", (text) => [`content-length: ${text.length}, ${text.length}`]],
    ["a length below nothing", () => ["content-length: -5"]],
    ["a length with a sign", (text) => [`content-length: +${text.length}`]],
    ["a length beyond all numbers", () => [`content-length: ${"9".repeat(30)}`]],
    ["a length in hex", () => ["content-length: 0x20"]],
    ["a length and chunks", (text) => [lengthOf(text), "transfer-encoding: chunked"]],
    ["chunks and a length", (text) => ["transfer-encoding: chunked", lengthOf(text)]],
    ["a length that is too long", (text) => [`content-length: ${text.length + 1}`]],
  ])("fault 10: %s: it is lost", async (_what, lines) => {
    const answer = (text: string) => {
      const body = lines(text).some((line) => line.includes("chunked")) ? chunksOf(text) + END : text;
      return answerOf(["HTTP/1.1 200 OK", ...lines(text)], body);
    };
    expect(await local.answerWith(answer, { ending: "end" })).toEqual(failed("UNAVAILABLE"));
  });

  it.each([1, 20])("fault 10: a length that is too short by %d: it is not understood", async (short) => {
    const answer = (text: string) => answerOf(["HTTP/1.1 200 OK", `content-length: ${text.length - short}`], text);
    expect(await local.answerWith(answer)).toEqual(failed("UNINTELLIGIBLE"));
  });

  it("no length, and a FIN at the end: it is understood", async () => {
    expect(await local.answerWith((text) => answerOf(["HTTP/1.1 200 OK"], text), { ending: "end" })).toEqual(
      understood,
    );
  });
});
