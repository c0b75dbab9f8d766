import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { format, resolveConfig } from "prettier";
import { tableOfMemories, tableOfMonth, tableOfUploads } from "./costs.ts";
import { tableOfDays, tableOfOutages } from "./days.ts";
import { tableOfFirstLimits, tableOfLimits } from "./limits.ts";
import { readStage } from "./stage.ts";
import { renderTable, replaceTable } from "./table.ts";

/** `npm run bench:scale`: what the proxy costs, and what it does with many drops; on paper and in simulation. */

const { values: options } = parseArgs({
  options: {
    most: { type: "string", default: "10000000" },
    write: { type: "boolean", default: false },
    check: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (options.help) {
  console.log(
    `npm run bench:scale -- [--most 10000000] [--write | --check]
--write puts the tables into docs/costs.md and docs/scale.md, --check fails where those say something else.`,
  );
  process.exit(0);
}

const stage = readStage();
const most = Number(options.most);
const pages = {
  "docs/costs.md": [() => tableOfMemories(), () => tableOfUploads(stage), () => tableOfMonth(stage)],
  "docs/scale.md": [
    () => tableOfLimits(stage),
    () => tableOfFirstLimits(stage),
    () => tableOfDays(stage, most),
    () => tableOfOutages(stage, most),
  ],
};
for (const [file, tables] of Object.entries(pages)) {
  const before = await readFile(file, "utf8");
  let page = before;
  for (const make of tables) {
    const table = make();
    console.log(`${table.name}\n\n${renderTable(table)}\n`);
    page = replaceTable(page, table);
  }
  page = await format(page, { ...(await resolveConfig(file)), filepath: file });
  if (options.write) await writeFile(file, page);
  if (options.check && page !== before) {
    console.error(`${file} has other tables: npm run bench:scale -- --write`);
    process.exitCode = 1;
  }
}
