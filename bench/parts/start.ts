import { S3Client } from "@aws-sdk/client-s3";
import { build } from "esbuild";
import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { startStack } from "../../dev/stack.ts";
import { buildFunctions } from "../../scripts/package/build.ts";
import { bundle } from "../../scripts/package/bundle.ts";
import { zipBudgetKiB } from "../../scripts/package/zip-budget.ts";
import { createCpuShare, missingCpuShare } from "../cpu-share.ts";
import type { Amount, BenchPart, Figure, Limit } from "../figure.ts";
import { median } from "../spread.ts";
import { httpEvent } from "../start/events.ts";
import { createStarter, type StartedFunction } from "../start/start-function.ts";
import { dropVirtualObject, simulatorOf } from "../virtual-drop.ts";

const MEMORY_MB = 512;
const OBJECT_BYTES = 1024 * 1024;
/** Starts of each program in a round, of which the median counts: one that is disturbed must not decide. */
const STARTS = 3;

/**
 * The functions that somebody waits for, with the target in ms, and gates in times the sample: some 15 % above the
 * worst of 20 quick runs, which docs/performance.md lists.
 */
const FUNCTIONS = {
  "deliver-media": { targetMs: 650, gate: { call: 2.3, load: 1.6 } },
  "sign-upload": { targetMs: 460, gate: { call: 1.4, load: 1.3 } },
  "update-metadata": { targetMs: 350, gate: { call: 1.15, load: 1.1 } },
} as const;
/** What the sample by esbuild's defaults took where those ms were set: other machines are measured by it. */
const SAMPLE_MS = 568;
type FunctionName = keyof typeof FUNCTIONS;
const NAMES = Object.keys(FUNCTIONS) as FunctionName[];

/** Node alone; the SDK in a sample that is bundled as the functions are; the same sample by esbuild's own choices. */
const PEERS = ["Node alone", "SDK sample", "SDK sample, esbuild's defaults"] as const;
type Program = FunctionName | (typeof PEERS)[number];
const PROGRAMS: readonly Program[] = [...PEERS, ...NAMES];

/** How long the first call takes in a new process with the CPU of a function of 512 MB, and how large the zips are. */
export const start: BenchPart = {
  name: "start",
  missing: missingCpuShare,
  run: async (amount) => [...(await measureStarts(amount)), ...(await measureZips())],
};

const measureStarts = async ({ rounds }: Amount): Promise<Figure[]> => {
  const stack = await startStack({ digest: false, polls: false });
  const s3 = new S3Client(stack.s3ClientConfig);
  const share = await createCpuShare(MEMORY_MB);
  const files = await bundleAll();
  const startOne = await createStarter();
  const { key: sampleKey } = await dropVirtualObject(stack, s3, OBJECT_BYTES);

  const eventFor = async (program: Program): Promise<unknown> => {
    const jobId = () => simulatorOf(stack).addJob();
    if (program === "deliver-media") return (await dropVirtualObject(stack, s3, OBJECT_BYTES)).event;
    if (program === "sign-upload") return httpEvent("GET /api/job/request_upload_url", { job_id: jobId() });
    if (program === "update-metadata")
      return httpEvent("GET /api/job/update_metadata", { job_id: jobId(), reference_id: "a", requestor_id: "b" });
    return { key: sampleKey };
  };

  // Lambda's credentials always have a session token.
  const env = { ...stack.env, AWS_SESSION_TOKEN: "session-of-the-bench" };
  const measured: Record<Program, readonly StartedFunction[]>[] = [];
  try {
    for (let round = 0; round < rounds; round += 1) {
      const ofRound = Object.fromEntries(PROGRAMS.map((program) => [program, [] as StartedFunction[]]));
      for (let turn = 0; turn < STARTS; turn += 1)
        for (const program of PROGRAMS) {
          const taken = simulatorOf(stack).acceptances.length;
          const started = await startOne({ file: files[program], event: await eventFor(program), env, share });
          assertDone(program, started);
          if (program === "deliver-media" && simulatorOf(stack).acceptances.length === taken)
            throw new Error(`${program} delivered nothing`);
          ofRound[program]?.push(started);
        }
      measured.push(ofRound as Record<Program, StartedFunction[]>);
      process.stderr.write(`start: round ${round + 1} of ${rounds}\n`);
    }
  } finally {
    await share.close();
    s3.destroy();
    await stack.close();
  }
  return toFigures(measured);
};

/** @throws if the call did something else than its work: what fails early is fast */
const assertDone = (program: Program, { result, error }: StartedFunction): void => {
  const { statusCode = 200, batchItemFailures = [] } = (result ?? {}) as {
    statusCode?: number;
    batchItemFailures?: unknown[];
  };
  if (error !== undefined || statusCode !== 200 || batchItemFailures.length > 0)
    throw new Error(`${program} failed: ${error ?? JSON.stringify(result)}`);
};

/** The files of the programs, but for Node alone. */
const bundleAll = async (): Promise<Partial<Record<Program, string>>> => {
  const folder = new URL("../../dist/bench/start/", import.meta.url);
  await mkdir(folder, { recursive: true });
  const sample = fileURLToPath(new URL("../start/sample.ts", import.meta.url));
  const modules: [Program, Uint8Array][] = [
    ["SDK sample", await bundle(sample)],
    ["SDK sample, esbuild's defaults", await bundleByDefault(sample)],
  ];
  for (const name of NAMES)
    modules.push([name, await bundle(fileURLToPath(new URL(`../../functions/${name}/handler.ts`, import.meta.url)))]);
  const files: Partial<Record<Program, string>> = {};
  for (const [index, [program, module]] of modules.entries()) {
    const file = fileURLToPath(new URL(`${index}.cjs`, folder));
    await writeFile(file, module);
    files[program] = file;
  }
  return files;
};

const bundleByDefault = async (entry: string): Promise<Uint8Array> => {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    platform: "node",
    minify: true,
  });
  return outputFiles[0]?.contents ?? new Uint8Array();
};

const toFigures = (rounds: readonly Record<Program, readonly StartedFunction[]>[]): Figure[] => {
  const each = (program: Program, of: (started: StartedFunction) => number) =>
    rounds.map((round) => median(round[program].map(of)));
  const ratios = (program: Program, of: (started: StartedFunction) => number, peer: Program = "SDK sample") => {
    const peers = each(peer, of);
    return each(program, of).map((value, round) => value / (peers[round] ?? Number.NaN));
  };
  const name = (what: string, program: string) => `${MEMORY_MB} MB, ${what}: ${program}`;
  const call = ({ ms }: StartedFunction) => ms;
  const cpu = ({ cpuMs }: StartedFunction) => cpuMs;
  const load = ({ importCpuMs }: StartedFunction) => importCpuMs;
  const limit = (atMost: number): Limit => ({ atMost });
  return [
    ...PEERS.map((peer) => ({ name: name("start → first call", peer), unit: "ms", values: each(peer, call) })),
    ...NAMES.flatMap((program): Figure[] => {
      const { targetMs, gate } = FUNCTIONS[program];
      return [
        {
          name: name("start → first call", program),
          unit: "ms",
          values: each(program, call),
          target: limit(targetMs),
        },
        {
          name: name("start → first call", program),
          unit: "× SDK sample by esbuild's defaults",
          values: ratios(program, call, "SDK sample, esbuild's defaults"),
          target: limit(Number((targetMs / SAMPLE_MS).toFixed(2))),
        },
        {
          name: name("CPU until the first call's end", program),
          unit: "× SDK sample",
          values: ratios(program, cpu),
          gate: limit(gate.call),
        },
        {
          name: name("CPU until loaded", program),
          unit: "× SDK sample",
          values: ratios(program, load),
          gate: limit(gate.load),
        },
      ];
    }),
  ];
};

const measureZips = async (): Promise<Figure[]> => {
  const built = await buildFunctions("functions", "dist/bench/zips");
  return built.map(({ name, zipBytes }) => ({
    name: `zip: ${name}`,
    unit: "KiB",
    values: [zipBytes / 1024],
    target: { atMost: zipBudgetKiB(name) },
    gate: { atMost: zipBudgetKiB(name) },
  }));
};
