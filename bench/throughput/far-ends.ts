import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Stack } from "../../dev/stack.ts";
import { selfSigned } from "../../test/lib/media/self-signed.ts";
import { simulatorOf } from "../virtual-drop.ts";

/** One way to the bucket and to cielo24. */
export interface Line {
  readonly bucketUrl: string;
  readonly cielo24Url: string;
}

/** The servers at both ends of a transfer, in a process of their own (server.go), in front of the stack. */
export interface FarEnds {
  readonly plain: Line;
  readonly tls: Line;
  /** As `tls` and `plain`, but the bucket sends 50 MB/s. */
  readonly slowTls: Line;
  readonly slowPlain: Line;
  /** The certificate that programs must trust. */
  readonly certificateFile: string;
  /** The size of the next body that came whole and as it was sent. It may still be on its way when its sender is done. */
  readonly takenBytes: () => Promise<number | undefined>;
  readonly close: () => Promise<void>;
}

const run = promisify(execFile);
const REPORT_MS = 5_000;
const POLL_MS = 5;
const SERVER = fileURLToPath(new URL("../../dist/bench/server", import.meta.url));

/** Builds and starts the servers. Needs Go. */
export const startFarEnds = async (stack: Stack): Promise<FarEnds> => {
  const source = fileURLToPath(new URL("server.go", import.meta.url));
  await run("go", ["build", "-o", SERVER, source], { env: { ...process.env, CGO_ENABLED: "0" } });
  const folder = await mkdtemp(join(tmpdir(), "far-ends-"));
  const certificateFile = join(folder, "certificate.pem");
  const { key, cert } = selfSigned();
  await writeFile(certificateFile, cert);

  const child = spawn(SERVER, { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.write(
    JSON.stringify({ cert, key, bucket: stack.s3ClientConfig.endpoint, cielo24: simulatorOf(stack).url }),
  );
  const taken: number[] = [];
  const lines = createInterface({ input: child.stdout });
  const [addresses] = (await once(lines, "line")) as [string];
  lines.on("line", (line) => void taken.push((JSON.parse(line) as { takenBytes: number }).takenBytes));
  const at = JSON.parse(addresses) as Record<string, string>;
  const lineOf = (bucket: string, cielo24: string): Line => ({
    bucketUrl: at[bucket] ?? "",
    cielo24Url: at[cielo24] ?? "",
  });
  return {
    plain: lineOf("bucket", "cielo24"),
    tls: lineOf("bucketTls", "cielo24Tls"),
    slowPlain: lineOf("slowBucket", "cielo24"),
    slowTls: lineOf("slowBucketTls", "cielo24Tls"),
    certificateFile,
    takenBytes: async () => {
      for (let waitedMs = 0; taken.length === 0 && waitedMs < REPORT_MS; waitedMs += POLL_MS) await wait(POLL_MS);
      return taken.shift();
    },
    close: async () => {
      const closed = once(child, "close");
      child.stdin.end();
      await closed;
      await rm(folder, { recursive: true });
    },
  };
};
