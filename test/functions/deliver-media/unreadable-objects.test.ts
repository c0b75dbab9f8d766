import { describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import type { S3Fault } from "../../../dev/s3/faults.ts";
import { sendAs } from "../../harness/api.ts";
import { HOUR_MS, useDrops } from "../../harness/drops.ts";
import { sha256 } from "../../harness/sha256.ts";

const BYTES = randomBytes(300_000);

describe("an object that S3 refuses to let be read", () => {
  const local = useDrops({ env: { PREFLIGHT: "off" } });

  it.each<[string, S3Fault["operation"], S3Fault["kind"], number, RegExp]>([
    ["the role may not measure it", "HeadObject", "accessDenied", 0, /S3 refuses/],
    ["the role may not read it", "GetObject", "accessDenied", 1, /AccessDenied/],
    ["its key is disabled as it is measured", "HeadObject", "kmsDisabled", 0, /S3 (refuses|cannot)|cannot be read/],
    ["its key is disabled", "GetObject", "kmsDisabled", 1, /KMS\.DisabledException/],
  ])(
    "fault 52: waits where %s, says so everywhere, and is delivered once that is mended",
    async (_why, operation, kind, claims, comment) => {
      const job = local.newJob();
      local.stack.s3.faults.add({ operation, key: `media/${job}/a.mp4`, kind, times: Infinity });
      await local.drop(job, BYTES);
      await local.stack.drain();
      const row = await local.row(job);
      expect(local.reasons(job)).toEqual(["accessRefused"]);
      expect(row).toMatchObject({ state: "SENDING", claims, waiting: { type: "OBJECT_ACCESS_REFUSED" } });
      expect(row?.posts ?? 0).toBe(0);
      expect(row?.waiting?.comment).toMatch(comment);
      expect(local.counted("ObjectAccessRefused")).toBe(1);
      expect(local.records()).toContainEqual(
        expect.objectContaining({ jobId: job, reason: "accessRefused", errorType: "OBJECT_ACCESS_REFUSED" }),
      );
      expect(await local.shown(job)).toMatchObject({
        State: "SENDING",
        Waiting: { ErrorType: "OBJECT_ACCESS_REFUSED", ErrorComment: expect.stringMatching(comment) },
      });
      expect(local.posts(job)).toEqual([]);

      await local.passWhole(6 * HOUR_MS);
      expect(await local.row(job)).toMatchObject({ state: "SENDING" });
      expect(local.announced(job)).toEqual([]);
      local.stack.s3.faults.clear();
      await local.finish();
      expect(local.taken(job)).toMatchObject([{ sha256: sha256(BYTES) }]);
      expect(await local.row(job)).toMatchObject({ state: "DELIVERED", posts: 1 });
      expect(local.announced(job)).toEqual(["Media Delivered"]);
    },
  );
});

describe("an object that was deleted before it could be delivered, every version of it", () => {
  const local = useDrops({ env: { PREFLIGHT: "off" } });

  // Which right decides whether S3 says 403 or 404 of a version that is gone, its documentation does not say.
  it("fault 52: is REJECTED once S3 says 404, and waits as long as S3 says 403", async () => {
    const job = local.newJob();
    const object = local.place(job);
    local.stack.s3.removeObject(local.stack.bucketName, object.key, object.versionId);
    local.stack.s3.faults.add({ operation: "HeadObject", key: object.key, kind: "accessDenied", times: Infinity });
    local.send(local.event(object));
    await local.stack.drain();
    expect(local.reasons(job)).toEqual(["accessRefused"]);
    expect(await local.row(job)).toMatchObject({ state: "SENDING", waiting: { type: "OBJECT_ACCESS_REFUSED" } });
    await local.passWhole(6 * HOUR_MS);
    expect(await local.row(job)).toMatchObject({ state: "SENDING" });
    expect(local.posts(job)).toEqual([]);

    local.stack.s3.faults.clear();
    await local.finish();
    expect(await local.row(job)).toMatchObject({ state: "REJECTED", error: { type: "OBJECT_GONE" } });
    expect(local.posts(job)).toEqual([]);
  });
});

describe("an object in an archive", () => {
  const local = useDrops({ env: { PREFLIGHT: "off" } });
  const expectArchived = async (job: string) => {
    expect(await local.row(job)).toMatchObject({ state: "REJECTED", error: { type: "OBJECT_ARCHIVED" } });
    expect(local.announced(job)).toEqual(["Media Rejected"]);
    expect(local.taken(job)).toEqual([]);
    expect(local.waiting()).toEqual([]);
  };

  it.each([
    ["GLACIER", { storageClass: "GLACIER" }],
    ["DEEP_ARCHIVE", { storageClass: "DEEP_ARCHIVE" }],
    ["the archive tier", { storageClass: "INTELLIGENT_TIERING", archiveStatus: "ARCHIVE_ACCESS" }],
    ["GLACIER, being restored", { storageClass: "GLACIER", restore: "ongoing" }],
  ] as const)("fault 51: is REJECTED at once, without a POST, where it lies in %s", async (_where, storage) => {
    const job = local.newJob();
    const object = local.place(job);
    local.stack.s3.setStorage(local.stack.bucketName, object.key, storage);
    local.send(local.event(object));
    await local.stack.drain();
    await expectArchived(job);
    expect(local.posts(job)).toEqual([]);
    const read = { operation: "GetObject", key: object.key };
    expect(local.stack.s3.requests).not.toContainEqual(expect.objectContaining(read));
    expect((await local.shown(job))["Error"]).toMatchObject({ ErrorType: "OBJECT_ARCHIVED" });
  });

  it("fault 51: is REJECTED at once where only its GET says so", async () => {
    const job = local.newJob();
    local.stack.s3.faults.add({ operation: "GetObject", key: `media/${job}/a.mp4`, kind: "archived", times: Infinity });
    await local.drop(job, BYTES);
    await local.stack.drain();
    await expectArchived(job);
  });

  it("fault 51: is delivered where it has been restored, and where an operator sends it again after that", async () => {
    const [restored, late] = [local.newJob(), local.newJob()];
    const objects = [restored, late].map((job) => local.place(job));
    for (const { key } of objects) local.stack.s3.setStorage(local.stack.bucketName, key, { storageClass: "GLACIER" });
    const [first, second] = objects;
    if (!first || !second) throw new Error("Two objects were placed");
    local.send(local.event(second));
    await local.stack.drain();
    await expectArchived(late);
    for (const { key } of objects)
      local.stack.s3.setStorage(local.stack.bucketName, key, { storageClass: "GLACIER", restore: "finished" });
    local.send(local.event(first));
    local.send({ resend: await local.decision(late) });
    await local.finish();
    for (const job of [restored, late]) expect(local.taken(job)).toHaveLength(1);
  });
});

describe("an object that is a form", () => {
  const local = useDrops({ env: { PREFLIGHT: "off" } });

  it.each(["multipart/form-data; boundary=x", "Multipart/Form-Data", "multipart/mixed"])(
    "fault 53: is REJECTED without a POST by its Content-Type %s, and the job takes the next object",
    async (contentType) => {
      const job = local.newJob();
      await local.drop(job, BYTES, "a.mp4", contentType);
      await local.stack.drain();
      expect(await local.row(job)).toMatchObject({ state: "REJECTED", error: { type: "FORM_ENVELOPE" } });
      expect(local.posts(job)).toEqual([]);
      await local.drop(job, BYTES);
      await local.finish();
      expect(local.taken(job)).toMatchObject([{ sha256: sha256(BYTES) }]);
      expect(local.announced(job)).toEqual(["Media Rejected", "Media Delivered"]);
    },
  );

  it("fault 53: is REJECTED where a browser's FormData was PUT to a signed URL, and the job stays free", async () => {
    const job = local.newJob();
    const call = sendAs(local, { sub: "you" });
    const sign = async () =>
      String((await call("GET", `/api/job/request_upload_url?v=1&job_id=${job}`)).body["upload_url"]);
    const form = new FormData();
    form.append("file", new Blob([BYTES], { type: "video/mp4" }), "lecture.mp4");
    const envelope = new Response(form);
    const headers = { "content-type": envelope.headers.get("content-type") ?? "" };
    const put = await fetch(await sign(), { method: "PUT", headers, body: await envelope.arrayBuffer() });
    expect(put.status).toBe(200);
    await local.finish();
    expect((await local.shown(job))["Error"]).toMatchObject({
      ErrorType: "FORM_ENVELOPE",
      ErrorComment: expect.stringMatching(/Upload the file itself/),
    });
    await fetch(await sign(), { method: "PUT", body: BYTES });
    await local.finish();
    expect(local.taken(job)).toMatchObject([{ sha256: sha256(BYTES) }]);
  });
});
