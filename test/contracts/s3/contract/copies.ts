import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { describe, expect } from "@jest/globals";
import { newKey, type Suite } from "../suite.ts";

const MIB = 1024 * 1024;
const HOUR_MS = 3_600_000;
/** Of `12345`, in one piece. */
const ETAG = '"827ccb0eea8a706c4c34a16891f84e7b"';

export const copyContract = ({ s3, it }: Suite): void => {
  describe("copies", () => {
    const copy = (source: string, Key: string, more: Partial<CopyObjectCommand["input"]> = {}) =>
      s3().client.send(
        new CopyObjectCommand({ Bucket: s3().bucket, Key, CopySource: `${s3().bucket}/${source}`, ...more }),
      );

    it("hold the bytes, type and metadata of their source", async () => {
      const [from, to] = [newKey(), newKey()];
      const described = { ContentType: "video/mp4", Metadata: { owner: "lecturer-1" } };
      await s3().client.send(new PutObjectCommand({ Bucket: s3().bucket, Key: from, Body: "12345", ...described }));
      const answer = await copy(from, to);
      expect(answer.CopyObjectResult?.ETag).toBe(ETAG);
      const got = await s3().client.send(new GetObjectCommand({ Bucket: s3().bucket, Key: to }));
      expect(got).toMatchObject(described);
      expect(await got.Body?.transformToString()).toBe("12345");
    });

    it("take other metadata where that is asked for", async () => {
      const [from, to] = [newKey(), newKey()];
      await s3().put(from, "12345", { ContentType: "video/mp4" });
      const described = { ContentType: "audio/mpeg", Metadata: { owner: "lecturer-2" } };
      await copy(from, to, { MetadataDirective: "REPLACE", ...described });
      const got = await s3().client.send(new GetObjectCommand({ Bucket: s3().bucket, Key: to }));
      expect(got).toMatchObject(described);
    });

    it("can be of an earlier version, and of an odd key", async () => {
      const [from, to] = [newKey("a+b c%20d"), newKey()];
      const first = await s3().put(from, "first");
      await s3().put(from, "second");
      await copy(encodeURIComponent(from), to);
      await expect(s3().get(to)).resolves.toBe("second");
      await copy(`${encodeURIComponent(from)}?versionId=${first}`, to);
      await expect(s3().get(to)).resolves.toBe("first");
    });

    it("can be the parts of an upload, whole or by a range", async () => {
      const [from, to] = [newKey("a+b c"), newKey()];
      const bytes = Buffer.from(Array.from({ length: 6 * MIB }, (_, at) => at % 251));
      const target = { Bucket: s3().bucket, Key: to };
      const CopySource = `${s3().bucket}/${encodeURIComponent(from)}`;
      await s3().client.send(new PutObjectCommand({ Bucket: s3().bucket, Key: from, Body: bytes }));
      const { UploadId } = await s3().client.send(new CreateMultipartUploadCommand(target));
      const copyPart = async (PartNumber: number, CopySourceRange?: string) => {
        const part = { ...target, UploadId, PartNumber, CopySource, ...(CopySourceRange ? { CopySourceRange } : {}) };
        const { CopyPartResult } = await s3().client.send(new UploadPartCopyCommand(part));
        return { PartNumber, ETag: CopyPartResult?.ETag };
      };
      const Parts = [await copyPart(1), await copyPart(2, "bytes=1000-1999")];
      await s3().client.send(new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts } }));
      const got = await s3().client.send(new GetObjectCommand(target));
      const copied = Buffer.from((await got.Body?.transformToByteArray()) ?? []);
      expect(copied.equals(Buffer.concat([bytes, bytes.subarray(1000, 2000)]))).toBe(true);
    });

    it("are told by a header in which a plus is a space, a slash may come first and slashes may be encoded", async () => {
      const [from, to] = [newKey("folder/a b"), newKey()];
      await s3().put(from, "12345");
      const source = `${s3().bucket}/${from}`;
      for (const CopySource of [
        source.replaceAll(" ", "+"),
        `/${source.replaceAll(" ", "%20")}`,
        encodeURIComponent(source),
      ]) {
        await copy("", to, { CopySource });
        await expect(s3().get(to)).resolves.toBe("12345");
        await s3().remove(to);
      }
      const plus = newKey("a+b");
      await s3().put(plus);
      await expect(copy(plus, to)).rejects.toMatchObject({ $metadata: { httpStatusCode: 404 } });
    });

    it("can be of a key that ends like the header's version", async () => {
      const [from, to] = [newKey("a?versionId=b"), newKey()];
      await s3().put(from, "12345");
      await copy(encodeURIComponent(from), to);
      await expect(s3().get(to)).resolves.toBe("12345");
    });

    it("to itself are refused where they change nothing", async () => {
      const key = newKey();
      await s3().put(key, "12345", { ContentType: "video/mp4" });
      const answer = copy(key, key);
      await expect(answer).rejects.toMatchObject({ name: "InvalidRequest", $metadata: { httpStatusCode: 400 } });
      await expect(answer).rejects.toThrow(/^This copy request is illegal because/);
    });

    it("to itself are made with other metadata", async () => {
      const key = newKey();
      const version = await s3().put(key, "12345", { ContentType: "video/mp4" });
      const { VersionId } = await copy(key, key, { MetadataDirective: "REPLACE", ContentType: "audio/mpeg" });
      expect(VersionId).not.toBe(version);
      const got = await s3().client.send(new GetObjectCommand({ Bucket: s3().bucket, Key: key }));
      expect(got.ContentType).toBe("audio/mpeg");
      expect(await got.Body?.transformToString()).toBe("12345");
    });

    it("to itself are made where a storage class is named, be it the same", async () => {
      const key = newKey();
      const version = await s3().put(key, "12345");
      expect((await copy(key, key, { StorageClass: "STANDARD" })).VersionId).not.toBe(version);
      await expect(s3().get(key)).resolves.toBe("12345");
    });

    it("of an earlier version bring it back", async () => {
      const key = newKey();
      const first = await s3().put(key, "first");
      await s3().put(key, "second");
      await copy(`${key}?versionId=${first}`, key);
      await expect(s3().get(key)).resolves.toBe("first");
    });

    it("hold to the conditions on their source", async () => {
      const [from, to] = [newKey(), newKey()];
      await s3().put(from, "12345");
      await expect(copy(from, to, { CopySourceIfMatch: ETAG })).resolves.toBeDefined();
      for (const condition of [
        { CopySourceIfMatch: '"0123"' },
        { CopySourceIfUnmodifiedSince: new Date(Date.now() - HOUR_MS) },
      ])
        await expect(copy(from, to, condition)).rejects.toMatchObject({ name: "PreconditionFailed" });
    });

    it("are refused where a GET would be answered with 304", async () => {
      const from = newKey();
      await s3().put(from, "12345");
      await expect(copy(from, newKey(), { CopySourceIfNoneMatch: ETAG })).rejects.toMatchObject({
        name: "PreconditionFailed",
      });
    });

    it("in one piece of what was uploaded in parts have the ETag of their bytes", async () => {
      const [from, to] = [newKey(), newKey()];
      const object = { Bucket: s3().bucket, Key: from };
      const { UploadId } = await s3().client.send(new CreateMultipartUploadCommand(object));
      const { ETag } = await s3().client.send(
        new UploadPartCommand({ ...object, UploadId, PartNumber: 1, Body: "12345" }),
      );
      const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
      const whole = await s3().client.send(
        new CompleteMultipartUploadCommand({ ...object, UploadId, MultipartUpload }),
      );
      expect(whole.ETag).toMatch(/-1"$/);
      expect((await copy(from, to)).CopyObjectResult?.ETag).toBe(ETAG);
    });

    it("without a bucket and a key to copy from are refused", async () => {
      for (const CopySource of [s3().bucket, `${s3().bucket}/`, "%zz/a"])
        await expect(copy("", newKey(), { CopySource })).rejects.toMatchObject({ name: "InvalidArgument" });
    });

    it("of what is not there are refused", async () => {
      await expect(copy(newKey(), newKey())).rejects.toMatchObject({ name: "NoSuchKey" });
    });
  });
};
