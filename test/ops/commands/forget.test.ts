import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
} from "@aws-sdk/client-s3";
import { beforeEach, describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { SCHEMA_VERSION } from "../../../lib/delivery/machine/row.ts";
import { errorOf, sendAs } from "../../harness/api.ts";
import { DAY_MS, useDrops } from "../../harness/drops.ts";
import { describeOnTerminal, startOnTerminal } from "../../cli/terminal.ts";
import { useOperator } from "../operator.ts";

interface Forgotten {
  readonly deleted: Readonly<Record<string, number>>;
  readonly cielo24: { readonly JobId: string; readonly TaskId?: string; readonly mayHaveMedia: boolean };
  readonly error?: { readonly errorType: string; readonly comment: string };
  readonly next?: string;
}

const POST = "POST job/add_media";
/** What somebody's file is called. */
const NAME = "Erika-Mustermann.mp4";

describe("ops forget", () => {
  const local = useDrops({ env: { DROP_SETTLE_S: "0" } });
  const operator = useOperator(local);
  const alice = sendAs(local, { sub: "alice@example.org", scope: "media.write media.read" });
  const bob = sendAs(local, { sub: "bob", scope: "media.write media.read" });
  const admin = sendAs(local, { sub: "root", scope: "admin" });
  let job: string;
  beforeEach(() => {
    job = local.newJob();
  });

  /** Alice has an upload signed and sends it. */
  const upload = async (name = NAME) => {
    const { body, status } = await alice("GET", `/api/job/request_upload_url?v=1&job_id=${job}&filename=${name}`);
    expect(status).toBe(200);
    await fetch(String(body["upload_url"]), { method: "PUT", body: randomBytes(1_000) });
    await local.finish();
  };
  const refuseNext = () => {
    const body = JSON.stringify({ ErrorType: "INVALID_OPTION", ErrorComment: `Not ${NAME}.` });
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "answer", status: 400, body });
  };
  const forget = () => operator.runJson<Forgotten>("forget", job, "--yes");
  const left = async (prefix = `media/${job}/`) => {
    const of = { Bucket: local.stack.bucketName, Prefix: prefix };
    const { Versions = [], DeleteMarkers = [] } = await local.s3.send(new ListObjectVersionsCommand(of));
    const { Uploads = [] } = await local.s3.send(new ListMultipartUploadsCommand(of));
    return [...Versions, ...DeleteMarkers, ...Uploads].map(({ Key }) => Key);
  };
  /** All that the table has of the job. */
  const items = async () => {
    const row = await local.row(job);
    const { body } = await admin("GET", `/api/job/delivery?v=1&job_id=${job}`);
    return { row, owner: body["Owner"], text: JSON.stringify([row, body]) };
  };
  const event = (key: string, versionId: string) => local.event({ key, versionId, sizeBytes: 1_000 });

  it("deletes every version, delete marker and unfinished upload, and says what cielo24 still has", async () => {
    await upload();
    const { taskId } = (await local.row(job)) ?? {};
    const Bucket = local.stack.bucketName;
    await local.drop(job, randomBytes(10), "notes.srt");
    await local.drop(job.toUpperCase(), randomBytes(2_000), NAME);
    const second = await local.drop(job, randomBytes(2_000), NAME);
    await local.s3.send(new DeleteObjectCommand({ Bucket, Key: second.key }));
    await local.s3.send(new CreateMultipartUploadCommand({ Bucket, Key: `media/${job}/parts.mp4` }));
    await local.finish();

    const { exitCode, deleted, cielo24 } = await forget();
    expect(exitCode).toBe(0);
    expect(deleted).toEqual({ versions: 4, bytes: 5_010, deleteMarkers: 1, uploads: 1 });
    expect(cielo24).toEqual({ JobId: job, TaskId: taskId, mayHaveMedia: true });
    expect(await left()).toEqual([]);
    expect(await left(`media/${job.toUpperCase()}/`)).toEqual([]);

    const again = await operator.run("forget", job, "--yes");
    expect(again.stdout).toMatch(/^Nothing is known of the job .*, or it was forgotten already\./);
    expect(again.code).toBe(0);
  });

  it("leaves a tombstone of state, medium, fence and a hash of the owner, and nothing that names anybody", async () => {
    await upload();
    const before = await local.row(job);
    const { code, stdout } = await operator.run("forget", job, "--yes");
    expect(code).toBe(0);
    expect(stdout).toMatch(
      new RegExp(`cielo24 +has the media: delete job ${job}, TaskId ${before?.taskId ?? ""} there`),
    );
    const { row, owner, text } = await items();
    expect(row).toEqual({
      jobId: job,
      state: "DELIVERED",
      schemaVersion: SCHEMA_VERSION,
      fence: (before?.fence ?? 0) + 1,
      announced: true,
      media: { id: before?.media?.id, kind: "forgotten" },
      updatedAt: before?.updatedAt,
      forgottenAt: expect.any(Number) as unknown,
    });
    expect(owner).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(text).not.toMatch(/erika|mustermann|alice/i);
  });

  it("fault 74: keeps a redelivered event, the census and a reconcile message from sending or announcing anything", async () => {
    await upload();
    const { media: { key = "", versionId = "" } = {} } = (await local.row(job)) ?? {};
    await forget();
    const { row } = await items();
    const told = local.announced(job);
    local.send(event(key, versionId));
    local.send({ reconcile: job });
    await local.finish();
    await local.stack.runCensus();
    await local.finish();
    expect((await items()).row).toEqual(row);
    expect(local.taken(job)).toHaveLength(1);
    expect(local.announced(job)).toEqual(told);
  });

  it("shows the job to its owner and to an admin, and to nobody else", async () => {
    await upload();
    await forget();
    const shown = await alice("GET", `/api/job/delivery?v=1&job_id=${job}`);
    expect(shown).toMatchObject({ status: 200, body: { State: "DELIVERED" } });
    expect(shown.body["Owner"]).toBeUndefined();
    expect(errorOf(await bob("GET", `/api/job/delivery?v=1&job_id=${job}`))).toMatchObject({ status: 404 });
    const signing = await alice("GET", `/api/job/request_upload_url?v=1&job_id=${job}`);
    expect(errorOf(signing)).toMatchObject({ status: 409, ErrorType: "JOB_HAS_MEDIA" });
    // Other media is a conflict, as ever.
    await local.drop(job, randomBytes(3_000), "other.mp4");
    await local.finish();
    expect(local.reasons(job).at(-1)).toBe("conflict");
    expect(local.announced(job).at(-1)).toBe("Media Conflict");
  });

  it("leaves a rejected job free: for its owner's next upload, and for nobody else's", async () => {
    refuseNext();
    await upload();
    const { rejected } = (await local.row(job)) ?? {};
    expect(await forget()).toMatchObject({ exitCode: 0, cielo24: { mayHaveMedia: false } });
    const { row, text } = await items();
    expect(row).toMatchObject({ state: "REJECTED", rejected, error: { type: "INVALID_OPTION" } });
    expect(row?.expiresAt).toBeDefined();
    expect(text).not.toMatch(/erika|mustermann|alice/i);

    const resent = await operator.runJson<Forgotten>("resolve", job, "send-again", "--reason", "why", "--yes");
    expect(resent).toMatchObject({
      exitCode: 3,
      error: { comment: expect.stringContaining("deleted on request") as unknown },
    });
    expect(errorOf(await bob("GET", `/api/job/request_upload_url?v=1&job_id=${job}`))).toMatchObject({ status: 404 });
    await upload("again.mp4");
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", media: { kind: "object" } });
    expect((await local.row(job))?.forgottenAt).toBeUndefined();
  });

  it("forgets what was closed for good, of which cielo24 may still turn out to have the media", async () => {
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "resetAfterBody", accepts: false });
    // It is the message's last chance, so that nobody has to wait until the doubt is settled.
    local.stack.ageMessages(job, 6 * DAY_MS);
    await upload();
    const refused = await forget();
    expect(refused).toMatchObject({ exitCode: 3, error: { errorType: "DELIVERY_IN_REVIEW" } });
    expect(refused.next).toMatch(/Decide first: `resolve`/);

    local.send({ reject: await local.decision(job) });
    await local.finish();
    expect(await forget()).toMatchObject({ exitCode: 0, cielo24: { mayHaveMedia: true } });
    const { row, text } = await items();
    expect(row).toMatchObject({ state: "NEEDS_REVIEW", closed: true });
    expect(text).not.toMatch(/operator@example.org|cielo24 was asked|erika|alice/i);
    local.send({ delivered: await local.decision(job) });
    await local.finish();
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", media: { kind: "forgotten" } });
  });

  it("refuses while a delivery is under way, and says what to do", async () => {
    await alice("GET", `/api/job/request_upload_url?v=1&job_id=${job}&filename=${NAME}`);
    const uploading = await forget();
    expect(uploading).toMatchObject({ exitCode: 3, error: { errorType: "DELIVERY_UNDER_WAY" } });
    expect(uploading.next).toMatch(/Cancel it first.*DELETE \/api\/job\/delivery/);

    await alice("DELETE", `/api/job/delivery?v=1&job_id=${job}`);
    expect(await forget()).toMatchObject({ exitCode: 0 });
  });

  it("forgets the owner and the media of a job that the ledger knows no more", async () => {
    await local.stack.drain();
    const { key } = local.place(job);
    expect(await forget()).toMatchObject({ exitCode: 0, deleted: { versions: 1 } });
    expect(await left(key)).toEqual([]);
    expect(await local.row(job)).toBeUndefined();
  });

  it("asks first, and deletes nothing unasked", async () => {
    await upload();
    const before = await local.row(job);
    const { code, stderr } = await operator.run("forget", job);
    expect(stderr).toMatch(/to delete +1 versions \(1000 bytes\), 0 delete markers, 0 unfinished uploads/);
    expect(stderr).toMatch(/Not confirmed: nothing was done/);
    expect(code).toBe(9);
    expect(await local.row(job)).toEqual(before);
    expect(await left()).toHaveLength(1);
  });

  describeOnTerminal("on a terminal", () => {
    it("says what it is going to delete and asks, and deletes nothing unless somebody agrees", async () => {
      await upload();
      const { ended, shows, type } = startOnTerminal(["ops", "forget", job], operator.environment());
      await shows("Go on? [y/N]");
      type("n\n");
      const { code } = await ended;
      expect(code).toBe(9);
      expect(await left()).toHaveLength(1);
      expect((await items()).text).toContain(NAME);

      const agreed = startOnTerminal(["ops", "forget", job], operator.environment());
      await agreed.shows("Go on? [y/N]");
      agreed.type("y\n");
      expect((await agreed.ended).code).toBe(0);
      expect(await left()).toEqual([]);
      expect((await items()).text).not.toContain(NAME);
    });
  });
});
