import { beforeEach, describe, expect, it } from "@jest/globals";
import { sampleJobsOf } from "../../../dev/sample-jobs.ts";
import { sendAs } from "../../harness/api.ts";
import { useDrops } from "../../harness/drops.ts";
import { until } from "../../harness/until.ts";
import { describeOnTerminal, startOnTerminal } from "../../cli/terminal.ts";
import { useOperator } from "../operator.ts";

interface Resolved {
  readonly outcome: string;
  readonly by: string;
  readonly after: { readonly state: string; readonly closed?: boolean };
  readonly error?: { readonly errorType: string };
}

const POST = "POST job/add_media";

describe("ops resolve", () => {
  const local = useDrops({ env: { DROP_SETTLE_S: "0" } });
  const operator = useOperator(local);
  let job: string;
  beforeEach(() => {
    job = local.newJob();
  });

  /** A drop whose answer was lost. cielo24 has it, if it accepts, and does not show it. */
  const loseAnswer = async ({ accepts = false } = {}) => {
    const body = JSON.stringify({ JobId: job, MediaLengthSeconds: null });
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "resetAfterBody", accepts });
    const object = await local.drop(job);
    if (accepts) {
      await local.stack.drain();
      local.cielo24.faults.add({ action: "job/info", jobId: job, kind: "answer", status: 200, body, times: Infinity });
    }
    await local.finish();
    expect(await local.row(job)).toMatchObject({ state: "NEEDS_REVIEW" });
    return object;
  };
  /** A drop that cielo24 has definitely refused. */
  const rejectDrop = async () => {
    const body = JSON.stringify({ ErrorType: "INVALID_OPTION", ErrorComment: "Said by mistake." });
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "answer", status: 400, body });
    await local.drop(job);
    await local.finish();
  };
  const resolve = (...words: string[]) =>
    operator.run("resolve", job, ...words, "--reason", "case 4711", "--yes", "--timeout", "30s");
  const resolveJson = (...words: string[]) =>
    operator.runJson<Resolved>("resolve", job, ...words, "--reason", "case 4711", "--yes", "--timeout", "30s");

  it("delivered: takes the operator's word, and keeps who and why on the row", async () => {
    await loseAnswer({ accepts: true });
    const { code, stdout, stderr } = await resolve("delivered");
    expect(stderr).toContain(`Job ${job}: NEEDS_REVIEW since`);
    expect(stderr).toContain("ANSWER_UNKNOWN");
    expect(stdout).toBe(`Job ${job} is DELIVERED, by your word.\n`);
    expect(code).toBe(0);
    expect(await local.row(job)).toMatchObject({
      state: "DELIVERED",
      decision: { what: "delivered", by: "local operator", why: "case 4711" },
    });
    expect(local.announced(job)).toEqual(["Media Needs Review", "Media Delivered"]);
  });

  it("close: says beforehand and afterwards that it is for good, where cielo24 may have the media", async () => {
    await loseAnswer();
    const { code, stdout, stderr } = await resolve("close", "--by", "alice@example.org");
    expect(stderr).toContain("so the job will be closed for good");
    expect(stdout).toMatch(/is closed for good: cielo24 may have its media/);
    expect(code).toBe(0);
    expect(await local.row(job)).toMatchObject({ closed: true, decision: { by: "alice@example.org" } });

    // What was closed takes no other decision, but that the media is there after all.
    const again = await resolveJson("send-again");
    expect(again).toMatchObject({ exitCode: 3, error: { errorType: "NOTHING_TO_DECIDE" } });
    expect((await resolve("send-again")).stderr).toMatch(/closed: an operator has closed it for good/);
    expect(await resolveJson("delivered")).toMatchObject({ exitCode: 0, after: { state: "DELIVERED" } });
  });

  it("close: says that cielo24 shows the media by now, if it does: the job is DELIVERED then", async () => {
    await loseAnswer({ accepts: true });
    local.cielo24.faults.clear();
    const { code, stdout } = await resolve("close");
    expect([code, stdout]).toEqual([0, `Job ${job} is DELIVERED: cielo24 shows the media.\n`]);
  });

  it("send-again: sends a rejected object again, and waits for its end", async () => {
    await rejectDrop();
    const { code, stdout } = await resolve("send-again");
    expect(stdout).toMatch(new RegExp(`^Job ${job} is DELIVERED, TaskId [0-9a-f]{32}\\.\n$`));
    expect(code).toBe(0);
    expect(local.taken(job)).toHaveLength(1);
  });

  it("send-again: ends with 6 if cielo24 refuses it again, and with 8 if it has to wait", async () => {
    await rejectDrop();
    const body = JSON.stringify({ ErrorType: "INVALID_OPTION", ErrorComment: "Not this." });
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "answer", status: 400, body });
    const refused = await resolveJson("send-again");
    expect(refused).toMatchObject({ exitCode: 6, outcome: "rejected", after: { state: "REJECTED" } });

    local.cielo24.faults.add({ action: "job/info", jobId: job, kind: "answer", status: 503, times: Infinity });
    const waits = await operator.run("resolve", job, "send-again", "--reason", "again", "--yes", "--timeout", "3s");
    expect(waits.code).toBe(8);
    expect(waits.stdout).toMatch(/is being sent again \(SENDING, waits: cielo24 does not answer/);
  });

  it("refuses, with the state and the next step, where nobody has to decide", async () => {
    const sample = sampleJobsOf(local.stack) ?? local.newJob;
    job = sample("down");
    await local.drop(job);
    await until(async () => (await local.row(job))?.waiting);
    const waits = await resolve("close");
    expect(waits.stderr).toMatch(
      new RegExp(
        `^Refused\n {2}The job ${job} is SENDING: nothing waits for a person\\..*\n {2}It goes on by itself`,
        "m",
      ),
    );
    expect(waits.code).toBe(3);

    job = local.newJob();
    await rejectDrop();
    expect((await resolve("close")).stderr).toMatch(/is REJECTED: that is its end already\. .*\n.*is free/);
    expect((await resolve("delivered")).stderr).toMatch(/cielo24 cannot have what was rejected/);

    job = local.newJob();
    const none = await resolveJson("close");
    expect(none).toMatchObject({ exitCode: 3, error: { errorType: "NO_SUCH_JOB" } });
  });

  it("takes three words for decisions and no other, such as the name of something that each object has", async () => {
    await loseAnswer();
    for (const word of ["reject", "toString"]) {
      const { code, stderr } = await resolve(word);
      expect(stderr).toContain(`"${word}" is no decision: those are delivered, send-again, close.`);
      expect(code).toBe(2);
    }
  });

  it("refuses to send the media of a call again, which is kept nowhere", async () => {
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "resetAfterBody", accepts: false });
    const media = new Blob([Buffer.from("00000018667479706d703432ffd8", "hex")]);
    await sendAs(local, { sub: "you" })("POST", `/api/job/add_media?v=1&job_id=${job}`, { body: media });
    await local.finish();
    const { code, stderr } = await resolve("send-again");
    expect(code).toBe(3);
    expect(stderr).toMatch(/came with a call and is kept nowhere.*\n {2}Only its caller can send it again/);
  });

  it.each([
    ["no reason", ["close"], /required option '--reason <text>' not specified/],
    ["an empty reason", ["close", "--reason", " "], /--reason is empty/],
    ["another word", ["sent", "--reason", "why"], /"sent" is no decision: those are delivered, send-again, close/],
    ["too long a name", ["close", "--reason", "why", "--by", "x".repeat(201)], /--by is longer than 200 characters/],
  ])("refuses %s with 2", async (_what, words, why) => {
    const { code, stderr } = await operator.run("resolve", job, ...words);
    expect(stderr).toMatch(why);
    expect(code).toBe(2);
  });

  it("does nothing unasked: without a terminal and --yes it ends with 9", async () => {
    await rejectDrop();
    const { code, stderr } = await operator.run("resolve", job, "send-again", "--reason", "case 4711");
    expect(stderr).toMatch(/Not confirmed: nothing was done/);
    expect(code).toBe(9);
    expect(await local.row(job)).toMatchObject({ state: "REJECTED" });
  });

  describeOnTerminal("on a terminal", () => {
    it("shows the row and asks; anything but y does nothing", async () => {
      await rejectDrop();
      const words = ["ops", "resolve", job, "send-again", "--reason", "case 4711", "--timeout", "30s"];
      const no = startOnTerminal(words, operator.environment());
      await no.shows("Go on? [y/N]");
      no.type("n\n");
      expect((await no.ended).code).toBe(9);
      expect(local.taken(job)).toEqual([]);

      const yes = startOnTerminal(words, operator.environment());
      await yes.shows("Go on? [y/N]");
      yes.type("y\n");
      const { code, output } = await yes.ended;
      expect(output).toContain("INVALID_OPTION: Said by mistake.");
      expect(output).toContain("It will be sent again, unless job/info shows the media by now.");
      expect(output).toMatch(/is DELIVERED, TaskId/);
      expect(code).toBe(0);
    });
  });
});
