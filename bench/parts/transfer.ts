import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { startStack } from "../../dev/stack.ts";
import { findProgram } from "../../test/harness/find-program.ts";
import { bundleProgram } from "../bundled.ts";
import type { Amount, BenchPart, Figure } from "../figure.ts";
import { dropVirtualObject, simulatorOf } from "../virtual-drop.ts";
import type { WorkerReport } from "../worker.ts";

/**
 * The real deliver-media delivers objects on the local stack, in a process of its own. In turns with it, `curl` copies the
 * same object from the same bucket to the same cielo24. The process shares its cores with both, so look at the ratios
 * (paired within a round), the CPU seconds and the memory, not the rates.
 */

const MIB = 1024 * 1024;
const SMALL_BYTES = 64 * MIB;
const LARGE_BYTES = 4096 * MIB;
const MAX_RSS_MIB = 128;
const MAX_GROWTH_MIB = 16;

interface Transfers {
  readonly sizeBytes: number;
  readonly workers: WorkerReport[];
  readonly curlMs: number[];
}

const run = async (amount: Amount): Promise<Figure[]> => {
  // A quick run is about memory, which hardly differs from round to round.
  const rounds = amount.quick ? 1 : amount.rounds;
  const workerFile = await bundleProgram(new URL("../worker.ts", import.meta.url));
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

  const measure = async (sizeBytes: number): Promise<Transfers> => {
    const transfers: Transfers = { sizeBytes, workers: [], curlMs: [] };
    for (let round = 0; round < rounds; round += 1) {
      // In turns, so that a slow minute affects both.
      if (round % 2 === 0) transfers.curlMs.push(await runCurl(sizeBytes));
      transfers.workers.push(await runWorker(sizeBytes));
      if (round % 2 === 1) transfers.curlMs.push(await runCurl(sizeBytes));
      process.stderr.write(`round ${round + 1} of ${rounds}, ${sizeBytes / MIB} MiB\n`);
    }
    return transfers;
  };

  /** What the look at the bytes costs, in pairs with a delivery that does without it. */
  const measureLook = async () => {
    const look = { reads: [] as number[], moreMs: [] as number[], moreRssMiB: [] as number[] };
    const countReads = () => stack.s3.requests.filter(({ operation }) => operation === "GetObject").length;
    for (let round = 0; round < rounds; round += 1) {
      const before = countReads();
      const without = await runWorker(SMALL_BYTES, { PREFLIGHT: "off" });
      const between = countReads();
      const looking = await runWorker(SMALL_BYTES);
      look.reads.push(countReads() - between - (between - before));
      look.moreMs.push(looking.ms - without.ms);
      look.moreRssMiB.push(looking.peakRssMiB - without.peakRssMiB);
    }
    return look;
  };

  try {
    const small = await measure(SMALL_BYTES);
    const large = await measure(LARGE_BYTES);
    const look = await measureLook();
    const growth = large.workers.map(
      ({ peakRssMiB }, round) => peakRssMiB - (small.workers[round]?.peakRssMiB ?? Number.NaN),
    );
    return [
      ...toFigures("64 MiB over HTTP", small),
      ...toFigures("4 GiB over HTTP", large, MAX_RSS_MIB),
      { name: "4 GiB: peak RSS, more than at 64 MiB", unit: "MiB", values: growth, gate: { atMost: MAX_GROWTH_MIB } },
      { name: "the look, 64 MiB: reads more than without", unit: "reads", values: look.reads },
      { name: "the look, 64 MiB: time more than without", unit: "ms", values: look.moreMs },
      { name: "the look, 64 MiB: peak RSS more than without", unit: "MiB", values: look.moreRssMiB },
    ];
  } finally {
    s3.destroy();
    await stack.close();
  }
};

const toFigures = (title: string, { sizeBytes, workers, curlMs }: Transfers, maxRssMiB?: number): Figure[] => [
  {
    name: `${title}: speed`,
    unit: "× curl|curl",
    values: workers.map(({ ms }, round) => (curlMs[round] ?? Number.NaN) / ms),
  },
  {
    name: `${title}: CPU`,
    unit: "s per GiB",
    values: workers.map(({ cpuS }) => cpuS / (sizeBytes / MIB / 1024)),
  },
  {
    name: `${title}: peak RSS`,
    unit: "MiB",
    values: workers.map(({ peakRssMiB }) => peakRssMiB),
    ...(maxRssMiB === undefined ? {} : { gate: { atMost: maxRssMiB } }),
  },
];

export const transfer: BenchPart = {
  name: "transfer",
  missing: () => Promise.resolve(findProgram("curl") ? undefined : "install curl"),
  run,
};
