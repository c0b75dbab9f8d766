import { expect, it } from "@jest/globals";
import { gzipSync } from "node:zlib";
import { accepted, answerOf, lengthOf } from "./answers.ts";
import { describeHabits, failed, understood } from "./local.ts";
import { KIB } from "./pauses.ts";

const OK = "HTTP/1.1 200 OK";

describeHabits("cielo24 writes the head of its answer in a way of its own", (local) => {
  it.each<[string, (text: string) => string]>([
    ["no reason phrase", (text) => answerOf(["HTTP/1.1 200", lengthOf(text)], text)],
    ["an empty reason phrase", (text) => answerOf(["HTTP/1.1 200 ", lengthOf(text)], text)],
    [
      "a reason phrase in another tongue",
      (text) => answerOf(["HTTP/1.1 200 Zus\u00e4tzlich \u2713", lengthOf(text)], text),
    ],
    ["names in upper case", (text) => answerOf([OK, lengthOf(text).toUpperCase()], text)],
    ["no blanks", (text) => answerOf([OK, lengthOf(text).replace(" ", "")], text)],
    ["too many blanks", (text) => answerOf([OK, lengthOf(text).replace(" ", " \t ") + "  "], text)],
    ["a line too many before it", (text) => `\r\n\r\n${answerOf([OK, lengthOf(text)], text)}`],
    ["bytes beyond ASCII", (text) => answerOf([OK, "x-name: Stra\u00dfe", lengthOf(text)], text)],
    [
      "an offer of HTTP/2",
      (text) => answerOf([OK, "Upgrade: h2,h2c", "Connection: Upgrade, Keep-Alive", lengthOf(text)], text),
    ],
    ["HTML as its type", (text) => answerOf([OK, "content-type: text/html; charset=iso-8859-1", lengthOf(text)], text)],
    [
      "an odd charset",
      (text) => answerOf([OK, 'content-type: application/json;charset="x-unknown"', lengthOf(text)], text),
    ],
    ["cookies", (text) => answerOf([OK, "set-cookie: a=b; Path=/", "set-cookie: c=d", lengthOf(text)], text)],
    ["a header of 14 KiB", (text) => answerOf([OK, `x-name: ${"y".repeat(14 * KIB)}`, lengthOf(text)], text)],
    ["1,500 headers", (text) => answerOf([OK, ...Array<string>(1_500).fill("a: b"), lengthOf(text)], text)],
  ])("with %s: it is understood", async (_what, answer) => {
    expect(await local.answerWith(answer)).toEqual(understood);
  });

  it.each<[string, (text: string) => string]>([
    ["lines that end in LF alone", (text) => `${OK}\n${lengthOf(text)}\n\n${text}`],
    ["a folded header", (text) => answerOf([OK, "x-name: a", "\tb", lengthOf(text)], text)],
    ["a blank before the colon", (text) => answerOf([OK, "x-name : a", lengthOf(text)], text)],
    ["control characters", (text) => answerOf([OK, "x-name: \u0001", lengthOf(text)], text)],
    ["a line without a colon", (text) => answerOf([OK, "x-name", lengthOf(text)], text)],
    ["a header of 64 KiB", (text) => answerOf([OK, `x-name: ${"y".repeat(64 * KIB)}`, lengthOf(text)], text)],
    ["20,000 headers", (text) => answerOf([OK, ...Array<string>(20_000).fill("a: b"), lengthOf(text)], text)],
    ["a status of two digits", (text) => answerOf(["HTTP/1.1 20 OK", lengthOf(text)], text)],
    ["a status of four digits", (text) => answerOf(["HTTP/1.1 2000 OK", lengthOf(text)], text)],
    ["no head at all", (text) => text],
    ["another protocol", () => "220 ready\r\n"],
  ])("fault 10: with %s: it is lost", async (_what, answer) => {
    expect(await local.answerWith(answer, { ending: "end" })).toEqual(failed("UNAVAILABLE"));
  });

  it("is lost with the token in it, and shows none of that", async () => {
    const answer = (_text: string, { token }: { token: string }) => `${OK}\r\n${token}\r\n\r\n${token}`;
    expect(await local.answerWith(answer, { ending: "end" })).toEqual(failed("UNAVAILABLE"));
  });
});

describeHabits("cielo24 writes the body of its answer in a way of its own", (local) => {
  const withBody = (body: string | Uint8Array, ...lines: string[]) =>
    Buffer.concat([
      Buffer.from(answerOf([OK, `content-length: ${Buffer.byteLength(body)}`, ...lines], "")),
      Buffer.from(body),
    ]);

  it.each<[string, (text: string) => Uint8Array]>([
    ["a byte order mark", (text) => withBody(`\ufeff${text}`)],
    ["blanks around it", (text) => withBody(`\r\n\t ${text}\r\n\r\n`)],
    ["60 KiB of blanks behind it", (text) => withBody(text + " ".repeat(60 * KIB))],
    ["more in it than is documented", (text) => withBody(text.replace("{", '{"More":{"Deep":[1,2,null]},'))],
  ])("with %s: it is understood", async (_what, answer) => {
    expect(await local.answerWith(answer)).toEqual(understood);
  });

  it.each<[string, (text: string) => Uint8Array]>([
    ["UTF-16", (text) => withBody(Buffer.from(`\ufeff${text}`, "utf16le"))],
    ["something behind it", (text) => withBody(`${text}x`)],
    ["it twice", (text) => withBody(text + text)],
    ["a callback around it", (text) => withBody(`callback(${text})`)],
    ["a list around it", (text) => withBody(`[${text}]`)],
    ["nothing", () => withBody("")],
    ["a page", () => withBody("<html><body>OK</body></html>", "content-type: text/html")],
    ["gzip, though we ask for none", (text) => withBody(gzipSync(text), "content-encoding: gzip")],
    ["single quotes", (text) => withBody(text.replaceAll('"', "'"))],
  ])("fault 10: with %s: it is not understood", async (_what, answer) => {
    expect(await local.answerWith(answer)).toEqual(failed("UNINTELLIGIBLE"));
  });

  it("asks for no coding of the answer", async () => {
    const heads: string[] = [];
    const answer = (text: string, { head }: { head: string }) => {
      heads.push(head);
      return answerOf([OK, lengthOf(text)], text);
    };
    await local.answerWith(answer);
    expect(heads).toHaveLength(3);
    for (const head of heads) expect(head).toMatch(/\r\naccept-encoding: identity\r\n/i);
  });
});

describeHabits("cielo24 sends something behind its answer", (local) => {
  it.each<[string, (text: string) => string]>([
    ["a line", () => "\r\n"],
    ["garbage", () => "garbage"],
    ["another answer", (text) => answerOf(["HTTP/1.1 500 Oops", lengthOf(text)], text)],
    ["the beginning of another answer", () => "HTTP/1.1 500 Oo"],
  ])("%s: the answer counts, and the next call gets its own", async (_what, more) => {
    const answer = (text: string) => answerOf([OK, lengthOf(text)], text) + more(text);
    expect(await local.answerWith(answer)).toEqual(understood);
    const closing = (text: string) => answerOf([OK, "connection: close", lengthOf(text)], text) + more(text);
    expect(await local.answerWith(closing)).toEqual(understood);
  });

  it("the same answer again, to a delivery: it counts once", async () => {
    const server = await local.serve(async (exchange) => {
      await exchange.bodyIsWhole();
      await exchange.send(accepted + accepted);
    });
    expect(await local.deliver(server)).toMatchObject({ meaning: "accepted" });
  });
});
