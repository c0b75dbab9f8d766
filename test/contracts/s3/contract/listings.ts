import { ListObjectsCommand, ListObjectsV2Command, type ListObjectsV2CommandInput } from "@aws-sdk/client-s3";
import { describe, expect } from "@jest/globals";
import { signedHeaders } from "../signed-headers.ts";
import { newKey, type Suite } from "../suite.ts";
import { send } from "../wire.ts";

export const listingContract = ({ s3, it }: Suite): void => {
  describe("listings", () => {
    const list = (options: Omit<ListObjectsV2CommandInput, "Bucket">) =>
      s3().client.send(new ListObjectsV2Command({ Bucket: s3().bucket, ...options }));
    /** Objects under a prefix of their own, which is returned. */
    const putAll = async (...names: string[]): Promise<string> => {
      const prefix = `${newKey("listing")}/`;
      for (const name of names) await s3().put(prefix + name, name);
      return prefix;
    };
    const namesOf = (contents: readonly { Key?: string | undefined }[] | undefined, prefix: string) =>
      (contents ?? []).map(({ Key = "" }) => Key.slice(prefix.length));

    it("hold the objects of a prefix with size and ETag, in the order of their bytes", async () => {
      const names = ["b", "a", "B", "é", "a-1", "z"];
      const prefix = await putAll(...names);
      const { Contents, KeyCount, IsTruncated } = await list({ Prefix: prefix });
      expect(namesOf(Contents, prefix)).toEqual(["B", "a", "a-1", "b", "z", "é"]);
      expect(Contents?.[2]).toMatchObject({ Size: 3, ETag: '"737c191aed52450b9c655083c9971bdd"' });
      expect([KeyCount, IsTruncated]).toEqual([6, false]);
    });

    it("roll up what a delimiter shares", async () => {
      const prefix = await putAll("a", "b/1", "b/2", "c/1", "d");
      const { Contents, CommonPrefixes, KeyCount } = await list({ Prefix: prefix, Delimiter: "/" });
      expect(namesOf(Contents, prefix)).toEqual(["a", "d"]);
      expect(CommonPrefixes?.map(({ Prefix = "" }) => Prefix.slice(prefix.length))).toEqual(["b/", "c/"]);
      expect(KeyCount).toBe(4);
    });

    it("come page by page, none twice and none left out", async () => {
      const prefix = await putAll("a", "b/1", "b/2", "c", "d", "e/1", "f");
      const found: string[] = [];
      let ContinuationToken: string | undefined;
      do {
        const page = await list({ Prefix: prefix, Delimiter: "/", MaxKeys: 2, ContinuationToken });
        expect(page.KeyCount).toBeLessThanOrEqual(2);
        found.push(...namesOf(page.Contents, prefix));
        found.push(...(page.CommonPrefixes ?? []).map(({ Prefix = "" }) => Prefix.slice(prefix.length)));
        ContinuationToken = page.NextContinuationToken;
        expect(page.IsTruncated).toBe(ContinuationToken !== undefined);
      } while (ContinuationToken !== undefined);
      expect(found.sort()).toEqual(["a", "b/", "c", "d", "e/", "f"]);
    });

    it("of exactly one page are not truncated", async () => {
      const prefix = await putAll("a", "b");
      const page = await list({ Prefix: prefix, MaxKeys: 2 });
      expect(page).toMatchObject({ IsTruncated: false, KeyCount: 2 });
      expect(page.NextContinuationToken).toBeUndefined();
    });

    it("of one rolled up prefix are not truncated", async () => {
      const prefix = await putAll("a/1", "a/2", "a/3");
      const page = await list({ Prefix: prefix, Delimiter: "/", MaxKeys: 1 });
      expect(page).toMatchObject({ IsTruncated: false, KeyCount: 1, CommonPrefixes: [{ Prefix: `${prefix}a/` }] });
    });

    it("begin after a key", async () => {
      const prefix = await putAll("a", "b", "c");
      const { Contents } = await list({ Prefix: prefix, StartAfter: `${prefix}a` });
      expect(namesOf(Contents, prefix)).toEqual(["b", "c"]);
    });

    it("of no keys are empty", async () => {
      const prefix = await putAll("a");
      const page = await list({ Prefix: prefix, MaxKeys: 0 });
      expect(page.Contents ?? []).toEqual([]);
      expect(page.IsTruncated).toBe(false);
    });

    it("of a number of keys that is none are refused", async () => {
      const url = `${s3().endpoint}/${s3().bucket}/?list-type=2&max-keys=many`;
      const headers = await signedHeaders(s3(), "GET", url, { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" });
      expect(await send("GET", url, { headers })).toMatchObject({ status: 400, code: "InvalidArgument" });
    });

    it("leave deleted objects out", async () => {
      const prefix = await putAll("a", "b");
      await s3().remove(`${prefix}a`);
      const { Contents } = await list({ Prefix: prefix });
      expect(namesOf(Contents, prefix)).toEqual(["b"]);
    });

    it("percent-encode keys where that is asked for", async () => {
      const names = ["a b+c%20d", "é&<>", "🎬"];
      const prefix = await putAll(...names);
      const { Contents, EncodingType } = await list({ Prefix: prefix, EncodingType: "url" });
      expect(EncodingType).toBe("url");
      const decoded = (Contents ?? []).map(({ Key = "" }) => decodeURIComponent(Key.replaceAll("+", "%20")));
      expect(decoded).toEqual(names.map((name) => prefix + name));
      expect(Contents?.[1]?.Key).toMatch(/%C3%A9%26%3C%3E$/);
    });

    it("of the first kind go on from a marker", async () => {
      const prefix = await putAll("a", "b/1", "b/2", "c");
      const listFirstKind = (more: object) =>
        s3().client.send(
          new ListObjectsCommand({ Bucket: s3().bucket, Prefix: prefix, Delimiter: "/", MaxKeys: 2, ...more }),
        );
      const first = await listFirstKind({});
      expect(namesOf(first.Contents, prefix)).toEqual(["a"]);
      expect(first).toMatchObject({ IsTruncated: true, NextMarker: `${prefix}b/` });
      const next = await listFirstKind({ Marker: first.NextMarker });
      expect(namesOf(next.Contents, prefix)).toEqual(["c"]);
      expect(next.CommonPrefixes ?? []).toEqual([]);
    });
  });
};
