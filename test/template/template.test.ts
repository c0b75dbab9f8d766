import { beforeAll, describe, expect, it } from "@jest/globals";
import { readFileSync } from "node:fs";
import { STAGES, type Stage } from "./check.ts";
import { everyCheck } from "./checks/every.ts";
import type { Template } from "./cloudformation.ts";
import { compareEnvironment, FOLDERS } from "./environment.ts";
import { packageStages } from "./packaged.ts";
import { namesOfStage, outputsOf, placeholders, shellLines, usedNames, usedOutputs } from "./pages.ts";

let templates: Record<Stage, Template>;
beforeAll(async () => {
  templates = await packageStages();
});

describe.each(STAGES)("the template of %s", (stage) => {
  it.each(everyCheck)("$name", ({ holds }) => {
    holds(templates[stage], stage);
  });

  it.each(Object.keys(FOLDERS) as (keyof typeof FOLDERS)[])(
    "gives %s the variables that it reads, and no others",
    async (name) => {
      const { given, read } = await compareEnvironment(templates[stage], name);
      expect(given).toEqual(read);
    },
  );
});

describe("a template that was changed for the worse", () => {
  it.each(everyCheck)("is caught: $name", ({ holds, breakIt }) => {
    for (const stage of STAGES) {
      const broken = structuredClone(templates[stage]);
      breakIt(broken);
      expect(() => {
        holds(broken, stage);
      }).toThrow();
    }
  });
});

describe("the pages for operators", () => {
  it("call outputs by names that the stack has", () => {
    const outputs = outputsOf(templates.prod);
    expect(usedOutputs().filter(({ name }) => !outputs.has(name))).toEqual([]);
  });

  it.each(["MediaQueueArn", "DeadLetterQueueArn", "HttpApiUrl", "UserPoolId"])(
    "would be wrong if %s were named otherwise",
    (output) => {
      expect(usedOutputs().map(({ name }) => name)).toContain(output);
    },
  );

  it("leave nothing to be filled in that the stack knows", () => {
    expect(placeholders().filter(({ name }) => /^(api|bucket|bus|queue|table|topic)$|_arn$/.test(name))).toEqual([]);
  });

  it.each(STAGES)("call what is in %s by the names that it has", (stage) => {
    const names = namesOfStage(templates[stage], stage);
    expect(usedNames(stage).length).toBeGreaterThan(0);
    expect(usedNames(stage).filter(({ name }) => !names.has(name))).toEqual([]);
  });

  it("have no command that an interactive shell changes: `!` in double quotes names an earlier one there", () => {
    const isChanged = (line: string) => /![^\s=(]/.test(line.replaceAll(/'[^']*'/g, ""));
    expect(isChanged(`--query "Rules[?!starts_with(Name, '$BUS-')].Name"`)).toBe(true);
    expect(isChanged(`--query 'Rules[?!ManagedBy].Name'`)).toBe(false);
    expect(shellLines().length).toBeGreaterThan(50);
    expect(shellLines().filter(isChanged)).toEqual([]);
  });

  it("redrive to a destination that is named: a message that was buried by hand has no source", () => {
    const commands = readFileSync("docs/operations.md", "utf8").match(/^aws sqs start-message-move-task.*$/gm);
    expect(commands).toEqual([
      "aws sqs start-message-move-task --source-arn <DeadLetterQueueArn> --destination-arn <MediaQueueArn>",
    ]);
  });
});

describe("the checks", () => {
  it("are as many as was asked for, and each is another one", () => {
    expect(everyCheck.length).toBeGreaterThanOrEqual(60);
    expect(new Set(everyCheck.map(({ name }) => name)).size).toBe(everyCheck.length);
  });
});
