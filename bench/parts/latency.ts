import { bundleProgram } from "../bundled.ts";
import type { Amount, BenchPart, Figure, Limit } from "../figure.ts";
import { measure, type ColdAndWarm, type Delivery } from "../latency/measured.ts";
import { startSite, type Site } from "../latency/site.ts";
import { drawWaterfall } from "../latency/waterfall.ts";

/**
 * What somebody waits for behind an upload: the way of 1 MiB from the event to the TaskId, over networks as they are. Beside
 * the real deliver-media, a relay that does no more than it must, in processes of their own and in turns.
 */

const WITHOUT_LOOK = { PREFLIGHT: "off" };
/** The time of one request to S3: what one look at the bytes may add. */
const S3_ROUND_MS = 25;

interface Round {
  readonly relay: ColdAndWarm;
  readonly ours: ColdAndWarm;
  readonly looking: ColdAndWarm;
}

const bundlePrograms = async () => ({
  relay: await bundleProgram(new URL("../latency/relay.ts", import.meta.url)),
  ours: await bundleProgram(new URL("../latency/deliver.ts", import.meta.url)),
});

type Programs = Awaited<ReturnType<typeof bundlePrograms>>;

/** In turns, so that a slow minute and what comes first affect all alike. */
const measureRound = async (site: Site, programs: Programs, isBackwards: boolean): Promise<Round> => {
  const runs = {
    relay: () => measure(site, programs.relay),
    ours: () => measure(site, programs.ours, WITHOUT_LOOK),
    looking: () => measure(site, programs.ours),
  };
  const names = Object.keys(runs) as (keyof Round)[];
  const round: Partial<Record<keyof Round, ColdAndWarm>> = {};
  for (const name of isBackwards ? names.reverse() : names) round[name] = await runs[name]();
  return round as Round;
};

const run = async ({ rounds }: Amount): Promise<Figure[]> => {
  const programs = await bundlePrograms();
  const site = await startSite();
  try {
    const measured: Round[] = [];
    for (let round = 0; round < rounds; round += 1) {
      measured.push(await measureRound(site, programs, round % 2 === 1));
      process.stderr.write(`round ${round + 1} of ${rounds}, latency\n`);
    }
    return toFigures(measured);
  } finally {
    await site.close();
  }
};

const TARGETS = {
  cold: { taskId: 1.15, end: 1.3, requests: 14, connections: 8 },
  warm: { taskId: 1.22, end: 1.3, requests: 12, connections: 2 },
};
type Limited = keyof (typeof TARGETS)["cold"];
/** docs/performance.md says how far from these 20 runs stayed. Counts have no margin: they were the same in all of them. */
const GATES: Partial<Record<Limited, number>> = { taskId: 1.5, end: 1.6 };

const toFigures = (rounds: readonly Round[]): Figure[] =>
  (["cold", "warm"] as const).flatMap((how) => {
    const figure = (
      name: string,
      unit: string,
      value: (round: { [K in keyof Round]: Delivery }) => number,
      limits: { target?: Limit; gate?: Limit } = {},
    ): Figure => ({
      name: `1 MiB, ${how}: ${name}`,
      unit,
      values: rounds.map(({ relay, ours, looking }) =>
        value({ relay: relay[how], ours: ours[how], looking: looking[how] }),
      ),
      ...limits,
    });
    const limits = (of: Limited) => ({
      target: { atMost: TARGETS[how][of] },
      gate: { atMost: GATES[of] ?? TARGETS[how][of] },
    });
    return [
      figure("event → TaskId", "× naive relay", ({ relay, ours }) => ours.taskIdMs / relay.taskIdMs, limits("taskId")),
      figure("event → acknowledged", "× naive relay", ({ relay, ours }) => ours.endMs / relay.endMs, limits("end")),
      figure("requests", "requests", ({ ours }) => ours.requests.length, limits("requests")),
      figure("new connections", "connections", ({ ours }) => ours.connections, limits("connections")),
      figure(
        "more with the look, event → TaskId",
        "rounds of S3",
        ({ ours, looking }) => (looking.taskIdMs - ours.taskIdMs) / S3_ROUND_MS,
        { target: { atMost: 1 } },
      ),
      figure("event → TaskId", "ms", ({ ours }) => ours.taskIdMs),
      figure("naive relay, event → TaskId", "ms", ({ relay }) => relay.taskIdMs),
    ];
  });

/** How long a delivery takes beside a naive relay, and in how many requests and connections. */
export const latency: BenchPart = {
  name: "latency",
  missing: () => Promise.resolve(undefined),
  run,
};

/** The requests of one cold and one warm delivery over time, ours beside the relay's, as lines of text. */
export const showWaterfalls = async (): Promise<string[]> => {
  const programs = await bundlePrograms();
  const site = await startSite();
  try {
    const ours = await measure(site, programs.ours);
    const relay = await measure(site, programs.relay);
    return [
      ...drawWaterfall("deliver-media, cold", ours.cold),
      "",
      ...drawWaterfall("deliver-media, warm", ours.warm),
      "",
      ...drawWaterfall("naive relay, cold", relay.cold),
      "",
      ...drawWaterfall("naive relay, warm", relay.warm),
    ];
  } finally {
    await site.close();
  }
};
