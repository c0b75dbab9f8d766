import {
  CopyObjectCommand,
  DeleteObjectTaggingCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type Tag,
} from "@aws-sdk/client-s3";
import { describe, expect } from "@jest/globals";
import { newKey, type Suite } from "../suite.ts";

const TERM = { Key: "term", Value: "autumn term" };
const ROOM = { Key: "room", Value: "a+b/é" };

export const tagContract = ({ s3, it }: Suite): void => {
  describe("tags", () => {
    const tag = (Key: string, TagSet: Tag[], VersionId?: string) =>
      s3().client.send(new PutObjectTaggingCommand({ Bucket: s3().bucket, Key, VersionId, Tagging: { TagSet } }));
    const tagsOf = async (Key: string, VersionId?: string) =>
      (await s3().client.send(new GetObjectTaggingCommand({ Bucket: s3().bucket, Key, VersionId }))).TagSet?.toSorted(
        (a, b) => (a.Key ?? "").localeCompare(b.Key ?? ""),
      );
    const encoded = (tags: readonly { Key: string; Value: string }[]) =>
      new URLSearchParams(tags.map(({ Key, Value }): [string, string] => [Key, Value])).toString();
    const putTagged = (Key: string, tags = encoded([TERM, ROOM])) =>
      s3().client.send(new PutObjectCommand({ Bucket: s3().bucket, Key, Body: "12345", Tagging: tags }));

    it("of an object that nobody tagged are none", async () => {
      const key = newKey();
      await s3().put(key);
      await expect(tagsOf(key)).resolves.toEqual([]);
    });

    it("are put, read and taken away without a new version of the object", async () => {
      const key = newKey();
      const version = await s3().put(key, "12345");
      await tag(key, [{ Key: "other", Value: "" }]);
      await tag(key, [TERM, ROOM]);
      await expect(tagsOf(key)).resolves.toEqual([ROOM, TERM]);
      await s3().client.send(new DeleteObjectTaggingCommand({ Bucket: s3().bucket, Key: key }));
      await expect(tagsOf(key)).resolves.toEqual([]);
      const got = await s3().client.send(new GetObjectCommand({ Bucket: s3().bucket, Key: key }));
      expect(got.VersionId).toBe(version);
      expect(await got.Body?.transformToString()).toBe("12345");
    });

    it("come with a PUT, too, and are counted by GET and HEAD", async () => {
      const object = { Bucket: s3().bucket, Key: newKey() };
      await putTagged(object.Key);
      await expect(tagsOf(object.Key)).resolves.toEqual([ROOM, TERM]);
      const got = await s3().client.send(new GetObjectCommand(object));
      expect(got.TagCount).toBe(2);
      await got.Body?.transformToString();
      await expect(s3().client.send(new HeadObjectCommand(object))).resolves.toMatchObject({ TagCount: 2 });
    });

    it("belong to one version", async () => {
      const key = newKey();
      const first = await s3().put(key, "first");
      await s3().put(key, "second");
      await tag(key, [TERM], first);
      await expect(tagsOf(key, first)).resolves.toEqual([TERM]);
      await expect(tagsOf(key)).resolves.toEqual([]);
    });

    it("are copied along, or replaced where that is asked for", async () => {
      const [from, along, replaced] = [newKey(), newKey(), newKey()];
      await putTagged(from);
      const source = { Bucket: s3().bucket, CopySource: `${s3().bucket}/${from}` };
      await s3().client.send(new CopyObjectCommand({ ...source, Key: along }));
      await s3().client.send(
        new CopyObjectCommand({ ...source, Key: replaced, TaggingDirective: "REPLACE", Tagging: "room=1" }),
      );
      await expect(tagsOf(along)).resolves.toEqual([ROOM, TERM]);
      await expect(tagsOf(replaced)).resolves.toEqual([{ Key: "room", Value: "1" }]);
    });

    it("that S3 does not take are refused, and leave those that are there", async () => {
      const key = newKey();
      await putTagged(key);
      for (const tags of [
        [TERM, TERM],
        [{ Key: "k".repeat(129), Value: "" }],
        [{ Key: "key", Value: "v".repeat(257) }],
        [{ Key: "key", Value: "a&b" }],
      ]) {
        await expect(tag(key, tags)).rejects.toMatchObject({ $metadata: { httpStatusCode: 400 } });
        await expect(putTagged(key, encoded(tags))).rejects.toMatchObject({ $metadata: { httpStatusCode: 400 } });
      }
      await expect(tagsOf(key)).resolves.toEqual([ROOM, TERM]);
    });

    const eleven = Array.from({ length: 11 }, (_, at) => ({ Key: `tag-${at}`, Value: "" }));

    it("are ten at most", async () => {
      const key = newKey();
      await putTagged(key);
      await tag(key, eleven.slice(1));
      await expect(tag(key, eleven)).rejects.toMatchObject({ name: "BadRequest" });
    });

    it("are ten at most in a header, too", async () => {
      await putTagged(newKey(), encoded(eleven.slice(1)));
      await expect(putTagged(newKey(), encoded(eleven))).rejects.toMatchObject({
        $metadata: { httpStatusCode: 400 },
      });
    });

    it("of objects that are not there are refused", async () => {
      await expect(tagsOf(newKey())).rejects.toMatchObject({ name: "NoSuchKey" });
      await expect(tag(newKey(), [TERM])).rejects.toMatchObject({ name: "NoSuchKey" });
    });
  });
};
