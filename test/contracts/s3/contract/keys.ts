import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { describe, expect } from "@jest/globals";
import { newKey, type Suite } from "../suite.ts";
import { send } from "../wire.ts";

/** A key of so many bytes, in pieces that a file system takes. */
const fillTo = (bytes: number, prefix: string): string => {
  const start = prefix + "/0123456789é".repeat(70);
  return start + "x".repeat(bytes - Buffer.byteLength(start));
};

const CORPUS: readonly (readonly [name: string, key: (prefix: string) => string])[] = [
  ["a plus", (prefix) => `${prefix}/a+b`],
  ["spaces", (prefix) => `${prefix}/ a  b `],
  ["a percent-encoded space", (prefix) => `${prefix}/a%20b`],
  ["a percent-encoded slash", (prefix) => `${prefix}/a%2Fb`],
  ["a percent-encoded percent sign", (prefix) => `${prefix}/a%25b`],
  ["percent signs that encode nothing", (prefix) => `${prefix}/100%/%zz/%`],
  ["an emoji", (prefix) => `${prefix}/🎬 lecture.mp4`],
  ["letters of many scripts", (prefix) => `${prefix}/Ünïcödé-лекция-讲座-محاضرة`],
  [
    "marks that XML, queries and headers use",
    (prefix) => `${prefix}/<a>&amp;"b"'c'?d=e&f#g;h,i@j:k$l|m\\n^o\`p{q}[r]~s`,
  ],
  ["marks that encoders disagree on", (prefix) => `${prefix}/!a*b'c(d)e-f_g.h`],
  ["a tab", (prefix) => `${prefix}/a\tb`],
  ["two slashes", (prefix) => `${prefix}//a//b`],
  ["a slash at its end", (prefix) => `${prefix}/a/`],
  ["a dot as a piece", (prefix) => `${prefix}/./a`],
  ["two dots as a piece", (prefix) => `${prefix}/b/../a`],
  ["1,024 bytes", (prefix) => fillTo(1_024, prefix)],
];

export const keyContract = ({ s3, it }: Suite): void => {
  describe("a key with", () => {
    for (const [name, keyUnder] of CORPUS)
      it(`${name} names exactly one object`, async () => {
        const prefix = newKey("corpus");
        const key = keyUnder(prefix);
        const object = { Bucket: s3().bucket, Key: key };
        const body = key.endsWith("/") ? "" : "12345";
        const put = await send("PUT", await s3().sign(new PutObjectCommand(object)), { body });
        expect([put.status, put.code]).toEqual([200, undefined]);
        await expect(s3().get(key)).resolves.toBe(body);
        const got = await send("GET", await s3().sign(new GetObjectCommand(object)));
        expect([got.status, got.body.toString()]).toEqual([200, body]);
        const { Contents } = await s3().client.send(new ListObjectsV2Command({ Bucket: s3().bucket, Prefix: prefix }));
        expect(Contents?.map(({ Key }) => Key)).toEqual([key]);
        const removed = await s3().client.send(
          new DeleteObjectsCommand({ Bucket: s3().bucket, Delete: { Objects: [{ Key: key }] } }),
        );
        expect(removed.Errors ?? []).toEqual([]);
        await expect(s3().get(key)).rejects.toMatchObject({ name: "NoSuchKey" });
      });

    it("a composed letter is another than that with a decomposed one", async () => {
      const key = newKey("é");
      const [composed, decomposed] = [key.normalize("NFC"), key.normalize("NFD")];
      expect(composed).not.toBe(decomposed);
      await s3().put(composed, "composed");
      await s3().put(decomposed, "decomposed");
      await expect(s3().get(composed)).resolves.toBe("composed");
      await expect(s3().get(decomposed)).resolves.toBe("decomposed");
    });

    it("capitals is another than that without", async () => {
      const key = newKey("case");
      await s3().put(key, "small");
      await s3().put(key.toUpperCase(), "capital");
      await expect(s3().get(key)).resolves.toBe("small");
    });

    it("more than 1,024 bytes is refused", async () => {
      const url = await s3().sign(new PutObjectCommand({ Bucket: s3().bucket, Key: fillTo(1_025, newKey()) }));
      expect(await send("PUT", url, { body: "1" })).toMatchObject({ status: 400, code: "KeyTooLongError" });
    });

    it("marks of all kinds can be uploaded in parts", async () => {
      const object = { Bucket: s3().bucket, Key: newKey("a+b c%20d&é<🎬>") };
      const { UploadId, Key } = await s3().client.send(new CreateMultipartUploadCommand(object));
      expect(Key).toBe(object.Key);
      const upload = { ...object, UploadId };
      const part = await send("PUT", await s3().sign(new UploadPartCommand({ ...upload, PartNumber: 1 })), {
        body: "12345",
      });
      const Parts = [{ PartNumber: 1, ETag: part.headers.etag }];
      await s3().client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
      await expect(s3().get(object.Key)).resolves.toBe("12345");
    });
  });
};
