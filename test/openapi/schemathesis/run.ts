import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { simulatorOf } from "../../../bench/virtual-drop.ts";
import { startStack } from "../../../dev/stack.ts";
import { handOverObject } from "../../harness/handed-over.ts";
import { SCOPE } from "../../harness/scope.ts";

/**
 * `npm run test:schemathesis`: Schemathesis makes requests of `docs/openapi.yml`, right and wrong ones, and holds the
 * local stack's answers against it. Options are its own: `npm run test:schemathesis -- --seed 7`.
 */

/** cielo24 knows these jobs; each takes media once. */
const JOBS = 20_000;

const options = process.argv.slice(2);
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const { stdout } = await promisify(execFile)("bash", [here("../../../scripts/schemathesis.sh")]);
const program = stdout.trim();

const directory = await mkdtemp(join(tmpdir(), "schemathesis-"));
const stack = await startStack({
  fetchMedia: () => Promise.resolve(Buffer.from("media")),
  onLine: (line) => {
    if (line.includes("UNHANDLED_ERROR")) process.stderr.write(`${line}\n`);
  },
});
try {
  const jobs = Array.from({ length: JOBS }, () => simulatorOf(stack).addJob());
  const capability = await handOverObject(stack, simulatorOf(stack).addJob());
  await writeFile(join(directory, "jobs.txt"), jobs.join("\n"));
  const token = await stack.token({ sub: "alice", scope: SCOPE });
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
        CAPABILITY: capability,
      },
    },
  );
  const [code] = (await once(child, "exit")) as [number | null];
  process.exitCode = code ?? 1;
} finally {
  await stack.close();
  await rm(directory, { recursive: true, force: true });
}
