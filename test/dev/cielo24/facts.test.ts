import { describe, expect, it } from "@jest/globals";
import { writeFile } from "node:fs/promises";
import { DEFAULT_FACTS, FactsError, readFacts } from "../../../dev/cielo24/facts.ts";
import { useFolder } from "../../harness/folder.ts";

const FILE = { version: 1, date: "2026-11-30T10:00:00.000Z", baseUrl: "https://sandbox.cielo24.com" };

describe("a facts file", () => {
  const folder = useFolder();
  const write = async (content: string) => {
    const file = folder.file("facts.json");
    await writeFile(file, content);
    return file;
  };

  it("is read with all facts or some", async () => {
    for (const facts of [DEFAULT_FACTS, { tokenLifeMs: null }, {}])
      expect(await readFacts(await write(JSON.stringify({ ...FILE, facts })))).toEqual({ ...FILE, facts });
  });

  it.each([
    ["no JSON", "is no JSON. npm run conformance writes such files."],
    [{ ...FILE, version: 2, facts: {} }, "is no facts file of version 1: version: "],
    [{ ...FILE, date: "yesterday", facts: {} }, "version 1: date: "],
    [{ ...FILE, facts: { mediaShownAfterMs: -1 } }, "version 1: facts.mediaShownAfterMs: "],
    [{ ...FILE, facts: { unknownJob: { status: "404" } } }, "version 1: facts.unknownJob.status: "],
    // Nothing that a file says is silently left out.
    [{ ...FILE, facts: { mediaShownAfterS: 1 } }, "version 1: facts.mediaShownAfterS: "],
    [{ ...FILE }, "version 1: facts: "],
  ])("that is %j is refused, and what is wrong is named", async (content, why) => {
    const file = await write(typeof content === "string" ? content : JSON.stringify(content));
    await expect(readFacts(file)).rejects.toThrow(
      `${file} ${why.startsWith("version") ? "is no facts file of " : ""}${why}`,
    );
    await expect(readFacts(file)).rejects.toBeInstanceOf(FactsError);
  });

  it("that is not there is named", async () => {
    await expect(readFacts("nowhere.json")).rejects.toThrow("nowhere.json cannot be read (ENOENT).");
  });
});
