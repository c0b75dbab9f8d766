import { describe, expect, it } from "@jest/globals";
import { readFile } from "node:fs/promises";
import ts from "typescript";

/** `docs/privacy.md` lists everything that is stored: an auditor relies on it. */

const page = await readFile("docs/privacy.md", "utf8");

/** What stands in backquotes in a section of the page, each once. */
const namesIn = (title: string, pattern = /`([^`]+)`/g): string[] => {
  const section = page.split(/^## /m).find((each) => each.startsWith(`${title}\n`));
  if (section === undefined) throw new Error(`docs/privacy.md has no section "${title}"`);
  return [...new Set([...section.matchAll(pattern)].map(([, name = ""]) => name))].sort();
};

/** The first column of a section's table. */
const firstColumn = (title: string): string[] => {
  const section = page.split(/^## /m).find((each) => each.startsWith(`${title}\n`)) ?? "";
  const cells = section.split("\n").flatMap((line) => /^\| (`[^|]+)\|/.exec(line)?.[1] ?? []);
  // In parentheses is the name that the table has.
  return cells.flatMap((cell) =>
    [...cell.replaceAll(/\(`\w+`\)/g, "").matchAll(/`(\w+)`/g)].map(([, name = ""]) => name),
  );
};

const parse = async (path: string) =>
  ts.createSourceFile(path, await readFile(path, "utf8"), ts.ScriptTarget.Latest, true);

const membersOf = async (path: string, name: string): Promise<string[]> => {
  const found = (await parse(path)).statements.find(
    (each): each is ts.InterfaceDeclaration => ts.isInterfaceDeclaration(each) && each.name.text === name,
  );
  if (!found) throw new Error(`${path} has no interface ${name}`);
  return found.members.map((each) => each.name?.getText() ?? "").sort();
};

describe("docs/privacy.md", () => {
  it("says of each attribute of a row what it holds", async () => {
    expect(firstColumn("The attributes of a row").sort()).toEqual(
      await membersOf("lib/delivery/machine/row.ts", "Row"),
    );
  });

  it("lists the fields of a log line, and no others", async () => {
    const fields = await membersOf("lib/observability.ts", "AllowedFields");
    const always = ["time", "level", "service", "message"];
    expect(namesIn("The fields of a log line")).toEqual([...fields, ...always].sort());
  });

  it("lists the fields of the access log, and no others", async () => {
    const format = /format: >-\n\s+(\{.*\})/.exec(await readFile("serverless.yml", "utf8"))?.[1] ?? "";
    expect(namesIn("The access log")).toEqual(Object.keys(JSON.parse(format) as object).sort());
  });

  it("lists what events have, and nothing else", async () => {
    const names = new Set<string>();
    for (const path of ["lib/delivery/aws/events.ts", "lib/delivery/machine/row.ts"]) {
      const visit = (node: ts.Node): void => {
        if (ts.isPropertyAssignment(node) && /^[A-Z][a-z]\w*$/.test(node.name.getText()))
          names.add(node.name.getText());
        ts.forEachChild(node, visit);
      };
      visit(await parse(path));
    }
    // Of the call to EventBridge, and of errors.
    for (const other of ["Entries", "EventBusName", "Source", "DetailType", "Detail", "ErrorType", "ErrorComment"])
      names.delete(other);
    expect(namesIn("The events", /`([A-Z]\w+)`/g)).toEqual([...names].sort());
  });
});
