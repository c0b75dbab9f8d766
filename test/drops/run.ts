import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { format, resolveConfig } from "prettier";
import type { Observation } from "./observed.ts";
import { makeTable } from "./table.ts";

/**
 * `npm run test:drops`: installs the clients that Python and Go have, tries all, and compares what they did with the table in
 * `docs/clients/aws-s3.md`. With `--write`, it puts the table there. Other arguments are jest's.
 */

const PAGE = fileURLToPath(new URL("../../docs/clients/aws-s3.md", import.meta.url));
const TABLE = /(?<=<!-- what the clients do[^>]*-->\n).*(?=<!-- end -->)/s;

const isInCi = process.env["CI"] === "true";
const mustWrite = process.argv.includes("--write");
const forJest = process.argv.slice(2).filter((each) => each !== "--write");

/** The folder of the installed programs; undefined where there is no Python, which CI does not allow. */
const install = async (): Promise<string | undefined> => {
  const script = fileURLToPath(new URL("../../scripts/s3-clients.sh", import.meta.url));
  try {
    return (await promisify(execFile)("bash", [script])).stdout.trim();
  } catch (error) {
    if (isInCi) throw error;
    process.stderr.write(`skipped: the clients that Python and Go have (${String(error)})\n`);
    return undefined;
  }
};

const tryAll = async (env: NodeJS.ProcessEnv): Promise<boolean> => {
  const args = ["run", "--silent", "test:only", "--", "test/drops", ...forJest];
  const child = spawn("npm", args, { stdio: "inherit", env: { ...process.env, ...env } });
  const [code] = (await once(child, "exit")) as [number | null];
  return code === 0;
};

const readObservations = async (folder: string): Promise<Observation[]> => {
  const names = await readdir(folder);
  return Promise.all(names.map(async (name) => JSON.parse(await readFile(join(folder, name), "utf8")) as Observation));
};

/** @returns whether the page has this table, now at least */
const settleTable = async (observations: readonly Observation[]): Promise<boolean> => {
  const page = await readFile(PAGE, "utf8");
  const text = page.replace(TABLE, () => `\n${makeTable(observations)}\n`);
  const wanted = await format(text, { ...(await resolveConfig(PAGE)), parser: "markdown" });
  if (mustWrite) await writeFile(PAGE, wanted);
  return mustWrite || wanted === page;
};

const folder = await mkdtemp(join(tmpdir(), "drops-observed-"));
try {
  const clients = await install();
  const isProven = await tryAll({ DROPS_OBSERVED: folder, ...(clients === undefined ? {} : { S3_CLIENTS: clients }) });
  const observations = await readObservations(folder);
  const clientCount = (await readdir(new URL(".", import.meta.url))).filter((name) => name.endsWith(".test.ts")).length;
  if (!isProven) process.exitCode = 1;
  else if (observations.length < clientCount || forJest.length > 0)
    process.stderr.write("skipped: the table of docs/clients/aws-s3.md, for which every client must be tried\n");
  else if (!(await settleTable(observations))) {
    process.stderr.write("The clients do not do what docs/clients/aws-s3.md says: npm run test:drops -- --write\n");
    process.exitCode = 1;
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
