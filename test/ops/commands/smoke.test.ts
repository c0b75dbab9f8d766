import { ListObjectVersionsCommand } from "@aws-sdk/client-s3";
import { beforeAll, describe, expect, it } from "@jest/globals";
import { sampleJobsOf } from "../../../dev/sample-jobs.ts";
import { describeOnTerminal, startOnTerminal } from "../../cli/terminal.ts";
import { sendAs } from "../../harness/api.ts";
import { useDrops } from "../../harness/drops.ts";
import { useOperator } from "../operator.ts";

interface Smoked {
  readonly state?: string;
  readonly taskId?: string;
  readonly key: string;
  readonly deletedVersions: number;
}

describe("ops smoke", () => {
  const local = useDrops();
  const operator = useOperator(local);
  let newJob: NonNullable<ReturnType<typeof sampleJobsOf>>;
  beforeAll(() => {
    newJob = sampleJobsOf(local.stack) ?? local.newJob;
  });
  const versionsOf = async (jobId: string) => {
    const wanted = { Bucket: local.stack.bucketName, Prefix: `media/${jobId}/` };
    const { Versions = [], DeleteMarkers = [] } = await local.s3.send(new ListObjectVersionsCommand(wanted));
    return [...Versions, ...DeleteMarkers];
  };

  it("sends a small video through the stage, tells how long it took, and leaves nothing in the bucket", async () => {
    const jobId = newJob();
    const { code, stdout, stderr } = await operator.run("smoke", "--job-id", jobId, "--yes");
    expect(stdout).toMatch(
      new RegExp(
        `^Delivered: job ${jobId}, TaskId [0-9a-f]{32}, after [\\d.]+ s\n {2}cleaned up: 1 version of media/${jobId}/smoke-[0-9a-f]{8}-moov-first\\.mp4; the row stays\n$`,
      ),
    );
    expect(stderr).toMatch(/^dropped: s3:\/\/cielo24-proxy-local-media\/media\//m);
    expect(stderr).toMatch(/^DELIVERED$/m);
    expect(code).toBe(0);
    expect(local.taken(jobId)).toHaveLength(1);
    expect(await versionsOf(jobId)).toEqual([]);
    // So that nothing is ever sent for it again.
    expect(await local.row(jobId)).toMatchObject({ state: "DELIVERED", announced: true });
  });

  it("says so to programs, too", async () => {
    const jobId = newJob();
    const smoked = await operator.runJson<Smoked>("smoke", "--job-id", jobId, "--yes");
    expect(smoked).toMatchObject({ exitCode: 0, state: "DELIVERED", deletedVersions: 1 });
    expect(smoked.taskId).toMatch(/^[0-9a-f]{32}$/);
  });

  it.each([
    ["rejects", 6, /^Rejected: job .* \(INVALID_QUERY\)\n/],
    ["needs-review", 7, /^Needs a person: job .* \(GAVE_UP\)\n/],
  ] as const)("ends with the code of what became of it, for a job that %s", async (fate, code, says) => {
    const jobId = newJob(fate);
    const ended = await operator.run("smoke", "--job-id", jobId, "--yes");
    expect(ended.stdout).toMatch(says);
    expect(ended.stdout).toContain(`cielo24-proxy ops show ${jobId}`);
    expect(ended.code).toBe(code);
    expect(await versionsOf(jobId)).toEqual([]);
  });

  it("leaves the object where its delivery goes on after the time that it was given", async () => {
    const jobId = newJob("down");
    const { code, stdout, stderr } = await operator.run("smoke", "--job-id", jobId, "--yes", "--timeout", "2s");
    expect(stdout).toMatch(/^Not yet: job .* is SENDING after \ds\.\n {2}The delivery goes on, so the object stays/);
    expect(stderr).toMatch(/SENDING; waits: cielo24 does not answer/);
    expect(code).toBe(8);
    expect(await versionsOf(jobId)).toHaveLength(1);
  });

  it("sends nothing for a job that has its media", async () => {
    const jobId = newJob();
    await local.drop(jobId);
    await local.finish();
    const { code, stderr } = await operator.run("smoke", "--job-id", jobId, "--yes");
    expect(stderr).toMatch(/^Refused\n {2}Job .* is DELIVERED: it is not free for this\.[\s\S]*Make another job/);
    expect(code).toBe(3);
    expect(await versionsOf(jobId)).toHaveLength(1);
  });

  it("takes no job from a client that is about to upload", async () => {
    const jobId = newJob();
    const alice = sendAs(local, { sub: "alice", scope: "media.write" });
    await alice("GET", `/api/job/request_upload_url?v=1&job_id=${jobId}&filename=a.mp4`);
    const { code, stderr } = await operator.run("smoke", "--job-id", jobId, "--yes");
    expect(stderr).toContain("is UPLOADING: it is not free for this.");
    expect(code).toBe(3);
  });

  it("asks first, and says what it costs", async () => {
    const jobId = newJob();
    const { code, stderr } = await operator.run("smoke", "--job-id", jobId);
    expect(stderr).toMatch(/^Sends a video of half a second \(.* KB\) to job .*\n.*for good, and cielo24 may charge/);
    expect(stderr).toContain("Add --yes.");
    expect(code).toBe(9);
    expect(await versionsOf(jobId)).toEqual([]);
  });

  it.each([
    [[], /required option '-j, --job-id <job>' not specified/],
    [["--job-id", "7"], /"7" is no job id/],
    [["--job-id", "0".repeat(32), "--file", "/nowhere.mp4"], /The file \/nowhere\.mp4 cannot be read/],
  ])("refuses %j with 2", async (words, why) => {
    const { code, stderr } = await operator.run("smoke", ...words);
    expect(stderr).toMatch(why);
    expect(code).toBe(2);
  });

  describeOnTerminal("on a terminal", () => {
    it("goes on once the person agrees", async () => {
      const smoked = startOnTerminal(["ops", "smoke", "-j", newJob()], operator.environment(), 200);
      await smoked.shows("Go on? [y/N] ");
      smoked.type("y\r");
      const { code, output } = await smoked.ended;
      expect(output).toMatch(/Delivered: job/);
      expect(code).toBe(0);
    });
  });
});
