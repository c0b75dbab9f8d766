import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { startStack } from "../dev/stack.ts";
import { bundleProgram } from "./bundled.ts";
import { spread } from "./spread.ts";
import { dropVirtualObject, simulatorOf } from "./virtual-drop.ts";
import type { WorkerReport } from "./worker.ts";

/**
 * `npm run bench`: the real deliver-media delivers objects on the local stack, in a process of its own. In turns with it,
 * `curl` copies the same object from the same bucket to the same cielo24. The process shares its cores with both, so look
 * at the ratios (paired within a round), the CPU seconds and the memory, not the rates.
 */

const MIB = 1024 * 1024;
const SMALL_BYTES = 64 * MIB;
const LARGE_BYTES = 4096 * MIB;
/** The benchmark fails if these are exceeded. */
const MAX_RSS_MIB = 128;
const MAX_GROWTH_MIB = 16;

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    "large-mib": { type: "string", default: String(LARGE_BYTES / MIB) },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (options.help) {
  console.log("npm run bench -- [--rounds 3] [--large-mib 4096] [--json]\nNeeds curl.");
  process.exit(0);
}

interface Figures {
  readonly sizeBytes: number;
  readonly workers: WorkerReport[];
  readonly curlMs: number[];
}

const workerFile = await bundleProgram(new URL("worker.ts", import.meta.url));

const stack = await startStack({ digest: false });
const s3 = new S3Client(stack.s3ClientConfig);

const runWorker = async (sizeBytes: number, env: Readonly<Record<string, string>> = {}): Promise<WorkerReport> => {
  const { jobId, event } = await dropVirtualObject(stack, s3, sizeBytes);
  const child = spawn(process.execPath, [workerFile], {
    env: { ...stack.env, ...env, PATH: process.env["PATH"] },
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.end(JSON.stringify(event));
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  await once(child, "close");
  const taken = simulatorOf(stack).acceptances.find((acceptance) => acceptance.jobId === jobId);
  if (taken?.sizeBytes !== sizeBytes) throw new Error(`the object did not arrive whole: ${output}`);
  return JSON.parse(output) as WorkerReport;
};

const runCurl = async (sizeBytes: number): Promise<number> => {
  const { jobId, key } = await dropVirtualObject(stack, s3, sizeBytes);
  const source = await getSignedUrl(s3, new GetObjectCommand({ Bucket: stack.bucketName, Key: key }));
  const cielo24 = simulatorOf(stack);
  const login = await fetch(`${cielo24.url}/api/account/login?v=1`, {
    headers: { "x-auth-user": stack.credentials.username, "x-auth-securekey": stack.credentials.securekey },
  });
  const { ApiToken: token } = (await login.json()) as { ApiToken: string };
  const target = `${cielo24.url}/api/job/add_media?v=1&api_token=${token}&job_id=${jobId}`;
  const startedAt = Date.now();
  const script =
    'curl -sf "$SOURCE" | curl -sf -o /dev/null -X POST -T - -H "Transfer-Encoding:" -H "Content-Length: $SIZE" "$TARGET"';
  const child = spawn("sh", ["-c", script], {
    env: { ...process.env, SOURCE: source, TARGET: target, SIZE: String(sizeBytes) },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const [code] = (await once(child, "close")) as [number];
  if (code !== 0) throw new Error(`curl ended with ${code}`);
  return Date.now() - startedAt;
};

const measure = async (sizeBytes: number): Promise<Figures> => {
  const figures: Figures = { sizeBytes, workers: [], curlMs: [] };
  for (let round = 0; round < Number(options.rounds); round += 1) {
    // In turns, so that a slow minute affects both.
    if (round % 2 === 0) figures.curlMs.push(await runCurl(sizeBytes));
    figures.workers.push(await runWorker(sizeBytes));
    if (round % 2 === 1) figures.curlMs.push(await runCurl(sizeBytes));
    if (!options.json) process.stderr.write(`round ${round + 1} of ${options.rounds}, ${sizeBytes / MIB} MiB\n`);
  }
  return figures;
};

/** What the look at the bytes costs, in pairs with a delivery that does without it. */
interface LookFigures {
  readonly reads: number[];
  readonly moreMs: number[];
  readonly moreRssMiB: number[];
}

const measureLook = async (): Promise<LookFigures> => {
  const figures: LookFigures = { reads: [], moreMs: [], moreRssMiB: [] };
  const countReads = () => stack.s3.requests.filter(({ operation }) => operation === "GetObject").length;
  for (let round = 0; round < Number(options.rounds); round += 1) {
    const before = countReads();
    const without = await runWorker(SMALL_BYTES, { PREFLIGHT: "off" });
    const between = countReads();
    const looking = await runWorker(SMALL_BYTES);
    figures.reads.push(countReads() - between - (between - before));
    figures.moreMs.push(looking.ms - without.ms);
    figures.moreRssMiB.push(looking.peakRssMiB - without.peakRssMiB);
  }
  return figures;
};

const summarize = ({ sizeBytes, workers, curlMs }: Figures) => ({
  sizeMiB: sizeBytes / MIB,
  mibPerS: spread(
    workers.map(({ ms }) => sizeBytes / MIB / (ms / 1000)),
    0,
  ),
  curlMibPerS: spread(
    curlMs.map((ms) => sizeBytes / MIB / (ms / 1000)),
    0,
  ),
  timesCurl: spread(
    workers.map(({ ms }, round) => (curlMs[round] ?? Number.NaN) / ms),
    2,
  ),
  cpuSPerGiB: spread(
    workers.map(({ cpuS }) => cpuS / (sizeBytes / MIB / 1024)),
    2,
  ),
  peakRssMiB: spread(workers.map(({ peakRssMiB }) => peakRssMiB)),
});

const small = await measure(SMALL_BYTES);
const large = await measure(Number(options["large-mib"]) * MIB);
const look = await measureLook();
s3.destroy();
await stack.close();

const peakOf = ({ workers }: Figures) => Math.max(...workers.map(({ peakRssMiB }) => peakRssMiB));
const verdicts = {
  peakRssMiB: peakOf(large),
  growthMiB: peakOf(large) - peakOf(small),
};
if (options.json) console.log(JSON.stringify({ small, large, look, verdicts }));
else {
  console.log(`node ${process.version}, ${cpus().length} cores, median (min–max) of ${options.rounds} rounds`);
  console.table([summarize(small), summarize(large)]);
  console.log(`peak RSS at the large size: ${verdicts.peakRssMiB.toFixed(1)} MiB (limit ${MAX_RSS_MIB})`);
  console.log(
    `the look: ${spread(look.reads, 0)} reads, ${spread(look.moreMs, 0)} ms and ${spread(look.moreRssMiB)} MiB more than without`,
  );
  console.log(`more than at the small size: ${verdicts.growthMiB.toFixed(1)} MiB (limit ${MAX_GROWTH_MIB})`);
}
if (verdicts.peakRssMiB > MAX_RSS_MIB || verdicts.growthMiB > MAX_GROWTH_MIB) process.exitCode = 1;
