import { execFile } from "node:child_process";
import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import type { Browser } from "playwright-core";
import { findChromium, launchChromium } from "../test/browser/chromium.ts";
import { findProgram } from "../test/harness/find-program.ts";
import { describeMachine } from "./machine.ts";
import { median, spread } from "./spread.ts";
import { startNetwork, type Network } from "./upload/network.ts";
import { uploadInEarlierPage, uploadInPage, type UploadInPage } from "./upload/pages.ts";
import { aws, commandLine, rclone, runProgram, type Program } from "./upload/programs.ts";

/**
 * `npm run bench:upload`: how long uploads take over a line with a round trip of 80 ms and 3 MB/s for each connection. In
 * Chromium, the page of this build beside `@uppy/aws-s3`; beside them the command line, `aws s3 cp` and rclone. All take
 * turns, and what counts are the ratios within a round. `docs/performance.md` has results.
 */

const MIB = 1024 * 1024;
const LINE = { latencyMs: 40, bytesPerSecond: 3_000_000 };
/** Requests at a time, where programs are compared at the same number. */
const EQUAL = 6;
/** The benchmark fails if these are missed. */
const LEAST_PAGE_RATIO = 4;
const LEAST_PROGRAM_RATIO = 1;
/** Where the project wants the command line to be. */
const TARGET_PROGRAM_RATIO = 1.2;
const MOST_RSS_MIB = 120;
/** As fast as others is whoever is no slower than by this share: runs of one program differ by as much. */
const TOLERANCE = 0.03;

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    mib: { type: "string", default: "200" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (options.help) {
  console.log(`npm run bench:upload -- [--rounds 3] [--mib 200] [--json]

Needs Linux. What is missing of Chromium, aws and rclone is left out, with a message.`);
  process.exit(0);
}
const sizeBytes = Number(options.mib) * MIB;
const rounds = Number(options.rounds);
if (!Number.isInteger(rounds) || rounds < 1 || !(sizeBytes >= MIB))
  throw new Error("--rounds and --mib must be numbers of at least 1");

const at = new Date().toISOString();
const note = (text: string) => process.stderr.write(`${text}\n`);
const folder = await mkdtemp(join(tmpdir(), "bench-upload-"));

/** A real video, followed by a box of zeros that players skip. The file has holes, so reading it costs nothing. */
const makeFilm = async (): Promise<string> => {
  const path = join(folder, "film.mp4");
  const film = await readFile(new URL("../test/media/moov-first.mp4", import.meta.url));
  const box = Buffer.alloc(8);
  box.writeUInt32BE(sizeBytes - film.length, 0);
  box.write("free", 4, "latin1");
  await using file = await open(path, "w");
  await file.writev([film, box]);
  await file.truncate(sizeBytes);
  return path;
};

/** One upload, on a stack of its own. */
interface Figure {
  readonly ms: number;
  readonly peakRssMiB?: number;
  /** How much of a processor's core the stack and the line took. Near 1, they were the bottleneck. */
  readonly cores: number;
}
const figures = new Map<string, Figure[]>();

const measure = async (name: string, upload: (network: Network) => Promise<Omit<Figure, "cores">>): Promise<void> => {
  const network = await startNetwork(LINE, sizeBytes);
  const before = process.cpuUsage();
  const startedAt = performance.now();
  try {
    const figure = await upload(network);
    const { user, system } = process.cpuUsage(before);
    const cores = (user + system) / 1000 / (performance.now() - startedAt);
    figures.set(name, [...(figures.get(name) ?? []), { ...figure, cores }]);
    note(`  ${name.padEnd(30)} ${(figure.ms / 1000).toFixed(1)} s`);
  } finally {
    await network.close();
  }
};

const find = (name: string): string | undefined => {
  const program = findProgram(name);
  if (program === undefined) note(`skipped: ${name}, which Debian has`);
  return program;
};
const awsProgram = find("aws");
const rcloneProgram = find("rclone");
const chromium = await findChromium();
if (chromium === undefined) note("skipped: the page (install Chromium, or set CHROMIUM)");

await promisify(execFile)(process.execPath, ["scripts/build-client.ts"]);
const film = await makeFilm();
const browser = chromium === undefined ? undefined : await launchChromium();

const PAGE = "the page";
const EARLIER_PAGE = "@uppy/aws-s3";
const inBrowser = (upload: UploadInPage, open: Browser) => async (network: Network) => ({
  ms: await upload(open, network, film),
});
const own = commandLine();
const others = [...(awsProgram ? [aws(awsProgram)] : []), ...(rcloneProgram ? [rclone(rcloneProgram)] : [])];
const equals = [
  commandLine(EQUAL),
  ...(awsProgram ? [aws(awsProgram, EQUAL)] : []),
  ...(rcloneProgram ? [rclone(rcloneProgram, EQUAL)] : []),
];
const byProgram = (program: Program) => (network: Network) => runProgram(program, network, film, folder);

const turns = [
  ...(browser
    ? ([
        [PAGE, inBrowser(uploadInPage, browser)],
        [EARLIER_PAGE, inBrowser(uploadInEarlierPage, browser)],
      ] as const)
    : []),
  ...[own, ...others, ...equals].map((program) => [program.name, byProgram(program)] as const),
];
for (let round = 0; round < rounds; round += 1) {
  note(`round ${round + 1} of ${rounds}, ${options.mib} MiB`);
  // Forth and back, so that a machine which slows down is unfair to each of them once.
  for (const [name, upload] of round % 2 === 0 ? turns : turns.toReversed()) await measure(name, upload);
}
const chromiumVersion = browser?.version();
await browser?.close();
await rm(folder, { recursive: true });

const of = (name: string): readonly Figure[] => figures.get(name) ?? [];
const times = (name: string) => of(name).map(({ ms }) => ms);
/** How many times as fast it was, round by round, as the fastest of the others. */
const ratios = (name: string, rivals: readonly string[]): number[] =>
  times(name).map((ms, round) => Math.min(...rivals.map((rival) => times(rival)[round] ?? Number.NaN)) / ms);

const pageRatios = ratios(PAGE, [EARLIER_PAGE]);
const programRatios =
  others.length === 0
    ? []
    : ratios(
        own.name,
        others.map(({ name }) => name),
      );
const peakRssMiB = Math.max(...of(own.name).map((figure) => figure.peakRssMiB ?? 0));
const verdicts = [
  ...(pageRatios.length === 0
    ? []
    : [
        {
          what: `the page, times as fast as ${EARLIER_PAGE}`,
          value: spread(pageRatios, 2),
          wanted: `at least ${LEAST_PAGE_RATIO}`,
          holds: median(pageRatios) >= LEAST_PAGE_RATIO,
        },
      ]),
  ...(programRatios.length === 0
    ? []
    : [
        {
          what: `the command line, times as fast as ${others.map(({ name }) => name).join(" and ")}, whichever was faster`,
          value: spread(programRatios, 2),
          wanted: `at least ${LEAST_PROGRAM_RATIO}, within ${TOLERANCE * 100} %; target ${TARGET_PROGRAM_RATIO}`,
          holds: median(programRatios) >= LEAST_PROGRAM_RATIO - TOLERANCE,
        },
      ]),
  {
    what: "the command line's memory, MiB",
    value: peakRssMiB.toFixed(1),
    wanted: `at most ${MOST_RSS_MIB}`,
    holds: peakRssMiB <= MOST_RSS_MIB,
  },
];

if (options.json) {
  const described = await describeMachine();
  const machine = { ...described, versions: { ...described.versions, chromium: chromiumVersion } };
  const results = { at, machine, rounds, sizeBytes, line: LINE, figures: Object.fromEntries(figures), verdicts };
  console.log(JSON.stringify(results));
} else {
  console.log(`node ${process.version}, ${cpus().length} cores, median (min–max) of ${rounds} rounds`);
  console.table(
    Object.fromEntries(
      [...figures].map(([name, all]) => [
        name,
        {
          seconds: spread(all.map(({ ms }) => ms / 1000)),
          "MB/s": spread(all.map(({ ms }) => sizeBytes / 1000 / ms)),
          "peak RSS, MiB": all.some((each) => each.peakRssMiB === undefined)
            ? ""
            : spread(all.map((each) => each.peakRssMiB ?? 0)),
          "stack's cores": spread(
            all.map(({ cores }) => cores),
            2,
          ),
        },
      ]),
    ),
  );
  for (const { what, value, wanted, holds } of verdicts)
    console.log(`${holds ? "ok  " : "FAIL"}  ${what}: ${value} (${wanted})`);
}
if (verdicts.some(({ holds }) => !holds)) process.exitCode = 1;
