import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
  type CompletedPart,
} from "@aws-sdk/client-s3";
import { describe, expect } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { MediaReadError } from "../../../../lib/media/body.ts";
import { connectMediaStore } from "../../../../lib/media/bucket.ts";
import { objectId, type MediaRef } from "../../../../lib/media/key.ts";
import { newKey, type Suite } from "../suite.ts";

const MIB = 1024 * 1024;

/** What this project's own store makes of a server's answers. */
export const mediaStoreContract = ({ s3, it }: Suite): void => {
  describe("the delivery's store", () => {
    const store = () => {
      const { endpoint, region, credentials, bucket } = s3();
      const env = {
        AWS_REGION: region,
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
        AWS_ENDPOINT_URL_S3: endpoint,
        BUCKET_NAME: bucket,
      };
      return connectMediaStore({ env, clock: Date.now, sleep: () => Promise.resolve() });
    };
    const refOf = (key: string, versionId: string): MediaRef => ({
      id: objectId(key, versionId),
      kind: "object",
      key,
      versionId,
    });
    const put = async (key: string, content: string | Uint8Array): Promise<MediaRef> =>
      refOf(key, await s3().put(key, content));
    const copy = async ({ key = "", versionId = "" }: MediaRef, to = key): Promise<MediaRef> => {
      const { VersionId = "" } = await s3().client.send(
        new CopyObjectCommand({
          Bucket: s3().bucket,
          Key: to,
          CopySource: `${s3().bucket}/${encodeURIComponent(key)}?versionId=${versionId}`,
          // S3 refuses to copy an object onto itself where nothing changes.
          MetadataDirective: "REPLACE",
        }),
      );
      return refOf(to, VersionId);
    };

    it("takes an object for withdrawn under a delete marker, until a newer version comes", async () => {
      const media = await put(newKey(), "first");
      expect(await store().isWithdrawn(media)).toBe(false);
      await s3().remove(media.key ?? "");
      expect(await store().isWithdrawn(media)).toBe(true);
      await put(media.key ?? "", "second");
      expect(await store().isWithdrawn(media)).toBe(false);
    });

    it("does not take an object for withdrawn whose version alone was removed", async () => {
      const media = await put(newKey(), "first");
      await s3().remove(media.key ?? "", media.versionId);
      expect(await store().isWithdrawn(media)).toBe(false);
    });

    it("reads ranges of the pinned version, to its end at the most", async () => {
      const bytes = randomBytes(300_000);
      const media = await put(newKey(), bytes);
      await put(media.key ?? "", "other");
      await s3().remove(media.key ?? "");
      const read = async (start: number, end: number) =>
        Buffer.from(await store().read(media, start, end, new AbortController().signal));
      expect((await read(0, 16)).equals(bytes.subarray(0, 16))).toBe(true);
      expect((await read(100_000, 200_000)).equals(bytes.subarray(100_000, 200_000))).toBe(true);
      expect((await read(299_990, 400_000)).equals(bytes.subarray(299_990))).toBe(true);
    });

    it("fails where a range begins behind the end, or the version is gone", async () => {
      const media = await put(newKey(), "12345");
      const { signal } = new AbortController();
      await expect(store().read(media, 5, 6, signal)).rejects.toEqual(new MediaReadError("READ_FAILED"));
      await s3().remove(media.key ?? "", media.versionId);
      await expect(store().read(media, 0, 5, signal)).rejects.toEqual(new MediaReadError("READ_FAILED"));
    });

    it("tells the same contents from others, whatever their keys", async () => {
      const [first, again, other, longer] = await Promise.all(
        ["12345", "12345", "54321", "123456"].map((content) => put(newKey(), content)),
      );
      if (!first || !again || !other || !longer) throw new Error("Four were put");
      const compare = (arrived: MediaRef) => store().compare(first, arrived, { isCopy: false });
      expect(await Promise.all([again, other, longer].map(compare))).toEqual(["same", "other", "other"]);
    });

    it("takes a copy of an object onto itself for the same, and one of another object not", async () => {
      const first = await put(newKey(), "12345");
      expect(await store().compare(first, await copy(first), { isCopy: true })).toBe("same");
      const other = await copy(await put(newKey(), "54321"), first.key);
      expect(await store().compare(first, other, { isCopy: true })).toBe("other");
    });

    it("tells the same contents in other parts by a checksum over the whole", async () => {
      const bytes = randomBytes(11 * MIB);
      const upload = async (content: Uint8Array, partBytes: number): Promise<MediaRef> => {
        const target = { Bucket: s3().bucket, Key: newKey() };
        const { client } = s3();
        const { UploadId } = await client.send(
          new CreateMultipartUploadCommand({ ...target, ChecksumAlgorithm: "CRC32", ChecksumType: "FULL_OBJECT" }),
        );
        const Parts: CompletedPart[] = [];
        for (let start = 0; start < content.length; start += partBytes) {
          const PartNumber = Parts.length + 1;
          const Body = content.subarray(start, start + partBytes);
          const part = { ...target, UploadId, PartNumber, Body, ChecksumAlgorithm: "CRC32" } as const;
          const { ETag, ChecksumCRC32 } = await client.send(new UploadPartCommand(part));
          Parts.push({ PartNumber, ETag, ChecksumCRC32 });
        }
        const { VersionId = "" } = await client.send(
          new CompleteMultipartUploadCommand({
            ...target,
            UploadId,
            MultipartUpload: { Parts },
            ChecksumType: "FULL_OBJECT",
          }),
        );
        return refOf(target.Key, VersionId);
      };
      const first = await upload(bytes, 5 * MIB);
      const compare = (arrived: MediaRef) => store().compare(first, arrived, { isCopy: false });
      expect(await compare(await upload(bytes, 6 * MIB))).toBe("same");
      expect(await compare(await upload(randomBytes(bytes.length), 6 * MIB))).toBe("other");
    });

    it("never takes the same contents for others because they are in parts, or were", async () => {
      const bytes = randomBytes(6 * MIB);
      const whole = await put(newKey(), bytes);
      const target = { Bucket: s3().bucket, Key: newKey() };
      const { UploadId } = await s3().client.send(new CreateMultipartUploadCommand(target));
      const { ETag } = await s3().client.send(
        new UploadPartCommand({ ...target, UploadId, PartNumber: 1, Body: bytes }),
      );
      const { VersionId = "" } = await s3().client.send(
        new CompleteMultipartUploadCommand({
          ...target,
          UploadId,
          MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] },
        }),
      );
      const inParts = refOf(target.Key, VersionId);
      // S3 computes a checksum of its own where a client sends none.
      expect(["same", "unknown"]).toContain(await store().compare(whole, inParts, { isCopy: false }));
      expect(await store().compare(inParts, await copy(inParts), { isCopy: true })).toBe("same");
    });

    it("knows nothing of objects that are gone, nor of what is no object", async () => {
      const media = await put(newKey(), "12345");
      const gone = await put(newKey(), "12345");
      await s3().remove(gone.key ?? "", gone.versionId);
      const called: MediaRef = { id: "url:1", kind: "url" };
      for (const [kept, arrived] of [
        [media, gone],
        [gone, media],
        [called, media],
      ] as const)
        expect(await store().compare(kept, arrived, { isCopy: false })).toBe("unknown");
    });
  });
};
