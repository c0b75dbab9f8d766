import { beforeAll, describe, expect, it } from "@jest/globals";
import { sampleJobsOf } from "../../../dev/sample-jobs.ts";
import { sendAs } from "../../harness/api.ts";
import { useDrops } from "../../harness/drops.ts";
import { until } from "../../harness/until.ts";
import { useOperator } from "../operator.ts";

interface Listed {
  readonly jobs: readonly {
    readonly jobId: string;
    readonly state: string;
    readonly owner?: string;
    readonly nextAt?: string;
    readonly waiting?: { readonly type: string };
    readonly error?: { readonly type: string };
  }[];
}

describe("ops list", () => {
  const local = useDrops();
  const operator = useOperator(local);
  const jobs = { uploading: "", down: "", review: "", rejected: "", delivered: "" };
  beforeAll(async () => {
    const newJob = sampleJobsOf(local.stack) ?? local.newJob;
    Object.assign(jobs, {
      uploading: newJob(),
      delivered: newJob(),
      rejected: newJob("rejects"),
      review: newJob("needs-review"),
      down: newJob("down"),
    });
    const alice = sendAs(local, { sub: "alice", scope: "media.write media.read" });
    await alice("GET", `/api/job/request_upload_url?v=1&job_id=${jobs.uploading}&filename=a.mp4`);
    for (const jobId of [jobs.delivered, jobs.rejected, jobs.review, jobs.down]) await local.drop(jobId);
    await until(async () => (await local.row(jobs.down))?.waiting);
    await local.stack.drain();
  });

  const list = async (...words: string[]) => {
    const { jobs: listed, exitCode } = await operator.runJson<Listed>("list", ...words);
    expect(exitCode).toBe(0);
    return new Map(listed.map((job) => [job.jobId, job]));
  };
  const all = (...jobIds: string[]) => new Set(jobIds);

  it("lists what is open or waits for a person, with its owner, why it waits and until when", async () => {
    const listed = await list();
    expect(new Set(listed.keys())).toEqual(all(jobs.uploading, jobs.review, jobs.down));
    expect(listed.get(jobs.uploading)).toMatchObject({ state: "UPLOADING", owner: "alice" });
    expect(listed.get(jobs.review)).toMatchObject({ state: "NEEDS_REVIEW", error: { type: "GAVE_UP" } });
    const waits = listed.get(jobs.down);
    expect(waits).toMatchObject({ state: "SENDING", waiting: { type: "CIELO24_UNAVAILABLE" } });
    expect(Date.parse(waits?.nextAt ?? "")).toBeGreaterThan(local.stack.runtime.clock());
  });

  it("finds what has ended in the log, and says so", async () => {
    const { stdout, stderr, code } = await operator.run("list", "--state", "rejected,needs_review");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^JOB +STATE +AGE +NEXT IN +OWNER +WHY\n/);
    expect(stdout).toMatch(new RegExp(`^${jobs.rejected} +REJECTED +\\d+s +- +- +INVALID_QUERY$`, "m"));
    expect(stdout).toMatch(new RegExp(`^${jobs.review} +NEEDS_REVIEW +6d 00h +- +- +GAVE_UP$`, "m"));
    expect(stdout).toMatch(/\n2 jobs\n$/);
    expect(stderr).toMatch(/^REJECTED: as the log says since 20\d\d-.* UTC\. Older ones: --since, or --scan\.$/m);
  });

  it("reads the whole table for jobs that are delivered, and says first what that costs", async () => {
    const refused = await operator.run("list", "--state", "DELIVERED");
    expect(refused.stderr).toMatch(/^Not possible\n {2}DELIVERED rows are in no index.*add --scan/);
    expect(refused.code).toBe(2);

    const { stdout, stderr, code } = await operator.run("list", "--state", "DELIVERED", "--scan");
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^Reads the whole table \(\d+ items, \d+ bytes as of AWS's last look\): some \d+ read units/,
    );
    expect(stderr).toMatch(/^It took [\d.]+ read units\.$/m);
    expect(stdout).toContain(`${jobs.delivered}  DELIVERED`);
    expect(stdout).not.toContain(jobs.rejected);
  });

  it("finds an owner's jobs, also by a scan", async () => {
    expect(new Set((await list("--owner", "alice")).keys())).toEqual(all(jobs.uploading));
    expect(new Set((await list("--owner", "alice", "--scan")).keys())).toEqual(all(jobs.uploading));
    expect((await list("--owner", "bob", "--scan")).size).toBe(0);
  });

  it("leaves out what is younger than it is asked for", async () => {
    expect(new Set((await list("--older", "2h")).keys())).toEqual(all(jobs.review));
    const { stdout } = await operator.run("list", "--older", "7d");
    expect(stdout).toBe("No job.\n");
  });

  it.each([
    [["--state", "LOST"], /"LOST" is no state: those are UPLOADING, SENDING/],
    [["--older", "2"], /It must be a number with a unit: 90s, 10m, 2h or 14d/],
    [["--scna"], /Did you mean --scan\?/],
    [["--region", "us-east-1"], /--region and --profile belong to stages on AWS/],
  ])("refuses %j with 2", async (words, why) => {
    const { code, stdout, stderr } = await operator.run("list", ...words);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(why);
  });
});
