import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { startCielo24, type Cielo24Simulator } from "../../../dev/cielo24/server.ts";
import { describeWith } from "../../harness/programs.ts";

const ACCOUNT = { username: "acme", securekey: "0123456789abcdef0123456789abcdef", password: "none" };

/** What `docs/deploy.md` has to be typed to make a job at cielo24. */
const commands = /^CIELO24=.*\n([^`]+)^```$/m.exec(readFileSync("docs/deploy.md", "utf8"))?.[1] ?? "";

describeWith(
  "bash",
  "curl",
  "jq",
)("a job at cielo24", () => {
  let cielo24: Cielo24Simulator;
  beforeAll(async () => {
    cielo24 = await startCielo24({ accounts: [ACCOUNT] });
  });
  afterAll(() => cielo24.close());

  /** Runs the commands in a shell, with this secret in place of the one in Secrets Manager, and notes what is started. */
  const run = async (secret: object) => {
    const script = `
      aws() { printf '%s' "$SECRET"; }
      curl() { echo "$@" >&2; command curl "$@"; }
      set -eo pipefail
      ${commands}
      echo; echo "$JOB"`;
    const env = { PATH: process.env["PATH"] ?? "", CIELO24: cielo24.url, SECRET: JSON.stringify(secret) };
    return promisify(execFile)("bash", ["--norc", "-c", script], { env });
  };

  it("is made with three commands, as docs/deploy.md has them, and is free", async () => {
    expect(commands.trim().split("\n")).toHaveLength(3);
    const { stdout } = await run({ username: ACCOUNT.username, securekey: ACCOUNT.securekey });
    const [info = "", job = ""] = stdout.trim().split("\n");
    expect(job).toMatch(/^[0-9a-f]{32}$/);
    expect(JSON.parse(info)).toMatchObject({ JobId: job, JobName: "first" });
    expect(JSON.parse(info)).toMatchObject({ MediaLengthSeconds: null });
  });

  it("takes neither credentials nor token into the arguments of a program, where others could read them", async () => {
    const { stderr } = await run({ username: ACCOUNT.username, securekey: ACCOUNT.securekey });
    expect(stderr.trim().split("\n")).toHaveLength(3);
    expect(stderr).not.toContain(ACCOUNT.securekey);
    expect(stderr).not.toContain("api_token");
  });
});
