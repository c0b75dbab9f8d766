import { describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { createScanner, ENCODINGS, textOf } from "./scanner.ts";

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
