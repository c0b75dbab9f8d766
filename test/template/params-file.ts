import { readFileSync } from "node:fs";

const EXAMPLE = readFileSync("params.example.yml", "utf8");

/** The lines of the example's section dev, in which each line is one parameter. */
const DEV = (/^dev:\n((?: .*\n)+)/m.exec(EXAMPLE)?.[1] ?? "").split("\n").filter((line) => /^ {2}\w/.test(line));

const nameIn = (line: string): string | undefined => /^ *(\w+):/.exec(line)?.[1];

/** A parameters' file: the example with one more stage, which is dev with these lines in place of dev's own. */
export const paramsFileWith = (stage: string, ...lines: readonly string[]): string => {
  const own = new Set(lines.map(nameIn));
  const rest = DEV.filter((line) => !own.has(nameIn(line)));
  return `${EXAMPLE}\n${JSON.stringify(stage)}:\n${[...rest, ...lines.map((line) => `  ${line}`)].join("\n")}\n`;
};
