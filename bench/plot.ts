import { readFile } from "node:fs/promises";
import { holds, type Figure } from "./figure.ts";
import { median } from "./spread.ts";

/**
 * `node bench/plot.ts RESULTS.json > plot.svg`: the figures that have a target, one row each. A line from min to max, a dot at
 * the median, a tick at the target; a row ends at the largest of them.
 */

const ROW_PX = 28;
const NAMES_PX = 400;
const BARS_PX = 360;
const LIMITS_PX = 210;
const MET = "#1a7f37";
const MISSED = "#b35900";

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error("node bench/plot.ts RESULTS.json > plot.svg");
const { at, figures } = JSON.parse(await readFile(file, "utf8")) as {
  readonly at: string;
  readonly figures: readonly Figure[];
};

const escapeXml = (text: string) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");
const show = (value: number) => Number(value.toPrecision(3)).toString();

const drawRow = ({ name, unit, values, target = {} }: Figure, row: number): string => {
  const wanted = target.atMost ?? target.atLeast ?? 0;
  const widest = Math.max(...values, wanted);
  const x = (value: number) => (NAMES_PX + (Math.max(value, 0) / widest) * BARS_PX).toFixed(1);
  const y = (row + 1.5) * ROW_PX;
  const colour = holds(target, values) ? MET : MISSED;
  const limit = `${show(median(values))} ${unit}, ${target.atMost === undefined ? "≥" : "≤"} ${wanted}`;
  return [
    `<text x="${NAMES_PX - 10}" y="${y + 4}" text-anchor="end">${escapeXml(name)}</text>`,
    `<line x1="${x(Math.min(...values))}" x2="${x(Math.max(...values))}" y1="${y}" y2="${y}" stroke="${colour}" stroke-width="3"/>`,
    `<circle cx="${x(median(values))}" cy="${y}" r="5" fill="${colour}"/>`,
    `<line x1="${x(wanted)}" x2="${x(wanted)}" y1="${y - 9}" y2="${y + 9}" stroke="#57606a" stroke-width="2"/>`,
    `<text x="${NAMES_PX + BARS_PX + 12}" y="${y + 4}" fill="${colour}">${escapeXml(limit)}</text>`,
  ].join("\n");
};

const rows = figures.filter(({ target }) => target !== undefined).map(drawRow);
const [width, height] = [NAMES_PX + BARS_PX + LIMITS_PX, (rows.length + 1.5) * ROW_PX];
console.log(
  [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="13">`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    `<text x="10" y="19" fill="#57606a">npm run bench, ${at.slice(0, 10)}: min, median and max; the tick is the target</text>`,
    ...rows,
    "</svg>",
  ].join("\n"),
);
