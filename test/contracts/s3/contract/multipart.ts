import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  UploadPartCommand,
  type CompletedPart,
} from "@aws-sdk/client-s3";
import { describe, expect } from "@jest/globals";
import { createHash } from "node:crypto";
import { newKey, type Suite } from "../suite.ts";
import { send } from "../wire.ts";

const MIN_PART_BYTES = 5 * 1024 * 1024;
const md5 = (bytes: Uint8Array | string): Buffer => createHash("md5").update(bytes).digest();
const quoted = (hash: Buffer): string => `"${hash.toString("hex")}"`;

export const multipartContract = ({ s3, it }: Suite): void => {
  describe("uploads in parts", () => {
    const begin = async (key = newKey(), more: { ContentType?: string; Metadata?: Record<string, string> } = {}) => {
      const object = { Bucket: s3().bucket, Key: key };
      const { UploadId } = await s3().client.send(new CreateMultipartUploadCommand({ ...object, ...more }));
      return { ...object, UploadId };
    };
    type Upload = Awaited<ReturnType<typeof begin>>;

    const putPart = async (upload: Upload, PartNumber: number, Body: Uint8Array | string): Promise<CompletedPart> => {
      const { ETag } = await s3().client.send(new UploadPartCommand({ ...upload, PartNumber, Body }));
      return { PartNumber, ETag };
    };
    const complete = (upload: Upload, Parts: CompletedPart[]) =>
      s3().client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
    const abort = (upload: Upload) => s3().client.send(new AbortMultipartUploadCommand(upload));

    it("become one object with the type and metadata they began with", async () => {
      const upload = await begin(newKey(), { ContentType: "video/mp4", Metadata: { owner: "lecturer-1" } });
      const [first, last] = [Buffer.alloc(MIN_PART_BYTES, "a"), "the end"];
      const parts = [await putPart(upload, 1, first), await putPart(upload, 2, last)];
      expect(parts[0]?.ETag).toBe(quoted(md5(first)));
      const whole = await complete(upload, parts);
      expect(whole.ETag).toBe(quoted(md5(Buffer.concat([md5(first), md5(last)]))).replace(/"$/, '-2"'));
      expect(whole.VersionId).toMatch(/./);
      const got = await s3().client.send(new GetObjectCommand({ Bucket: upload.Bucket, Key: upload.Key }));
      expect(got).toMatchObject({
        ContentLength: MIN_PART_BYTES + last.length,
        ContentType: "video/mp4",
        Metadata: { owner: "lecturer-1" },
        ETag: whole.ETag,
        VersionId: whole.VersionId,
      });
      const bytes = Buffer.from((await got.Body?.transformToByteArray()) ?? []);
      expect(bytes.equals(Buffer.concat([first, Buffer.from(last)]))).toBe(true);
    });

    it("can be read across the border of two parts", async () => {
      const upload = await begin();
      const parts = [await putPart(upload, 1, Buffer.alloc(MIN_PART_BYTES, "a")), await putPart(upload, 2, "bcdef")];
      await complete(upload, parts);
      const range = `bytes=${MIN_PART_BYTES - 2}-${MIN_PART_BYTES + 1}`;
      const got = await s3().client.send(
        new GetObjectCommand({ Bucket: upload.Bucket, Key: upload.Key, Range: range }),
      );
      await expect(got.Body?.transformToString()).resolves.toBe("aabc");
    });

    it("go through presigned URLs alone, as a browser makes them", async () => {
      const object = { Bucket: s3().bucket, Key: newKey() };
      const created = await send("POST", await s3().sign(new CreateMultipartUploadCommand(object)));
      const UploadId = /<UploadId>(.+)<\/UploadId>/.exec(created.body.toString())?.[1];
      const upload = { ...object, UploadId };
      const part = await send("PUT", await s3().sign(new UploadPartCommand({ ...upload, PartNumber: 1 })), {
        body: "12345",
      });
      expect(part).toMatchObject({ status: 200, headers: { etag: quoted(md5("12345")) } });
      const listed = await send("GET", await s3().sign(new ListPartsCommand(upload)));
      expect(listed.body.toString()).toMatch(/<PartNumber>1<\/PartNumber>/);
      const body = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${part.headers.etag ?? ""}</ETag></Part></CompleteMultipartUpload>`;
      const done = await send("POST", await s3().sign(new CompleteMultipartUploadCommand(upload)), { body });
      expect(done.status).toBe(200);
      expect(done.body.toString()).toMatch(/<ETag>.*-1.*<\/ETag>/);
      await expect(s3().get(object.Key)).resolves.toBe("12345");
    });

    it("take a part again in place of the first", async () => {
      const upload = await begin();
      const before = await putPart(upload, 1, "before");
      const after = await putPart(upload, 1, "after");
      await expect(complete(upload, [before])).rejects.toMatchObject({ name: "InvalidPart" });
      await complete(upload, [after]);
      await expect(s3().get(upload.Key)).resolves.toBe("after");
    });

    it("leave out parts that are not named", async () => {
      const upload = await begin();
      await putPart(upload, 1, "unwanted");
      const wanted = await putPart(upload, 7, "wanted");
      await complete(upload, [wanted]);
      await expect(s3().get(upload.Key)).resolves.toBe("wanted");
    });

    it("list their parts in order, page by page", async () => {
      const upload = await begin();
      for (const number of [3, 1, 2]) await putPart(upload, number, "x".repeat(number));
      const first = await s3().client.send(new ListPartsCommand({ ...upload, MaxParts: 2 }));
      expect(first.Parts?.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([
        [1, 1],
        [2, 2],
      ]);
      expect(first).toMatchObject({ IsTruncated: true, NextPartNumberMarker: "2" });
      const next = await s3().client.send(
        new ListPartsCommand({ ...upload, PartNumberMarker: first.NextPartNumberMarker }),
      );
      expect(next.Parts?.map(({ PartNumber, ETag }) => [PartNumber, ETag])).toEqual([[3, quoted(md5("xxx"))]]);
      expect(next.IsTruncated).toBe(false);
      await abort(upload);
    });

    it("are listed while they are under way", async () => {
      const upload = await begin(newKey("under-way"));
      const list = () =>
        s3().client.send(new ListMultipartUploadsCommand({ Bucket: upload.Bucket, Prefix: "under-way" }));
      expect((await list()).Uploads).toMatchObject([{ Key: upload.Key, UploadId: upload.UploadId }]);
      await abort(upload);
      expect((await list()).Uploads ?? []).toEqual([]);
    });

    it("that are under way are listed page by page", async () => {
      const prefix = newKey("paged-uploads");
      const uploads = [await begin(`${prefix}/b`), await begin(`${prefix}/a`), await begin(`${prefix}/c`)];
      const list = (more: object) =>
        s3().client.send(new ListMultipartUploadsCommand({ Bucket: s3().bucket, Prefix: prefix, ...more }));
      const first = await list({ MaxUploads: 2 });
      expect(first.Uploads?.map(({ Key }) => Key)).toEqual([`${prefix}/a`, `${prefix}/b`]);
      expect(first.IsTruncated).toBe(true);
      const next = await list({ KeyMarker: first.NextKeyMarker, UploadIdMarker: first.NextUploadIdMarker });
      expect(next.Uploads?.map(({ Key }) => Key)).toEqual([`${prefix}/c`]);
      for (const upload of uploads) await abort(upload);
    });

    it("are not objects until they are complete", async () => {
      const upload = await begin();
      await putPart(upload, 1, "12345");
      await expect(s3().get(upload.Key)).rejects.toMatchObject({ name: "NoSuchKey" });
      await abort(upload);
    });

    it("are refused with a small part that is not the last", async () => {
      const upload = await begin();
      const parts = [await putPart(upload, 1, "small"), await putPart(upload, 2, "last")];
      await expect(complete(upload, parts)).rejects.toMatchObject({ name: "EntityTooSmall" });
      await abort(upload);
    });

    it("are refused with a part that is absent, or another", async () => {
      const upload = await begin();
      const part = await putPart(upload, 1, "12345");
      await expect(complete(upload, [{ ...part, PartNumber: 2 }])).rejects.toMatchObject({ name: "InvalidPart" });
      const another = { ...part, ETag: quoted(md5("another")) };
      await expect(complete(upload, [another])).rejects.toMatchObject({ name: "InvalidPart" });
      await abort(upload);
    });

    it("are refused with parts out of order", async () => {
      const upload = await begin();
      const parts = [await putPart(upload, 1, "first"), await putPart(upload, 2, Buffer.alloc(MIN_PART_BYTES))];
      await expect(complete(upload, parts.toReversed())).rejects.toMatchObject({ name: "InvalidPartOrder" });
      await abort(upload);
    });

    it("are refused without parts", async () => {
      const upload = await begin();
      await expect(complete(upload, [])).rejects.toMatchObject({ name: "MalformedXML" });
      await abort(upload);
    });

    it("are refused with a list of parts that cannot be understood", async () => {
      const upload = await begin();
      const { ETag = "" } = await putPart(upload, 1, "12345");
      const url = await s3().sign(new CompleteMultipartUploadCommand(upload));
      for (const body of [
        "",
        "{}",
        "<CompleteMultipartUpload>",
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>",
        `<CompleteMultipartUpload><Part><PartNumber>one</PartNumber><ETag>${ETag}</ETag></Part></CompleteMultipartUpload>`,
      ]) {
        const answer = await send("POST", url, { body });
        expect([body, answer.status, answer.code]).toEqual([body, 400, "MalformedXML"]);
      }
      await abort(upload);
    });

    it("with If-None-Match: * do not write over what is there", async () => {
      const key = newKey();
      await s3().put(key, "first");
      const upload = await begin(key);
      const MultipartUpload = { Parts: [await putPart(upload, 1, "second")] };
      const completed = s3().client.send(
        new CompleteMultipartUploadCommand({ ...upload, MultipartUpload, IfNoneMatch: "*" }),
      );
      await expect(completed).rejects.toMatchObject({ name: "PreconditionFailed" });
      await expect(s3().get(key)).resolves.toBe("first");
      await abort(upload);
    });

    it("stay open after a refusal", async () => {
      const upload = await begin();
      const part = await putPart(upload, 1, "12345");
      await expect(complete(upload, [{ ...part, PartNumber: 2 }])).rejects.toMatchObject({ name: "InvalidPart" });
      await complete(upload, [part]);
      await expect(s3().get(upload.Key)).resolves.toBe("12345");
    });

    it("are no longer known once they are complete", async () => {
      const upload = await begin();
      const part = await putPart(upload, 1, "12345");
      await complete(upload, [part]);
      await expect(putPart(upload, 1, "12345")).rejects.toMatchObject({ name: "NoSuchUpload" });
      await expect(s3().client.send(new ListPartsCommand(upload))).rejects.toMatchObject({ name: "NoSuchUpload" });
    });

    it("cannot be completed twice", async () => {
      const upload = await begin();
      const part = await putPart(upload, 1, "12345");
      await complete(upload, [part]);
      await expect(complete(upload, [part])).rejects.toMatchObject({ name: "NoSuchUpload" });
    });

    it("are no longer known once they are aborted", async () => {
      const upload = await begin();
      const part = await putPart(upload, 1, "12345");
      await expect(abort(upload)).resolves.toMatchObject({ $metadata: { httpStatusCode: 204 } });
      await expect(complete(upload, [part])).rejects.toMatchObject({ name: "NoSuchUpload" });
      await expect(abort(upload)).rejects.toMatchObject({ name: "NoSuchUpload" });
    });

    it("belong to their key", async () => {
      const upload = await begin();
      const other = { ...upload, Key: newKey() };
      await expect(putPart(other, 1, "12345")).rejects.toMatchObject({ name: "NoSuchUpload" });
      await expect(abort(other)).rejects.toMatchObject({ name: "NoSuchUpload" });
      await abort(upload);
    });

    it("have part numbers from 1 to 10,000", async () => {
      const upload = await begin();
      await expect(putPart(upload, 0, "1")).rejects.toMatchObject({ name: "InvalidArgument" });
      await expect(putPart(upload, 10_001, "1")).rejects.toMatchObject({ name: "InvalidArgument" });
      await expect(putPart(upload, 10_000, "1")).resolves.toMatchObject({ PartNumber: 10_000 });
      await abort(upload);
    });

    it("refuse a part with a wrong checksum", async () => {
      const upload = await begin();
      const wrong = s3().client.send(
        new UploadPartCommand({ ...upload, PartNumber: 1, Body: "12345", ContentMD5: md5("12346").toString("base64") }),
      );
      await expect(wrong).rejects.toMatchObject({ name: "BadDigest" });
      await abort(upload);
    });

    it("with a signed size take parts of exactly that size", async () => {
      const upload = await begin();
      const url = await s3().sign(new UploadPartCommand({ ...upload, PartNumber: 1, ContentLength: 5 }));
      expect(await send("PUT", url, { body: "123456" })).toMatchObject({ status: 403 });
      expect(await send("PUT", url, { body: "12345" })).toMatchObject({ status: 200 });
      await abort(upload);
    });
  });
};
