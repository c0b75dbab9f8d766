import { beforeAll, describe, expect, it } from "@jest/globals";
import { STAGES, type Stage } from "./check.ts";
import { alarmChecks } from "./checks/alarms.ts";
import { functionChecks } from "./checks/functions.ts";
import { httpChecks } from "./checks/http.ts";
import { queueChecks } from "./checks/queues.ts";
import { roleChecks } from "./checks/roles.ts";
import { storageChecks } from "./checks/storage.ts";
import { wholeChecks } from "./checks/whole.ts";
import type { Template } from "./cloudformation.ts";
import { compareEnvironment, FOLDERS } from "./environment.ts";
import { packageStages } from "./packaged.ts";

const CHECKS = [
  ...httpChecks,
  ...functionChecks,
  ...roleChecks,
  ...storageChecks,
  ...queueChecks,
  ...alarmChecks,
  ...wholeChecks,
];

let templates: Record<Stage, Template>;
beforeAll(async () => {
  templates = await packageStages();
});

describe.each(STAGES)("the template of %s", (stage) => {
  it.each(CHECKS)("$name", ({ holds }) => {
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
  it.each(CHECKS)("is caught: $name", ({ holds, breakIt }) => {
    for (const stage of STAGES) {
      const broken = structuredClone(templates[stage]);
      breakIt(broken);
      expect(() => {
        holds(broken, stage);
      }).toThrow();
    }
  });
});

describe("the checks", () => {
  it("are as many as was asked for, and each is another one", () => {
    expect(CHECKS.length).toBeGreaterThanOrEqual(60);
    expect(new Set(CHECKS.map(({ name }) => name)).size).toBe(CHECKS.length);
  });
});
