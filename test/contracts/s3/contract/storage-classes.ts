import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { describe, expect } from "@jest/globals";
import { newKey, type Suite } from "../suite.ts";

export const storageClassContract = ({ s3, it }: Suite): void => {
  describe("storage classes", () => {
    const put = (key: string, StorageClass?: "GLACIER" | "DEEP_ARCHIVE" | "STANDARD_IA") =>
      s3().client.send(new PutObjectCommand({ Bucket: s3().bucket, Key: key, Body: "12345", StorageClass }));
    const head = (key: string) => s3().client.send(new HeadObjectCommand({ Bucket: s3().bucket, Key: key }));

    it("are not told of an object that nobody asked one for", async () => {
      const key = newKey();
      await put(key);
      const { StorageClass, Restore, ArchiveStatus } = await head(key);
      expect([StorageClass, Restore, ArchiveStatus]).toEqual([undefined, undefined, undefined]);
    });

    it("are told by HEAD, GET and listings where a PUT asked for one", async () => {
      const key = newKey();
      await put(key, "STANDARD_IA");
      expect(await head(key)).toMatchObject({ StorageClass: "STANDARD_IA", ContentLength: 5 });
      const { Body, StorageClass } = await s3().client.send(new GetObjectCommand({ Bucket: s3().bucket, Key: key }));
      expect([StorageClass, await Body?.transformToString()]).toEqual(["STANDARD_IA", "12345"]);
      const { Contents } = await s3().client.send(new ListObjectsV2Command({ Bucket: s3().bucket, Prefix: key }));
      expect(Contents).toMatchObject([{ Key: key, StorageClass: "STANDARD_IA" }]);
    });

    it("are told of what was uploaded in parts, too", async () => {
      const object = { Bucket: s3().bucket, Key: newKey() };
      const { UploadId } = await s3().client.send(
        new CreateMultipartUploadCommand({ ...object, StorageClass: "STANDARD_IA" }),
      );
      const upload = { ...object, UploadId };
      const { ETag } = await s3().client.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: "part" }));
      const parts = { Parts: [{ PartNumber: 1, ETag }] };
      await s3().client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: parts }));
      expect(await head(object.Key)).toMatchObject({ StorageClass: "STANDARD_IA" });
    });

    it("of an archive let HEAD succeed, and refuse GET", async () => {
      for (const StorageClass of ["GLACIER", "DEEP_ARCHIVE"] as const) {
        const key = newKey();
        await put(key, StorageClass);
        expect(await head(key)).toMatchObject({ StorageClass, ContentLength: 5 });
        await expect(s3().get(key)).rejects.toMatchObject({
          name: "InvalidObjectState",
          $metadata: { httpStatusCode: 403 },
        });
      }
    });

    it("of an archive refuse copies, and no other class is copied along", async () => {
      const [archived, source, copy] = [newKey(), newKey(), newKey()];
      await put(archived, "GLACIER");
      await put(source, "STANDARD_IA");
      const copyOf = (from: string) =>
        s3().client.send(
          new CopyObjectCommand({ Bucket: s3().bucket, Key: copy, CopySource: `${s3().bucket}/${from}` }),
        );
      await expect(copyOf(archived)).rejects.toMatchObject({
        name: "ObjectNotInActiveTierError",
        $metadata: { httpStatusCode: 403 },
      });
      await copyOf(source);
      expect((await head(copy)).StorageClass).toBeUndefined();
    });

    it("that do not exist are refused", async () => {
      const command = new PutObjectCommand({
        Bucket: s3().bucket,
        Key: newKey(),
        Body: "12345",
        StorageClass: "ATTIC" as "STANDARD",
      });
      await expect(s3().client.send(command)).rejects.toMatchObject({ name: "InvalidStorageClass" });
    });
  });
};
