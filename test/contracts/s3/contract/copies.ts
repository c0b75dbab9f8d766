import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  PutObjectCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { describe, expect } from "@jest/globals";
import { newKey, type Suite } from "../suite.ts";

const MIB = 1024 * 1024;

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
      expect(answer.CopyObjectResult?.ETag).toBe('"827ccb0eea8a706c4c34a16891f84e7b"');
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

    it("of what is not there are refused", async () => {
      await expect(copy(newKey(), newKey())).rejects.toMatchObject({ name: "NoSuchKey" });
    });
  });
};
