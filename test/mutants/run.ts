import { execFileSync, spawn } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { mutate, MUTANTS, type Mutant } from "./mutants.ts";

/**
 * `npm run test:mutants`: leaves one rule after another out of a copy of the source, and runs the test that must fail then.
 * A test that is broken otherwise, by a mutant that does not load or by a timeout, does not count.
 */

const HELP = `npm run test:mutants -- [--only <part of a name>]

Fails where a test does not notice that its rule is left out, or fails without that.`;

/** A test that hangs ends so early. Most take a second or two, more on a busy machine. */
const TEST_TIMEOUT_MS = 60_000;

/** As jest's --json reports it. */
interface Report {
  readonly numFailedTests: number;
  readonly numPassedTests: number;
  readonly numRuntimeErrorTestSuites: number;
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

const { values: options } = parseArgs({ options: { only: { type: "string" }, help: { type: "boolean" } } });
if (options.help) {
  console.log(HELP);
  process.exit(0);
}
const chosen = MUTANTS.filter(({ name }) => name.includes(options.only ?? ""));
if (chosen.length === 0) throw new Error("No mutant has such a name");

const root = resolve(import.meta.dirname, "../..");
for (const mutant of chosen) mutate(readFileSync(join(root, mutant.file), "utf8"), mutant);
const copy = mkdtempSync(join(tmpdir(), "mutants-"));
let jest: ReturnType<typeof spawn> | undefined;
process.on("exit", () => {
  jest?.kill();
  // A jest that is ending may still write.
  rmSync(copy, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

const copyTree = (): void => {
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: root });
  for (const file of listed.toString().split("\0")) {
    if (!file || !existsSync(join(root, file))) continue;
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    copyFileSync(join(root, file), join(copy, file));
  }
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
};

/** Runs the mutants' tests in the copy as it is. */
const runTests = async (mutants: readonly Mutant[]): Promise<Report> => {
  const file = join(copy, "report.json");
  rmSync(file, { force: true });
  const flags = ["--experimental-vm-modules", "--disable-warning=ExperimentalWarning"];
  const names = mutants.map(({ caughtBy }) => caughtBy.test.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const files = new Set(mutants.map(({ caughtBy }) => caughtBy.file));
  const started = spawn(
    process.execPath,
    [
      ...[...flags, "node_modules/jest/bin/jest.js", "-i", "--json", `--outputFile=${file}`],
      ...[`--cacheDirectory=${join(copy, "cache")}`, `--testTimeout=${TEST_TIMEOUT_MS}`, "-t", names.join("|")],
      ...["--runTestsByPath", ...files],
    ],
    { cwd: copy, stdio: "ignore" },
  );
  jest = started;
  await new Promise((resolve) => started.once("close", resolve));
  return JSON.parse(readFileSync(file, "utf8")) as Report;
};

/** The test whose assertion failed. */
const caughtIn = ({ testResults, numRuntimeErrorTestSuites }: Report): string | undefined =>
  numRuntimeErrorTestSuites > 0
    ? undefined
    : testResults
        .flatMap(({ assertionResults }) => assertionResults)
        .find(({ failureMessages }) => failureMessages.some((message) => message.includes("expect(")))?.fullName;

const tell = ({ testResults }: Report): string => testResults.map(({ message }) => message).join("\n");

const startedAt = Date.now();
copyTree();
const unchanged = await runTests(chosen);
if (unchanged.numFailedTests + unchanged.numRuntimeErrorTestSuites > 0 || unchanged.numPassedTests === 0)
  throw new Error(`The tests fail without any mutant\n${tell(unchanged)}`);
console.log(`${unchanged.numPassedTests} tests pass without any mutant`);

let caught = 0;
for (const mutant of chosen) {
  const path = join(copy, mutant.file);
  const source = readFileSync(path, "utf8");
  writeFileSync(path, mutate(source, mutant));
  const report = await runTests([mutant]);
  writeFileSync(path, source);
  const by = caughtIn(report);
  if (by !== undefined) caught += 1;
  console.log(by === undefined ? `SURVIVED  ${mutant.name}\n${tell(report)}` : `caught  ${mutant.name}  by ${by}`);
}
console.log(`${caught} of ${chosen.length} mutants caught, ${((Date.now() - startedAt) / 1000).toFixed(0)} s`);
process.exitCode = caught < chosen.length ? 1 : 0;
