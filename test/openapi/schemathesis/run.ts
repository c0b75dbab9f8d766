import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startStack } from "../../../dev/stack.ts";

/**
 * `npm run test:schemathesis`: Schemathesis makes requests of `docs/openapi.yml`, right and wrong ones, and holds the
 * local stack's answers against it. Options are its own: `npm run test:schemathesis -- --seed 7`.
 */

/** cielo24 knows these jobs; each takes one medium. */
const JOBS = 20_000;
const CAPABILITY = "2f1d0cf5c1a84f0e9b6e6f0f2a3b4c5d";

const options = process.argv.slice(2);
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const { stdout } = await promisify(execFile)("bash", [here("../../../scripts/schemathesis.sh")]);
const program = stdout.trim();

/** Lets cielo24 pull an object, which then has an address at the API. */
const handOver = async (jobId: string): Promise<void> => {
  const key = `handed-over/${jobId}.mp4`;
  const versionId = stack.s3.putVirtualObject(stack.bucketName, key, 8, 7);
  const now = stack.runtime.clock();
  await stack.ledger.write(jobId, {
    if: { state: ["none"] },
    set: {
      state: "FINALIZING",
      fence: 1,
      media: { id: "object:a", kind: "object", key, versionId },
      handOver: true,
      capability: CAPABILITY,
      capabilityUntil: now + 3_600_000,
      updatedAt: now,
    },
  });
};

const directory = await mkdtemp(join(tmpdir(), "schemathesis-"));
const stack = await startStack({
  fetchMedia: () => Promise.resolve(Buffer.from("media")),
  onLine: (line) => {
    if (line.includes("UNHANDLED_ERROR")) process.stderr.write(`${line}\n`);
  },
});
try {
  const jobs = Array.from({ length: JOBS }, () => stack.cielo24?.addJob() ?? "");
  const handedOver = stack.cielo24?.addJob() ?? "";
  await writeFile(join(directory, "jobs.txt"), jobs.join("\n"));
  await handOver(handedOver);
  const token = await stack.token({ sub: "alice", scope: "media.write media.read metadata.write" });
  const child = spawn(
    program,
    [
      "--config-file",
      here("schemathesis.toml"),
      "run",
      here("../../../docs/openapi.yml"),
      "--url",
      stack.apiUrl,
      ...options,
    ],
    {
      cwd: directory,
      stdio: ["ignore", "inherit", "inherit"],
      env: {
        ...process.env,
        SCHEMATHESIS_HOOKS: here("hooks.py"),
        JOBS_FILE: join(directory, "jobs.txt"),
        API_TOKEN: token,
        CAPABILITY: `${handedOver}.${CAPABILITY}`,
      },
    },
  );
  const [code] = (await once(child, "exit")) as [number | null];
  process.exitCode = code ?? 1;
} finally {
  await stack.close();
  await rm(directory, { recursive: true, force: true });
}
