import { describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { ENCODINGS } from "./encodings.ts";
import { createScanner } from "./scanner.ts";
import { textOf } from "./text-of.ts";

describe("the leak scanner", () => {
  const token = randomBytes(16).toString("hex");
  const scanner = createScanner({ token });

  it.each(Object.entries(ENCODINGS))("finds a token that is planted %s", (_name, encode) => {
    const text = `${"lorem ipsum ".repeat(50)}${encode(token)}${" dolor".repeat(50)}`;
    expect(scanner.scan(text)).not.toEqual([]);
  });

  it.each([0, 7, 20])("finds twelve characters of a token from position %i", (from) => {
    expect(scanner.scan(`…${token.slice(from, from + 12)}…`)).not.toEqual([]);
  });

  it.each([0, 1, 2])("finds a token in the base64 of a longer text, at offset %i", (offset) => {
    const text = Buffer.from(`${"x".repeat(offset + 3)}api_token=${token}&v=1`).toString("base64");
    expect(scanner.scan(text)).not.toEqual([]);
  });

  it.each(Object.entries(ENCODINGS))("finds twelve characters of a token that are planted %s", (_name, encode) => {
    expect(scanner.scan(`lorem ${encode(token.slice(9, 23))} ipsum`)).not.toEqual([]);
  });

  const text = `GET /api/job/info?api_token=${token}&v=1`;
  it.each<[string, string | Uint8Array]>([
    [
      "percent-encoded twice",
      encodeURIComponent(encodeURIComponent(text).replace(token, ENCODINGS["hex"]?.(token) ?? "")),
    ],
    ["percent signs of percent signs", (ENCODINGS["percent-encoded"]?.(token) ?? "").replaceAll("%", "%25")],
    [
      "JSON in JSON in JSON",
      JSON.stringify(JSON.stringify(JSON.stringify({ url: ENCODINGS["JSON escapes"]?.(token) }))),
    ],
    ["HTML entities", Array.from(token, (each) => `&#${each.charCodeAt(0)};`).join("")],
    ["HTML entities in hex", Array.from(token, (each) => `&#x${each.charCodeAt(0).toString(16)};`).join("")],
    ["quoted-printable", Array.from(token, (each) => `=${each.charCodeAt(0).toString(16).toUpperCase()}`).join("")],
    ["base64 of base64", Buffer.from(Buffer.from(text).toString("base64")).toString("base64")],
    ["base64 of UTF-16", Buffer.from(text, "utf16le").toString("base64")],
    ["base64 in lines", Buffer.from(text).toString("base64").replace(/.{13}/g, "$&\r\n")],
    ["cut into lines", text.replace(/.{8}/g, "$&\n")],
    ["gzip", gzipSync(text)],
    ["gzip in base64", `body: ${gzipSync(text).toString("base64")}`],
    ["brotli", brotliCompressSync(text)],
    ["the JSON of a Buffer", JSON.stringify(Buffer.from(text))],
    ["the inspection of a Buffer", String(Buffer.from(text).toString("hex").match(/../g)?.join(" "))],
  ])("finds a token in %s", (_name, planted) => {
    expect(scanner.scan(planted)).not.toEqual([]);
  });

  it.each<[string, unknown]>([
    [
      "a getter",
      {
        get url() {
          return text;
        },
      },
    ],
    ["a getter of its class", new Request(`http://localhost/?api_token=${token}`)],
    ["an AggregateError", new AggregateError([new Error("a"), new Error("b", { cause: { options: { path: text } } })])],
    ["bytes", { chunk: Buffer.concat([Buffer.alloc(100), Buffer.from(text)]) }],
    ["a Map of Sets", new Map([["k", new Set([[text]])]])],
    ["the key of a symbol", { [Symbol(token)]: 1 }],
  ])("finds a token in %s of an error", (_name, planted) => {
    expect(scanner.scan(textOf(Object.assign(new Error("failed"), { planted })))).not.toEqual([]);
  });

  it("finds what is secret by its form, however it is encoded", () => {
    const url = "https://bucket.example/key?X-Amz-Signature=00";
    const { scan } = createScanner({}, { "a signed URL": /X-Amz-Signature=/ });
    expect(scan(url)).toHaveLength(1);
    expect(scan(encodeURIComponent(url))).toHaveLength(1);
    expect(scan(Buffer.from(`.${url}`).toString("base64"))).toHaveLength(1);
    expect(scan(Buffer.from(url).toString("hex"))).toHaveLength(1);
  });

  it("finds a token in an error's cause, in a hidden field and behind a symbol", () => {
    const cause = Object.defineProperty(new Error("inner"), "input", { value: token, enumerable: false });
    expect(scanner.scan(textOf(new Error("outer", { cause })))).not.toEqual([]);
    expect(scanner.scan(textOf({ [Symbol("url")]: { deep: [token] } }))).not.toEqual([]);
  });

  it("does not find what is not there", () => {
    expect(scanner.scan(randomBytes(20_000).toString("hex"))).toEqual([]);
    expect(scanner.scan(token.slice(0, 11))).toEqual([]);
  });
});
