import { beforeAll, describe, expect, it } from "@jest/globals";
import { sampleJobsOf } from "../../../dev/sample-jobs.ts";
import { sendAs } from "../../harness/api.ts";
import { HOUR_MS, useDrops } from "../../harness/drops.ts";
import { until } from "../../harness/until.ts";
import { useOperator } from "../operator.ts";

interface Shown {
  readonly state?: string;
  readonly owner?: string;
  readonly row?: Readonly<Record<string, unknown>>;
  readonly objects: readonly { readonly key: string; readonly is: string; readonly isMarker: boolean }[];
  readonly log: readonly {
    readonly at: string;
    readonly functionName: string;
    readonly fields?: { message?: string };
  }[];
  readonly next: { readonly text: string; readonly docs?: string; readonly commands: readonly string[] };
}

describe("ops show", () => {
  const local = useDrops();
  const operator = useOperator(local);
  const show = (...words: string[]) => operator.runJson<Shown>("show", ...words);
  let newJob: NonNullable<ReturnType<typeof sampleJobsOf>>;
  beforeAll(() => {
    newJob = sampleJobsOf(local.stack) ?? local.newJob;
  });

  it("tells of a delivered job the row, the owner, the objects and the log, in order", async () => {
    const jobId = newJob();
    const alice = sendAs(local, { sub: "alice", scope: "media.write media.read" });
    const { body } = await alice("GET", `/api/job/request_upload_url?v=1&job_id=${jobId}&filename=a.mp4`);
    await fetch(String(body["upload_url"]), { method: "PUT", body: Buffer.alloc(5_000, 1) });
    await local.finish();
    await local.drop(jobId, Buffer.alloc(6_000, 2), "b.mp4");
    await local.finish();

    const shown = await show(jobId);
    expect(shown).toMatchObject({ exitCode: 0, state: "DELIVERED", owner: "alice", row: { sizeBytes: 5_000 } });
    expect(shown.objects.map(({ is }) => is)).toEqual(["the job's media", "came when the job had its media"]);
    const messages = shown.log.flatMap(({ fields }) => fields?.message ?? []);
    expect(messages[0]).toBe("an upload begins");
    expect(messages).toContain("delivery has ended");
    const times = shown.log.map(({ at }) => at);
    expect(times).toEqual([...times].sort());
    expect(shown.next).toMatchObject({ docs: "docs/operations.md#conflict", commands: [] });

    const { stdout, code } = await operator.run("show", jobId);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^Job ${jobId} in local: DELIVERED\n  owner +alice\n  TaskId +[0-9a-f]{32}\n`));
    expect(stdout).toMatch(/^ {2}surplus +1 objects came when the job had its media, 1 with other contents$/m);
    expect(stdout).toMatch(
      /\nLog since [\s\S]*sign-upload {6}info {3}an upload begins\n[\s\S]*\n\nNext\n {2}cielo24 has its media\. 1 with/,
    );
  });

  it("gives the commands for a decision about a job in review", async () => {
    const jobId = newJob("needs-review");
    await local.drop(jobId);
    await local.finish();
    const shown = await show(jobId, "--stage", "local");
    expect(shown).toMatchObject({ state: "NEEDS_REVIEW", next: { docs: "docs/operations.md#needs-review" } });
    expect(shown.next.commands).toEqual(
      ["delivered", "send-again", "close"].map(
        (what) => `cielo24-proxy ops resolve ${jobId} ${what} --reason '…' --stage local`,
      ),
    );
  });

  it("says why a drop waits, until when, and what to mend", async () => {
    const jobId = newJob();
    local.cielo24.faults.add({
      action: "job/info",
      jobId,
      kind: "answer",
      status: 400,
      body: JSON.stringify({ ErrorType: "ACCOUNT_UNPRIVILEGED", ErrorComment: "No." }),
      times: Infinity,
    });
    await local.drop(jobId);
    await until(async () => (await local.row(jobId))?.waiting);
    const { stdout } = await operator.run("show", jobId);
    expect(stdout).toMatch(
      /^ {2}waits +cielo24 refuses the proxy's account \(ACCOUNT_UNPRIVILEGED\).*CIELO24_ACCOUNT_REFUSED\)$/m,
    );
    expect(stdout).toMatch(/^ {2}next step +20\d\d-.* UTC, in \d+[sm]$/m);
    expect(stdout).toMatch(
      /Mend the cause; then it goes on[\s\S]*ops doctor\n {2}More: docs\/operations\.md#account-refused\n$/,
    );
    expect(stdout).toMatch(
      /deliver-media {4}warn {3}delivery goes on later {2}receiveCount=1 {2}reason=accountRefused/,
    );
  });

  it("finds objects of which no event came, and gives the command that has them looked at", async () => {
    const jobId = newJob();
    const { key } = local.place(jobId, 1_000, "it's here.mp4");
    const shown = await show(jobId);
    expect(shown).toMatchObject({ exitCode: 0, objects: [{ key, is: "not on the row", isMarker: false }] });
    expect(shown.state).toBeUndefined();
    expect(shown.next.commands).toEqual([
      `cielo24-proxy ops replay 's3://${local.stack.bucketName}/media/${jobId}/it'\\''s here.mp4'`,
    ]);
  });

  it("shows no secret of the row, and nothing that a terminal would obey", async () => {
    const jobId = newJob();
    const clear = "\u001b[2J";
    local.place(jobId, 1_000, `a${clear}.mp4`);
    const { stdout } = await operator.run("show", jobId);
    expect(stdout).not.toContain(clear);
    expect(stdout).toContain("a\\u001b[2J.mp4");
    for (const name of ["capability", "claimId", "announcer"])
      expect((await operator.run("show", jobId, "--json")).stdout).not.toContain(`"${name}"`);
  });

  it("tells that the next step is overdue", async () => {
    const jobId = newJob();
    await local.drop(jobId);
    await local.finish();
    const row = (await local.row(jobId)) ?? { fence: 0 };
    // As a worker leaves it that dies right before it tells of the end.
    await local.stack.ledger.write(jobId, {
      if: { state: ["DELIVERED"], fence: row.fence },
      set: { updatedAt: local.stack.runtime.clock() - HOUR_MS },
      remove: ["announced"],
    });
    const shown = await show(jobId);
    expect(shown.next.text).toMatch(/^It should have gone on 1h 00m ago/);
    expect(shown.next.commands).toEqual(["cielo24-proxy ops census"]);
  });

  it.each([
    ["0".repeat(32), 3, /no row\n {2}owner +none on record\n[\s\S]*Nothing is known of the job/, ""],
    ["job-7", 2, /^$/, '"job-7" is no job id: those are 32 hex characters'],
  ])("ends %s with %i", async (job, code, says, error) => {
    const ended = await operator.run("show", job);
    expect(ended.stdout).toMatch(says);
    expect(ended.stderr).toContain(error);
    expect(ended.code).toBe(code);
  });

  it("takes a job id as a UUID", async () => {
    const { stdout } = await operator.run("show", "01234567-89AB-CDEF-0123-456789ABCDEF");
    expect(stdout).toMatch(/^Job 0123456789abcdef0123456789abcdef in local/);
  });
});
