import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetBucketLocationCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { describe, expect } from "@jest/globals";
import { newKey, type Suite } from "../suite.ts";

const HOUR_MS = 3_600_000;

export const bucketContract = ({ s3, it }: Suite): void => {
  describe("buckets", () => {
    it("are listed", async () => {
      const { Buckets } = await s3().client.send(new ListBucketsCommand({}));
      expect(Buckets?.map(({ Name }) => Name)).toEqual([s3().bucket]);
    });

    it("are listed with their owner and since when they are", async () => {
      const { Buckets, Owner } = await s3().client.send(new ListBucketsCommand({}));
      expect(Owner?.ID).toMatch(/./);
      const [bucket] = Buckets ?? [];
      expect(Math.abs(Date.now() - (bucket?.CreationDate?.getTime() ?? 0))).toBeLessThan(HOUR_MS);
    });

    it("are created, and deleted once they are empty", async () => {
      const Bucket = "short-lived-bucket";
      await s3().client.send(new CreateBucketCommand({ Bucket }));
      const { VersionId } = await s3().client.send(new PutObjectCommand({ Bucket, Key: "a", Body: "1" }));
      const remove = () => s3().client.send(new DeleteBucketCommand({ Bucket }));
      await expect(remove()).rejects.toMatchObject({ name: "BucketNotEmpty", $metadata: { httpStatusCode: 409 } });
      await s3().client.send(new DeleteObjectCommand({ Bucket, Key: "a", VersionId }));
      await remove();
      await expect(remove()).rejects.toMatchObject({ name: "NoSuchBucket" });
      await expect(s3().client.send(new ListObjectsV2Command({ Bucket }))).rejects.toMatchObject({
        name: "NoSuchBucket",
      });
    });

    it("say where they are and that they are versioned", async () => {
      const Bucket = s3().bucket;
      await expect(s3().client.send(new HeadBucketCommand({ Bucket }))).resolves.toMatchObject({
        BucketRegion: s3().region,
      });
      await expect(s3().client.send(new GetBucketLocationCommand({ Bucket }))).resolves.toMatchObject({
        LocationConstraint: s3().region,
      });
      await expect(s3().client.send(new GetBucketVersioningCommand({ Bucket }))).resolves.toMatchObject({
        Status: "Enabled",
      });
    });

    it("that do not exist are refused by name", async () => {
      const object = { Bucket: "no-such-bucket", Key: newKey() };
      for (const answer of [
        s3().client.send(new PutObjectCommand({ ...object, Body: "1" })),
        s3().client.send(new GetObjectCommand(object)),
        s3().client.send(new ListObjectsV2Command({ Bucket: object.Bucket })),
      ])
        await expect(answer).rejects.toMatchObject({ name: "NoSuchBucket", $metadata: { httpStatusCode: 404 } });
      await expect(s3().client.send(new HeadBucketCommand({ Bucket: object.Bucket }))).rejects.toMatchObject({
        $metadata: { httpStatusCode: 404 },
      });
    });

    it("refuse objects that do not exist by name", async () => {
      const object = { Bucket: s3().bucket, Key: newKey() };
      await expect(s3().client.send(new GetObjectCommand(object))).rejects.toMatchObject({
        name: "NoSuchKey",
        $metadata: { httpStatusCode: 404 },
      });
      await expect(s3().client.send(new HeadObjectCommand(object))).rejects.toMatchObject({
        name: "NotFound",
        $metadata: { httpStatusCode: 404 },
      });
    });
  });
};
