import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { holds, toTable, type BenchPart, type Figure } from "./figure.ts";
import { reportLeftOut } from "./left-out.ts";
import { describeMachine } from "./machine.ts";
import { calls } from "./parts/calls.ts";
import { latency, showWaterfalls } from "./parts/latency.ts";
import { start } from "./parts/start.ts";
import { throughput } from "./parts/throughput.ts";

/**
 * `npm run bench`: every figure beside its peer or its limit, as docs/performance.md says. Fails if a gate is missed: a target
 * with a margin for noisy machines.
 */

const PARTS: readonly BenchPart[] = [latency, start, calls, throughput];

const names = PARTS.map(({ name }) => name).join(", ");
const { values: options } = parseArgs({
  options: {
    rounds: { type: "string" },
    quick: { type: "boolean", default: false },
    only: { type: "string", multiple: true, default: [] },
    json: { type: "string" },
    waterfall: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (options.help) {
  console.log(`npm run bench -- [--rounds 5] [--quick] [--only PART]… [--json FILE]
npm run bench -- --waterfall

Parts: ${names}. A quick run has 3 rounds and takes less than four minutes. What lacks its tools is left out with a message;
with CI=true, that is an error. --waterfall prints the requests of a cold and of a warm delivery over time.`);
  process.exit(0);
}
if (options.waterfall) {
  for (const line of await showWaterfalls()) console.log(line);
  process.exit(0);
}
const { quick } = options;
const rounds = Number(options.rounds ?? (quick ? 3 : 5));
if (!Number.isInteger(rounds) || rounds < 1) throw new Error("--rounds must be a whole number, at least 1");
const unknown = options.only.find((wanted) => !PARTS.some(({ name }) => name === wanted));
if (unknown !== undefined) throw new Error(`--only ${unknown}: there is no such part, only ${names}`);

const machine = await describeMachine();
const at = new Date().toISOString();
const measured: (Figure & { readonly part: string })[] = [];
/** How long each part took. */
const seconds: Record<string, number> = {};
for (const part of PARTS) {
  const isWanted = options.only.includes(part.name);
  if (!isWanted && options.only.length > 0) continue;
  const missing = await part.missing();
  if (missing !== undefined) {
    reportLeftOut(part.name, missing);
    if (isWanted) process.exitCode = 1;
    continue;
  }
  const startedAt = performance.now();
  const figures = await part.run({ rounds, quick });
  seconds[part.name] = Math.round((performance.now() - startedAt) / 1000);
  measured.push(...figures.map((figure) => ({ part: part.name, ...figure })));
}

const toList = (values: Readonly<Record<string, string | number>>) =>
  Object.entries(values)
    .map((pair) => pair.join(" "))
    .join(", ");
console.log(`\n${machine.cpu}, ${machine.cores} cores, ${machine.system}; ${toList(machine.versions)}`);
console.log(`rounds: ${rounds}${quick ? ", quick" : ""}; seconds: ${toList(seconds)}\n`);
for (const line of toTable(measured)) console.log(line);
if (options.json !== undefined) {
  // Without gates: those are the code's, and change with it.
  const figures = measured.map(({ part, name, unit, values, target }) => ({ part, name, unit, values, target }));
  const results = { at, machine, rounds, quick, seconds, figures };
  await writeFile(options.json, `${JSON.stringify(results, undefined, 1)}\n`);
}
const missed = measured.filter(({ gate, values }) => gate && !holds(gate, values));
for (const { name, unit } of missed) console.error(`gate missed: ${name}, ${unit}`);
if (missed.length > 0) process.exitCode = 1;
