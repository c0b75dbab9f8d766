import * as sdk from "@aws-sdk/client-s3";
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
} from "@aws-sdk/client-s3";
import { describe, expect } from "@jest/globals";
import { sha256 } from "../../../harness/sha256.ts";
import { signedHeaders } from "../signed-headers.ts";
import type { Suite } from "../suite.ts";
import { send } from "../wire.ts";

const METHODS = ["GET", "HEAD", "PUT", "POST", "DELETE"];
/** What marks an operation among the SDK's schemas. */
const OPERATION = 9;
/** Parameters of operations that name no sub-resource. */
const PARAMETERS = ["x-id", "list-type", "select-type"];

/** Every sub-resource that S3 has on a bucket or an object, by the SDK's own schemas. */
const ALL = [
  ...new Set(
    Object.values<unknown>(sdk).flatMap((each) => {
      const [kind, , , traits] = (Array.isArray(each) ? each : []) as readonly unknown[];
      if (kind !== OPERATION) return [];
      const [, path = ""] = (traits as { http: readonly string[] }).http;
      return [...new URLSearchParams(path.split("?")[1]).keys()];
    }),
  ),
].filter((name) => !PARAMETERS.includes(name));

const BODY = "the object";

export const subresourceContract = ({ s3, it }: Suite): void => {
  describe("sub-resources", () => {
    /**
     * Sends requests to a bucket of one object, and tells those that were answered with a listing or with the object, or
     * after which the object was not what it was. The server may do what it knows of the sub-resource.
     */
    const mistaken = async (
      on: "bucket" | "object",
      methods: readonly string[],
      names: readonly string[],
    ): Promise<string[]> => {
      const [Bucket, Key] = ["bucket-of-one-object", "object"];
      const { client, endpoint } = s3();
      const state = async () => {
        const { Versions = [], DeleteMarkers = [] } = await client.send(new ListObjectVersionsCommand({ Bucket }));
        return [...Versions, ...DeleteMarkers].map((each) => ({ Key: each.Key, VersionId: each.VersionId }));
      };
      await client.send(new CreateBucketCommand({ Bucket }));
      const VersioningConfiguration = { Status: "Enabled" } as const;
      await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
      await client.send(new sdk.PutObjectCommand({ Bucket, Key, Body: BODY }));
      let before = JSON.stringify(await state());
      const found: string[] = [];
      for (const method of methods)
        for (const name of names) {
          const url = `${endpoint}/${Bucket}${on === "bucket" ? "" : `/${Key}`}?${name}=`;
          const body = ["PUT", "POST"].includes(method) ? "something else" : "";
          const headers = await signedHeaders(s3(), method, url, { "x-amz-content-sha256": sha256(body) });
          const answer = await send(method, url, { headers, body });
          const text = answer.body.toString();
          const isObject = text === BODY || Number(answer.headers["content-length"]) === BODY.length;
          const after = JSON.stringify(await state());
          if (isObject || after !== before || text.includes("<ListBucketResult")) found.push(`${method} ?${name}`);
          before = after;
        }
      const { Uploads = [] } = await client.send(new sdk.ListMultipartUploadsCommand({ Bucket }));
      for (const upload of Uploads)
        await client.send(new sdk.AbortMultipartUploadCommand({ Bucket, Key: upload.Key, UploadId: upload.UploadId }));
      for (const version of await state()) await client.send(new sdk.DeleteObjectCommand({ Bucket, ...version }));
      await client.send(new DeleteBucketCommand({ Bucket }));
      return found;
    };

    it("of an object such as its ACL, lock and tags are read and written beside it", async () => {
      const names = ["acl", "retention", "legal-hold", "tagging"];
      await expect(mistaken("object", ["GET", "PUT"], names)).resolves.toEqual([]);
      await expect(mistaken("object", ["GET"], ["attributes"])).resolves.toEqual([]);
    });

    it("of an object such as restore and select are posted to without a change of it", async () => {
      await expect(mistaken("object", ["POST"], ["restore", "select", "uploads"])).resolves.toEqual([]);
    });

    it("of a bucket such as its policy, CORS rules and lock are no listings of it", async () => {
      const names = ["acl", "cors", "encryption", "lifecycle", "location", "object-lock", "policy", "tagging"];
      await expect(mistaken("bucket", ["GET", "PUT"], [...names, "versioning", "website"])).resolves.toEqual([]);
    });

    for (const method of METHODS)
      it(`of all kinds leave the object alone: ${method}`, async () => {
        expect(ALL).toEqual(expect.arrayContaining(["annotation", "encryption", "renameObject", "torrent"]));
        await expect(mistaken("object", [method], ALL)).resolves.toEqual([]);
      });

    it("of all kinds leave the bucket alone", async () => {
      await expect(mistaken("bucket", METHODS, ALL)).resolves.toEqual([]);
    });

    it("do not take a part without its upload", async () => {
      await expect(mistaken("object", ["PUT"], ["partNumber", "uploadId"])).resolves.toEqual([]);
    });
  });
};
