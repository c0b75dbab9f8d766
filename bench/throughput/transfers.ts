import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Stack } from "../../dev/stack.ts";
import type { CpuShare } from "../cpu-share.ts";
import { createMemoryWatch } from "../upload/process-tree.ts";
import { dropVirtualObject } from "../virtual-drop.ts";
import type { FarEnds, Line } from "./far-ends.ts";

/** What one transfer cost the process that carried it, or the processes. */
export interface Cost {
  readonly ms: number;
  readonly cpuS: number;
  readonly peakRssMiB: number;
}

/** Carries a new object of that size over the line. */
export type Transfer = (sizeBytes: number, line: Line) => Promise<Cost>;

/** What all transfers share. */
export interface Setting {
  readonly stack: Stack;
  readonly ends: FarEnds;
  /** Reads the stack's own bucket, past the line. */
  readonly s3: S3Client;
}

const WATCH_MS = 50;

/** The transfer. Rejects where cielo24 did not get every byte. */
export const carryWhole =
  ({ ends }: Setting, transfer: Transfer): Transfer =>
  async (sizeBytes, line) => {
    const cost = await transfer(sizeBytes, line);
    const takenBytes = await ends.takenBytes();
    if (takenBytes !== sizeBytes) throw new Error(`${String(takenBytes)} of ${sizeBytes} bytes arrived`);
    return cost;
  };

/** The real deliver-media: with its ledger, SHA-256 and look at the media. */
export const deliverMedia =
  ({ stack, ends, s3 }: Setting, workerFile: string, { settings = {}, share }: Deployed = {}): Transfer =>
  async (sizeBytes, { bucketUrl, cielo24Url }) => {
    const { event } = await dropVirtualObject(stack, s3, sizeBytes);
    const env = { ...stack.env, ...settings, AWS_ENDPOINT_URL_S3: bucketUrl, CIELO24_BASE_URL: cielo24Url };
    return runNode(workerFile, {
      env: { ...env, NODE_EXTRA_CA_CERTS: ends.certificateFile },
      input: JSON.stringify(event),
      share,
    });
  };

interface Deployed {
  readonly settings?: Environment;
  readonly share?: CpuShare | undefined;
}

/** The SDK's `GetObject` as the body of one POST, without SHA-256. */
export const relayBy =
  ({ stack, ends, s3 }: Setting, relayFile: string, by: "request" | "fetch" | "undici"): Transfer =>
  async (sizeBytes, { bucketUrl, cielo24Url }) => {
    const { jobId, key } = await dropVirtualObject(stack, s3, sizeBytes);
    const env = {
      ...operatorOf(stack),
      AWS_ENDPOINT_URL_S3: bucketUrl,
      BUCKET: stack.bucketName,
      KEY: key,
      TARGET: targetOf(cielo24Url, jobId),
      BY: by,
    };
    return runNode(relayFile, { env: { ...env, NODE_EXTRA_CA_CERTS: ends.certificateFile } });
  };

/** @param script has `$SOURCE`, `$TARGET`, `$SIZE` and `$CERTIFICATE`, and rclone's remotes `from` and `to` */
const byShell =
  ({ stack, ends, s3 }: Setting, script: string): Transfer =>
  async (sizeBytes, { bucketUrl, cielo24Url }) => {
    const { jobId, key } = await dropVirtualObject(stack, s3, sizeBytes);
    const signer = new S3Client({ ...stack.s3ClientConfig, endpoint: bucketUrl });
    const source = await getSignedUrl(signer, new GetObjectCommand({ Bucket: stack.bucketName, Key: key }));
    signer.destroy();
    return runShell(script, {
      ...operatorOf(stack),
      ...remote("FROM", bucketUrl),
      ...remote("TO", cielo24Url),
      SOURCE: source,
      TARGET: targetOf(cielo24Url, jobId),
      SIZE: String(sizeBytes),
      CERTIFICATE: ends.certificateFile,
      OBJECT: `${stack.bucketName}/${key}`,
    });
  };

const GET = 'curl -sf --cacert "$CERTIFICATE" "$SOURCE"';
const POST =
  'curl -sf --cacert "$CERTIFICATE" -o /dev/null -X POST -T - -H "Transfer-Encoding:" -H "Content-Length: $SIZE" "$TARGET"';

/** GET into POST, without SHA-256. */
export const curlToCurl = (setting: Setting): Transfer => byShell(setting, `${GET} | ${POST}`);

/** The fair peer: it computes the SHA-256 as well. */
export const hashedCurlToCurl = (setting: Setting, sha256: string): Transfer =>
  byShell(
    setting,
    `folder=$(mktemp -d) && mkfifo "$folder/copy" && { ${sha256} <"$folder/copy" >/dev/null &
    ${GET} | tee "$folder/copy" | ${POST}; wait; rm -r "$folder"; }`,
  );

/** rclone cannot POST: it PUTs the object into another bucket, in one piece and without checksums. */
export const rclone = (setting: Setting): Transfer =>
  byShell(
    setting,
    `rclone copyto "from:$OBJECT" "to:$OBJECT" --ca-cert "$CERTIFICATE" --config "" --retries 1 --s3-upload-cutoff 5Gi \
    --s3-disable-checksum --s3-no-head --s3-no-check-bucket --ignore-checksum --ignore-times --no-update-modtime`,
  );

const targetOf = (cielo24Url: string, jobId: string) => `${cielo24Url}/api/job/add_media?v=1&job_id=${jobId}`;

const operatorOf = ({ operator }: Stack) => ({
  AWS_ACCESS_KEY_ID: operator.accessKeyId,
  AWS_SECRET_ACCESS_KEY: operator.secretAccessKey,
  AWS_REGION: "us-east-1",
});

const remote = (name: string, url: string) => ({
  [`RCLONE_CONFIG_${name}_TYPE`]: "s3",
  [`RCLONE_CONFIG_${name}_PROVIDER`]: "Other",
  [`RCLONE_CONFIG_${name}_ENV_AUTH`]: "true",
  [`RCLONE_CONFIG_${name}_REGION`]: "us-east-1",
  [`RCLONE_CONFIG_${name}_ENDPOINT`]: url,
});

interface Run {
  readonly env: Environment;
  readonly input?: string;
  readonly share?: CpuShare | undefined;
}

const runNode = async (file: string, { env, input = "", share }: Run): Promise<Cost> => {
  const [command, args] = share?.command(process.execPath, [file]) ?? [process.execPath, [file]];
  const child = spawn(command, args, {
    env: { PATH: process.env["PATH"], ...env },
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.end(input);
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`${file} ended with ${String(code)}`);
  return JSON.parse(output) as Cost;
};

/** The processes' CPU time is what the shell's `times` says of its children. */
const runShell = async (script: string, env: Environment): Promise<Cost> => {
  const startedAt = Date.now();
  const child = spawn("sh", ["-c", `set -e\n${script}\ntimes`], {
    env: { PATH: process.env["PATH"], ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const memory = createMemoryWatch(child.pid ?? 0);
  const watching = setInterval(memory.look, WATCH_MS);
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  clearInterval(watching);
  if (code !== 0) throw new Error(`The shell ended with ${String(code)}: ${script}`);
  const times = [...(output.trim().split("\n").at(-1) ?? "").matchAll(/(\d+)m([\d.]+)s/g)];
  const cpuS = times.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0);
  return { ms: Date.now() - startedAt, cpuS, peakRssMiB: memory.peakMiB() };
};

type Environment = Readonly<Record<string, string | undefined>>;
