import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import ts from "typescript";
import type { Promised } from "./catalogue.ts";

/** A test as it stands in its file. */
export interface Title {
  readonly file: string;
  readonly text: string;
  /** False where jest would leave it out: skipped or to do, itself or with all of its block. */
  readonly runs: boolean;
}

/** Checks of the packaged template are tests by another name: `template.test.ts` makes one of each. */
const TEMPLATE_CHECKS = /\btemplate\/checks\//;

/** Every test below a folder, read from the sources: a test need not run to be found, only to be written. */
export const readTitles = async (folder: string): Promise<Title[]> => {
  const names = await readdir(folder, { recursive: true });
  const files = names.filter((name) => /\.test\.ts$/.test(name) || TEMPLATE_CHECKS.test(name)).sort();
  const titles = await Promise.all(
    files.map(async (name) => findTitles(name, await readFile(join(folder, name), "utf8"))),
  );
  return titles.flat();
};

/** The tests of one source. */
export const findTitles = (file: string, source: string): Title[] => {
  const found: Title[] = [];
  const names = TEMPLATE_CHECKS.test(file) ? [...TESTS, "check", "is"] : TESTS;
  const visit = (node: ts.Node, runs: boolean): void => {
    const called = ts.isCallExpression(node) ? nameCalled(node) : undefined;
    const isLeftOut = called !== undefined && (called.modifiers.some((each) => LEFT_OUT.includes(each)) || isX(called));
    if (called && ts.isCallExpression(node) && names.includes(called.name))
      found.push({ file, text: textOf(node.arguments[0]), runs: runs && !isLeftOut });
    ts.forEachChild(node, (child) => {
      visit(child, runs && !isLeftOut);
    });
  };
  visit(ts.createSourceFile(file, source, ts.ScriptTarget.Latest), true);
  return found;
};

const TESTS = ["it", "test", "xit", "xtest"];
const LEFT_OUT = ["skip", "todo"];
const isX = ({ name }: Called): boolean => name.startsWith("x");

interface Called {
  readonly name: string;
  readonly modifiers: readonly string[];
}

/**
 * `it`, `it.only`, `it.each(table)`, `describe.skip.each(table)`: the name and what follows it by dots. Undefined for any
 * other call, and for the inner call of `it.each(table)(title)`, which has no title.
 */
const nameCalled = (call: ts.CallExpression): Called | undefined => {
  const modifiers: string[] = [];
  let callee: ts.Expression = call.expression;
  if (ts.isCallExpression(callee)) callee = callee.expression;
  else if (ts.isTaggedTemplateExpression(callee)) callee = callee.tag;
  else if (ts.isPropertyAccessExpression(callee) && callee.name.text === "each") return undefined;
  while (ts.isPropertyAccessExpression(callee)) {
    modifiers.push(callee.name.text);
    callee = callee.expression;
  }
  return ts.isIdentifier(callee) ? { name: callee.text, modifiers } : undefined;
};

const textOf = (title: ts.Expression | undefined): string => {
  if (title === undefined) return "";
  if (ts.isStringLiteralLike(title)) return title.text;
  // What is filled in cannot be read here; that something is, can.
  return ts.isTemplateExpression(title) ? `${title.head.text}…` : "";
};

/** What a title begins with: the faults and threats that the test is about. */
const NAMED = /^((?:fault|threat) \d+(?:, (?:fault|threat) \d+)*): ./;
const MENTIONED = /\b(?:fault|threat)s? \d/i;

/** What is wrong between the promises and the tests that name them; nothing where every promise is tested. */
export const findGaps = (
  catalogue: readonly Pick<Promised, "kind" | "number">[],
  titles: readonly Title[],
): string[] => {
  const promised = new Set(catalogue.map(({ kind, number }) => `${kind} ${number}`));
  const tested = new Set<string>();
  const gaps: string[] = [];
  for (const { file, text, runs } of titles) {
    const named = NAMED.exec(text)?.[1]?.split(", ") ?? [];
    if (named.length === 0 && MENTIONED.test(text))
      gaps.push(`${file}: "${text}" does not begin with what it is about`);
    for (const name of named) {
      if (!promised.has(name)) gaps.push(`${file}: there is no ${name}`);
      if (runs) tested.add(name);
      else gaps.push(`${file}: the test of ${name} is left out`);
    }
  }
  for (const name of promised) if (!tested.has(name)) gaps.push(`${name} has no test`);
  return gaps;
};
