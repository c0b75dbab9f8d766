import { describe, expect, it } from "@jest/globals";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createTranscript } from "../cli/transcript.ts";
import { describeOnTerminal, startScriptOnTerminal } from "../cli/terminal.ts";

const SCRIPT = "test/ops/ask.ts";
const CTRL_C = "\u0003";
const CTRL_D = "\u0004";

describeOnTerminal("a command that changes something, on a terminal", () => {
  const ask = async (stage: string, keys: string) => {
    const asked = startScriptOnTerminal(SCRIPT, [stage]);
    await asked.shows(stage === "prod" ? "Type the stage's name to go on: " : "Go on? [y/N] ");
    asked.type(keys);
    return asked.ended;
  };

  it.each([
    ["dev", "y\r", true],
    ["dev", "YES\r", true],
    ["dev", "\r", false],
    ["dev", "dev\r", false],
    ["prod", "prod\r", true],
    ["prod", "y\r", false],
    ["prod", "prod-eu\r", false],
  ])("tells what it is going to do at %s and, after %j, goes on: %j", async (stage, keys, goesOn) => {
    const { code, output } = await ask(stage, keys);
    expect(output).toContain("Deletes 3 versions.");
    expect(output.includes("It is done.")).toBe(goesOn);
    expect(output.includes("Not confirmed: nothing was done")).toBe(!goesOn);
    expect(code).toBe(goesOn ? 0 : 9);
  });

  it("does nothing at the end of the input", async () => {
    expect((await ask("dev", CTRL_D)).code).toBe(9);
  });

  it("does nothing at Ctrl-C", async () => {
    const { code, output } = await ask("dev", CTRL_C);
    expect(output).not.toContain("It is done.");
    expect(code).toBe(130);
  });
});

describe("a command that changes something, without a terminal", () => {
  const run = async (...words: string[]) => {
    const child = spawn(process.execPath, [SCRIPT, ...words], { stdio: ["ignore", "pipe", "pipe"] });
    const stderr = createTranscript(child.stderr);
    const [code] = (await once(child, "close")) as [number];
    return { code, said: stderr.text() };
  };

  it.each([
    ["dev", "--yes"],
    ["dev", "--confirm", "dev"],
    ["prod", "--confirm", "prod"],
    ["prod", "--yes", "--confirm", "prod"],
  ])("goes on with %s %s %s", async (...words) => {
    expect(await run(...words)).toEqual({ code: 0, said: "" });
  });

  it.each([
    [["dev"], /Deletes 3 versions[\s\S]*this is no terminal[\s\S]*Add --yes\./],
    [["prod", "--yes"], /this is no terminal[\s\S]*Add --confirm prod\./],
    [["production", "--yes"], /Add --confirm production\./],
    [["prod", "--yes", "--confirm", "dev"], /--confirm says dev, and the stage is prod\./],
    [["dev", "--yes", "--confirm", "prod"], /--confirm says prod, and the stage is dev\./],
  ])("does nothing with %j", async (words, why) => {
    const { code, said } = await run(...words);
    expect(said).toMatch(why);
    expect(code).toBe(9);
  });
});
