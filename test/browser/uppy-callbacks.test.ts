import { describe, expect, it } from "@jest/globals";
import { createClient } from "../../client/index.ts";
import { awsS3Callbacks } from "../../web/uppy/callbacks.ts";
import { useStack } from "../harness/stack.ts";

const MIB = 1024 * 1024;
const HOUR_MS = 3_600_000;
const local = useStack();

/** Does what `@uppy/aws-s3` 4 and 5 do: it calls the callbacks, and PUTs the bytes itself. */
describe("the callbacks of Uppy 4 and 5", () => {
  const callbacks = () =>
    awsS3Callbacks({
      signUpload: createClient({
        baseUrl: local.stack.apiUrl,
        token: () => local.stack.token({ sub: "uploader", scope: "media.write media.read metadata.write" }),
      }).signUpload,
    });
  const newFile = (sizeBytes: number) => ({
    id: "uppy-lecture/mp4",
    name: "lecture one.mp4",
    type: "video/mp4",
    size: sizeBytes,
    meta: { job_id: local.stack.cielo24?.addJob() },
  });
  const put = async (url: string, headers: Record<string, string>, body: Uint8Array<ArrayBuffer>) => {
    const response = await fetch(url, { method: "PUT", headers, body });
    return { status: response.status, etag: response.headers.get("etag") ?? "" };
  };
  const bytes = (size: number): Uint8Array<ArrayBuffer> => new Uint8Array(size).fill(7);
  const acceptedOf = (jobId: string | undefined) =>
    local.stack.cielo24?.acceptances.filter((each) => each.jobId === jobId);

  it("upload a small file with one PUT", async () => {
    const file = newFile(1000);
    expect(callbacks().shouldUseMultipart(file)).toBe(false);
    const { method, url, headers } = await callbacks().getUploadParameters(file, {});
    expect(method).toBe("PUT");
    expect((await put(url, { ...headers, "content-type": file.type }, bytes(1000))).status).toBe(200);
    await local.stack.drain();
    expect(acceptedOf(file.meta.job_id)).toMatchObject([{ sizeBytes: 1000 }]);
  });

  it("upload a file in parts, side by side, and complete them in order", async () => {
    const file = newFile(11 * MIB);
    const upload = await callbacks().createMultipartUpload(file);
    const parts = await Promise.all(
      [3, 1, 2].map(async (partNumber) => {
        const { url, headers } = await callbacks().signPart(file, { ...upload, partNumber });
        const { etag } = await put(url, headers, bytes(partNumber === 3 ? MIB : 5 * MIB));
        return { PartNumber: partNumber, ETag: etag };
      }),
    );
    const { location } = await callbacks().completeMultipartUpload(file, { ...upload, parts });
    expect(location).toContain(`media/${file.meta.job_id ?? ""}/`);
    await local.stack.drain();
    expect(acceptedOf(file.meta.job_id)).toMatchObject([{ sizeBytes: 11 * MIB }]);
  });

  it("list the parts that are there, so that a resumed upload sends only the others", async () => {
    const file = newFile(6 * MIB);
    const upload = await callbacks().createMultipartUpload(file);
    const { url } = await callbacks().signPart(file, { ...upload, partNumber: 1 });
    const { etag } = await put(url, {}, bytes(5 * MIB));
    expect(await callbacks().listParts(file, upload)).toEqual([{ PartNumber: 1, Size: 5 * MIB, ETag: etag }]);
  });

  it("sign a part again whose URL has expired", async () => {
    const file = newFile(5 * MIB);
    const upload = await callbacks().createMultipartUpload(file);
    const late = await callbacks().signPart(file, { ...upload, partNumber: 1 });
    local.stack.advanceTime(2 * HOUR_MS);
    expect((await put(late.url, {}, bytes(10))).status).toBe(403);
    const again = await callbacks().signPart(file, { ...upload, partNumber: 1 });
    expect((await put(again.url, {}, bytes(10))).status).toBe(200);
  });

  it("abort, after which the upload is not known any more", async () => {
    const file = newFile(5 * MIB);
    const upload = await callbacks().createMultipartUpload(file);
    await callbacks().abortMultipartUpload(file, upload);
    await expect(callbacks().listParts(file, upload)).rejects.toMatchObject({ status: 404 });
  });

  it("refuse a file without a job before anything is asked", async () => {
    await expect(callbacks().getUploadParameters({ ...newFile(10), meta: {} })).rejects.toThrow(/no job id/);
  });

  it("are stopped by the signal that Uppy gives", async () => {
    const signal = AbortSignal.abort();
    await expect(callbacks().getUploadParameters(newFile(10), { signal })).rejects.toMatchObject({
      name: "AbortError",
    });
  });
});
