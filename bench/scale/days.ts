import { CIELO24_CALLS, CIELO24_CALLS_PER_S } from "./figures.ts";
import { meanDrop, simulate, type Result, type Scenario } from "./simulation.ts";
import type { Stage } from "./stage.ts";
import { count, duration, type Table } from "./table.ts";

/** The simulated days of docs/scale.md: an ordinary one, and one with an outage. */

const HOUR_MS = 3_600_000;
const OUTAGE = [10 * HOUR_MS, 16 * HOUR_MS] as const;
const SEED = 1;

/** One stage. Where several divide the drops among them, it is one of those. */
interface Setting extends Pick<Scenario, "dropsPerDay" | "maximumConcurrency" | "callsPerS"> {
  readonly stages?: number;
}

const settingsOf = (stage: Stage): readonly Setting[] => {
  const given = { maximumConcurrency: stage.maximumConcurrency, callsPerS: CIELO24_CALLS_PER_S };
  return [
    { ...given, dropsPerDay: 1000 },
    { ...given, dropsPerDay: 10_000 },
    { ...given, dropsPerDay: 100_000 },
    { ...given, dropsPerDay: 100_000, maximumConcurrency: 50 },
    { ...given, dropsPerDay: 1_000_000, maximumConcurrency: 400 },
    { dropsPerDay: 1_000_000, maximumConcurrency: 400, callsPerS: 200 },
    { dropsPerDay: 10_000_000, maximumConcurrency: 1000, callsPerS: 2000 },
    { stages: 4, dropsPerDay: 2_500_000, maximumConcurrency: 1000, callsPerS: 500 },
  ];
};

/** Whether what comes in a day can be delivered in a day. */
const keepsUp = ({ dropsPerDay, maximumConcurrency, callsPerS }: Setting, meanS: number): boolean => {
  const perS = dropsPerDay / 86_400;
  return perS * meanS < maximumConcurrency && perS * CIELO24_CALLS < callsPerS;
};

/** The first cells of a row. */
const cellsOf = ({ stages = 1, dropsPerDay, maximumConcurrency, callsPerS }: Setting): readonly string[] => [
  `${stages > 1 ? `${stages} × ` : ""}${count(dropsPerDay)}`,
  count(maximumConcurrency),
  count(callsPerS),
];

const atPart = ({ waitsMs }: Result, part: number): string =>
  duration(waitsMs[Math.floor(waitsMs.length * part)] ?? Number.NaN);

/**
 * An ordinary day at each scale.
 *
 * @param most leaves out the larger scales
 */
export const tableOfDays = (stage: Stage, most = Infinity): Table => {
  const { seconds } = meanDrop(stage);
  return {
    name: "days",
    head: [
      "drops a day",
      "`maximumConcurrency`",
      "cielo24's calls/s",
      "keeps up",
      "to TaskId, p50",
      "p99",
      "at once, most",
      "in flight, most",
      "receives for each drop",
      "open at midnight",
    ],
    rows: settingsOf(stage)
      .filter(({ dropsPerDay }) => dropsPerDay <= most)
      .map((setting) => {
        const day = simulate({ ...setting, stage, seed: SEED });
        return [
          ...cellsOf(setting),
          keepsUp(setting, seconds) ? "yes" : "no",
          atPart(day, 0.5),
          atPart(day, 0.99),
          count(day.mostAtOnce),
          count(day.mostInFlight),
          (day.receives / day.drops).toFixed(2),
          count(day.backlog),
        ];
      }),
  };
};

/**
 * A day with an outage of six hours, at each scale and with the settings that keep up without one.
 *
 * @param most leaves out the larger scales
 */
export const tableOfOutages = (stage: Stage, most = Infinity): Table => ({
  name: "outages",
  head: [
    "drops a day",
    "`maximumConcurrency`",
    "cielo24's calls/s",
    "open at its end",
    "until they are delivered",
    "in flight, most",
    "receives for each drop",
    "to TaskId, p99 of the day",
  ],
  rows: settingsOf(stage)
    .filter((setting) => setting.dropsPerDay <= most && keepsUp(setting, meanDrop(stage).seconds))
    .map((setting) => {
      const day = simulate({ ...setting, outage: OUTAGE, stage, seed: SEED });
      return [
        ...cellsOf(setting),
        count(day.backlog),
        duration(day.drainMs ?? Number.NaN),
        count(day.mostInFlight),
        (day.receives / day.drops).toFixed(2),
        atPart(day, 0.99),
      ];
    }),
});
