import { describe, expect, it } from "@jest/globals";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createTranscript } from "../../cli/transcript.ts";
import { describeOnTerminal, startOnTerminal } from "../../cli/terminal.ts";
import { useDrops } from "../../harness/drops.ts";
import { useOperator } from "../operator.ts";

const CTRL_C = "\u0003";

describe("ops tail", () => {
  const local = useDrops();
  const operator = useOperator(local);

  const start = (...words: string[]) => {
    const child = spawn(process.execPath, ["cli/cielo24-proxy.mjs", "ops", "tail", ...words], {
      env: { PATH: process.env["PATH"], ...operator.environment() },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const stdout = createTranscript(child.stdout);
    const stderr = createTranscript(child.stderr);
    const ended = once(child, "close").then(([code]) => code as number | null);
    return {
      stdout,
      shows: (text: string) => stdout.shows(text, ended),
      says: (text: string) => stderr.shows(text, ended),
      stop: (signal: NodeJS.Signals = "SIGINT") => {
        child.kill(signal);
        return ended;
      },
    };
  };

  it("shows a job's lines as they come, each once, and ends at Ctrl-C without an error", async () => {
    const [jobId, other] = [local.newJob(), local.newJob()];
    await local.drop(jobId);
    const tail = start(jobId);
    await tail.shows("delivery has ended");
    // They come while it waits.
    await local.drop(other, Buffer.alloc(1_000, 3));
    await local.drop(jobId, Buffer.alloc(2_000, 4));
    await tail.shows("reason=conflict");
    expect(await tail.stop()).toBe(0);
    const lines = tail.stdout.text().trimEnd().split("\n");
    expect(lines[0]).toMatch(
      /^20\d\d-\d\d-\d\d [\d:.]{12} {2}deliver-media {4}info {3}delivery is tried {2}receiveCount=1$/,
    );
    expect(lines.filter((line) => line.includes("reason=delivered"))).toHaveLength(1);
    expect(tail.stdout.text()).not.toContain(other);
  });

  it("shows the lines of all jobs, and which each is about", async () => {
    const tail = start();
    await tail.says("Lines of all jobs since");
    const jobId = local.newJob();
    await local.drop(jobId);
    await tail.shows(`info   ${jobId}  delivery is tried`);
    expect(await tail.stop("SIGTERM")).toBe(0);
  });

  it("prints a line of JSON for each, for programs", async () => {
    const jobId = local.newJob();
    const tail = start(jobId, "--json");
    await tail.says("Ctrl-C ends it.");
    await local.drop(jobId);
    await tail.shows('"delivery has ended"');
    await tail.stop();
    for (const line of tail.stdout.text().trimEnd().split("\n"))
      expect(JSON.parse(line)).toMatchObject({ functionName: "deliver-media", fields: { jobId } });
  });

  it("goes back as far as it is asked to", async () => {
    const jobId = local.newJob();
    await local.drop(jobId);
    await local.finish();
    local.stack.advanceTime(3_600_000);
    const tail = start(jobId, "--since", "2h");
    await tail.shows("delivery has ended");
    expect(await tail.stop()).toBe(0);
  });

  it.each([
    [["job-7"], /"job-7" is no job id/],
    [["--since", "yesterday"], /It must be a number with a unit/],
  ])("refuses %j with 2", async (words, why) => {
    const { code, stderr } = await operator.run("tail", ...words);
    expect(stderr).toMatch(why);
    expect(code).toBe(2);
  });

  describeOnTerminal("on a terminal", () => {
    it("ends at the key Ctrl-C", async () => {
      const tail = startOnTerminal(["ops", "tail"], operator.environment());
      await tail.shows("Ctrl-C ends it.");
      tail.type(CTRL_C);
      const { code, output } = await tail.ended;
      expect(output).toContain("Ending.");
      expect(code).toBe(0);
    });
  });
});
