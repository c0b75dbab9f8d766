import { median } from "./spread.ts";

/** A bound on the median of a figure. */
export interface Limit {
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** One figure of the benchmark: its values, one for each round that took it, and what they are held to. */
export interface Figure {
  /** What was measured, as a table shows it: `1 MiB, warm: event → TaskId`. */
  readonly name: string;
  /** The unit of the values: `× naive relay`, `MiB`, `ms`. */
  readonly unit: string;
  readonly values: readonly number[];
  readonly target?: Limit;
  /** What fails the run: the target with a margin for a noisy machine. Ratios, counts and sizes only, never times. */
  readonly gate?: Limit;
}

/** How much a run measures. A quick run has smaller objects and fewer calls, and parts may leave rounds out. */
export interface Amount {
  readonly rounds: number;
  readonly quick: boolean;
}

/** A part of the benchmark, which can run alone: `npm run bench -- --only latency`. */
export interface BenchPart {
  readonly name: string;
  /** What it needs and does not find here, with the command that installs it; undefined if it can run. */
  missing(): Promise<string | undefined>;
  /** Measures, with progress on stderr. Rejects where the machine cannot tell, never because a limit is missed. */
  run(amount: Amount): Promise<readonly Figure[]>;
}

/** A figure that was not measured in every round holds no limit. */
export const holds = ({ atMost = Infinity, atLeast = -Infinity }: Limit, values: readonly number[]): boolean => {
  const middle = median(values);
  return values.every(Number.isFinite) && middle >= atLeast && middle <= atMost;
};

const showLimit = ({ atMost, atLeast }: Limit): string =>
  [...(atLeast === undefined ? [] : [`≥ ${atLeast}`]), ...(atMost === undefined ? [] : [`≤ ${atMost}`])].join(" ");

const showVerdict = (limit: Limit | undefined, values: readonly number[]): string => {
  if (!limit) return "";
  return `${showLimit(limit)} ${holds(limit, values) ? "met" : "MISSED"}`;
};

/** Three digits at least, and no more than two decimals. */
const showValue = (value: number): string => value.toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2);

const HEADINGS = ["figure", "n", "min", "median", "max", "unit", "target", "gate"];
const NUMBERS = new Set(["n", "min", "median", "max"]);

/** The figures as lines of text, one row for each; `n` is the number of its values. */
export const toTable = (figures: readonly Figure[]): string[] => {
  const rows = figures.map(({ name, unit, values, target, gate }) => [
    name,
    String(values.length),
    ...[Math.min(...values), median(values), Math.max(...values)].map(showValue),
    unit,
    showVerdict(target, values),
    showVerdict(gate, values),
  ]);
  const widths = HEADINGS.map((_, column) =>
    Math.max(...[HEADINGS, ...rows].map((cells) => cells[column]?.length ?? 0)),
  );
  const toLine = (cells: readonly string[]) =>
    cells
      .map((cell, column) =>
        NUMBERS.has(HEADINGS[column] ?? "") ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd();
  return [HEADINGS, widths.map((width) => "-".repeat(width)), ...rows].map(toLine);
};
