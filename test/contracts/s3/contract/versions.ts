import {
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandInput,
  type ListObjectVersionsCommandOutput,
} from "@aws-sdk/client-s3";
import { describe, expect } from "@jest/globals";
import { newKey, type Suite } from "../suite.ts";
import { send } from "../wire.ts";

export const versionContract = ({ s3, it }: Suite): void => {
  describe("versions", () => {
    const listAll = async (options: Partial<ListObjectVersionsCommandInput>) => {
      const found: [key: string, versionId: string, isLatest: boolean, isMarker: boolean][] = [];
      let marker: Partial<ListObjectVersionsCommandInput> = {};
      let pages = 0;
      for (;;) {
        const page = await s3().client.send(
          new ListObjectVersionsCommand({ Bucket: s3().bucket, ...options, ...marker }),
        );
        pages += 1;
        for (const { Key = "", VersionId = "", IsLatest = false } of page.Versions ?? [])
          found.push([Key, VersionId, IsLatest, false]);
        for (const { Key = "", VersionId = "", IsLatest = false } of page.DeleteMarkers ?? [])
          found.push([Key, VersionId, IsLatest, true]);
        if (!page.IsTruncated) return { found, pages };
        marker = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
      }
    };

    it("stay readable under newer ones", async () => {
      const key = newKey();
      const first = await s3().put(key, "first");
      const second = await s3().put(key, "second");
      expect(second).not.toBe(first);
      await expect(s3().get(key)).resolves.toBe("second");
      await expect(s3().get(key, first)).resolves.toBe("first");
      const head = await s3().client.send(new HeadObjectCommand({ Bucket: s3().bucket, Key: key, VersionId: first }));
      expect(head).toMatchObject({ VersionId: first, ContentLength: 5 });
    });

    it("stay readable under a delete marker", async () => {
      const key = newKey();
      const version = await s3().put(key, "first");
      const marker = await s3().remove(key);
      expect(marker).toMatchObject({ DeleteMarker: true });
      await expect(s3().get(key)).rejects.toMatchObject({ name: "NoSuchKey" });
      await expect(s3().get(key, version)).resolves.toBe("first");
    });

    it("under a delete marker show it in the refusal", async () => {
      const key = newKey();
      await s3().put(key);
      await s3().remove(key);
      for (const [method, Command] of [
        ["GET", GetObjectCommand],
        ["HEAD", HeadObjectCommand],
      ] as const)
        expect(await send(method, await s3().sign(new Command({ Bucket: s3().bucket, Key: key })))).toMatchObject({
          status: 404,
          headers: { "x-amz-delete-marker": "true" },
        });
    });

    it("that are delete markers cannot be read", async () => {
      const key = newKey();
      await s3().put(key);
      const { VersionId } = await s3().remove(key);
      const url = await s3().sign(new GetObjectCommand({ Bucket: s3().bucket, Key: key, VersionId }));
      expect(await send("GET", url)).toMatchObject({
        status: 405,
        code: "MethodNotAllowed",
        headers: { "x-amz-delete-marker": "true" },
      });
    });

    it("come back when the delete marker is removed", async () => {
      const key = newKey();
      await s3().put(key, "first");
      const { VersionId } = await s3().remove(key);
      await expect(s3().remove(key, VersionId)).resolves.toMatchObject({ DeleteMarker: true, VersionId });
      await expect(s3().get(key)).resolves.toBe("first");
    });

    it("that are removed are gone for good, and show the one before", async () => {
      const key = newKey();
      await s3().put(key, "first");
      const second = await s3().put(key, "second");
      await s3().remove(key, second);
      await expect(s3().get(key)).resolves.toBe("first");
      await expect(s3().get(key, second)).rejects.toMatchObject({ name: "NoSuchVersion" });
    });

    it("of a key that never was are delete markers, too", async () => {
      await expect(s3().remove(newKey())).resolves.toMatchObject({
        DeleteMarker: true,
        $metadata: { httpStatusCode: 204 },
      });
    });

    it("are listed with the newest first, delete markers among them", async () => {
      const key = newKey("listed");
      const first = await s3().put(key, "first");
      const second = await s3().put(key, "second");
      const { VersionId: marker = "" } = await s3().remove(key);
      const { found } = await listAll({ Prefix: key });
      expect(found).toEqual([
        [key, second, false, false],
        [key, first, false, false],
        [key, marker, true, true],
      ]);
    });

    it("are listed page by page, none twice and none left out", async () => {
      const prefix = newKey("paged");
      const expected: string[] = [];
      for (const name of ["a", "b", "c"])
        for (const body of ["1", "22", "333"]) {
          const key = `${prefix}/${name}`;
          expected.push(`${key} ${await s3().put(key, body)}`);
        }
      const { found, pages } = await listAll({ Prefix: prefix, MaxKeys: 2 });
      expect(pages).toBeGreaterThanOrEqual(5);
      expect(found.map(([key, versionId]) => `${key} ${versionId}`).sort()).toEqual(expected.sort());
      expect(found.map(([key]) => key)).toEqual(found.map(([key]) => key).sort());
    });

    it("are listed page by page with their keys percent-encoded", async () => {
      const prefix = newKey("encoded");
      const keys = ["a b+c%20d", "é&<>", "🎬"].map((name) => `${prefix}/${name}`);
      for (const key of keys) for (const body of ["1", "22"]) await s3().put(key, body);
      const decode = (key = "") => decodeURIComponent(key.replaceAll("+", "%20"));
      const found: string[] = [];
      let marker: Partial<ListObjectVersionsCommandInput> | undefined = {};
      while (marker) {
        const page: ListObjectVersionsCommandOutput = await s3().client.send(
          new ListObjectVersionsCommand({
            ...{ Bucket: s3().bucket, Prefix: prefix, EncodingType: "url", MaxKeys: 3 },
            ...marker,
          }),
        );
        expect(page.EncodingType).toBe("url");
        found.push(...(page.Versions ?? []).map(({ Key }) => decode(Key)));
        marker = page.IsTruncated
          ? { KeyMarker: decode(page.NextKeyMarker), VersionIdMarker: page.NextVersionIdMarker }
          : undefined;
      }
      expect(found).toEqual(keys.flatMap((key) => [key, key]));
    });

    it("that a delimiter rolls up are listed once across pages", async () => {
      const prefix = `${newKey("rolled-up")}/`;
      for (const name of ["a", "b/1", "b/2", "c"]) await s3().put(prefix + name);
      const list = (marker: Partial<ListObjectVersionsCommandInput>) =>
        s3().client.send(
          new ListObjectVersionsCommand({
            ...{ Bucket: s3().bucket, Prefix: prefix, Delimiter: "/", MaxKeys: 2 },
            ...marker,
          }),
        );
      const first = await list({});
      expect(first.CommonPrefixes).toEqual([{ Prefix: `${prefix}b/` }]);
      const next = await list({ KeyMarker: first.NextKeyMarker, VersionIdMarker: first.NextVersionIdMarker });
      expect(next.Versions?.map(({ Key }) => Key)).toEqual([`${prefix}c`]);
      expect(next.CommonPrefixes ?? []).toEqual([]);
    });

    it("are removed many at a time", async () => {
      const [kept, removed] = [newKey(), newKey()];
      const version = await s3().put(removed, "removed");
      await s3().put(kept, "kept");
      const answer = await s3().client.send(
        new DeleteObjectsCommand({
          Bucket: s3().bucket,
          Delete: { Objects: [{ Key: kept }, { Key: removed, VersionId: version }] },
        }),
      );
      expect(answer.Errors ?? []).toEqual([]);
      expect(answer.Deleted).toHaveLength(2);
      expect(answer.Deleted?.find(({ Key }) => Key === kept)).toMatchObject({ DeleteMarker: true });
      await expect(s3().get(kept)).rejects.toMatchObject({ name: "NoSuchKey" });
      await expect(s3().get(removed, version)).rejects.toMatchObject({ $metadata: { httpStatusCode: 404 } });
    });
  });
};
