import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { compare, readList, TOOLS, type Finding } from "./lint-templates/findings.ts";

/** `node scripts/lint-templates.ts FOLDER`: the reports in the folder, `<stage>.<tool>.json`, and the list. */
const PAGE = "docs/security.md";

const [folder = ""] = process.argv.slice(2);
const ran = new Set<string>();
const findings: Finding[] = [];
const files = readdirSync(folder);
for (const file of files) {
  const [, tool = ""] = /\.([\w-]+)\.json$/.exec(file) ?? [];
  const known = TOOLS[tool];
  if (known === undefined) throw new Error(`${file} is the report of no tool`);
  ran.add(tool);
  findings.push(...known.read(JSON.parse(readFileSync(join(folder, file), "utf8")) as never));
}
const faults = compare(findings, readList(readFileSync(PAGE, "utf8")), [...ran]);
for (const fault of faults) console.log(fault);
console.log(`${[...ran].join(", ")}: ${findings.length} findings in ${files.length} reports`);
if (faults.length > 0) console.error(`They are not those in ${PAGE}`);
process.exitCode = faults.length > 0 ? 1 : 0;
