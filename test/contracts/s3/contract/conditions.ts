import { DeleteObjectCommand, GetObjectCommand, HeadObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { describe, expect } from "@jest/globals";
import { newKey, type Suite } from "../suite.ts";
import { send } from "../wire.ts";

const HOUR_MS = 3_600_000;

export const conditionContract = ({ s3, it }: Suite): void => {
  describe("conditions", () => {
    const stored = async () => {
      const object = { Bucket: s3().bucket, Key: newKey() };
      const { ETag = "" } = await s3().client.send(new PutObjectCommand({ ...object, Body: "0123456789" }));
      return { object, etag: ETag };
    };
    const getIf = async (header: string, value: string | ((etag: string) => string)) => {
      const { object, etag } = await stored();
      const url = await s3().sign(new GetObjectCommand(object));
      return send("GET", url, { headers: { [header]: typeof value === "string" ? value : value(etag) } });
    };
    const ownETag = (etag: string) => etag;

    it("If-Match gives the object with that ETag", async () => {
      expect(await getIf("if-match", ownETag)).toMatchObject({ status: 200 });
      expect(await getIf("if-match", '"0123"')).toMatchObject({ status: 412, code: "PreconditionFailed" });
    });

    it("If-Match with a range resumes a read of the same bytes", async () => {
      const { object, etag } = await stored();
      const resume = () => s3().client.send(new GetObjectCommand({ ...object, Range: "bytes=7-", IfMatch: etag }));
      const part = await resume();
      expect(part).toMatchObject({ ContentRange: "bytes 7-9/10", ETag: etag });
      expect(await part.Body?.transformToString()).toBe("789");
      await s3().put(object.Key, "another");
      await expect(resume()).rejects.toMatchObject({ name: "PreconditionFailed" });
    });

    it("If-Match holds for HEAD", async () => {
      const { object, etag } = await stored();
      const head = (IfMatch: string) => s3().client.send(new HeadObjectCommand({ ...object, IfMatch }));
      await expect(head(etag)).resolves.toMatchObject({ ContentLength: 10 });
      await expect(head('"0123"')).rejects.toMatchObject({ $metadata: { httpStatusCode: 412 } });
    });

    it("If-None-Match spares what is known", async () => {
      const known = await getIf("if-none-match", ownETag);
      expect(known).toMatchObject({ status: 304 });
      expect(known.body).toHaveLength(0);
      expect(await getIf("if-none-match", '"0123"')).toMatchObject({ status: 200 });
    });

    it("If-Modified-Since and If-Unmodified-Since compare with Last-Modified", async () => {
      const { object } = await stored();
      const url = await s3().sign(new GetObjectCommand(object));
      const { headers } = await send("GET", url);
      const modified = headers["last-modified"] ?? "";
      const before = new Date(Date.parse(modified) - HOUR_MS).toUTCString();
      const getSince = (header: string, date: string) => send("GET", url, { headers: { [header]: date } });
      expect(await getSince("if-modified-since", modified)).toMatchObject({ status: 304 });
      expect(await getSince("if-modified-since", before)).toMatchObject({ status: 200 });
      expect(await getSince("if-unmodified-since", modified)).toMatchObject({ status: 200 });
      expect(await getSince("if-unmodified-since", before)).toMatchObject({ status: 412 });
    });

    it("If-None-Match: * writes only what is not there", async () => {
      const object = { Bucket: s3().bucket, Key: newKey() };
      const write = (Body: string) => s3().client.send(new PutObjectCommand({ ...object, Body, IfNoneMatch: "*" }));
      await write("first");
      await expect(write("second")).rejects.toMatchObject({ name: "PreconditionFailed" });
      await expect(s3().get(object.Key)).resolves.toBe("first");
    });

    it("If-None-Match: * writes over a delete marker", async () => {
      const object = { Bucket: s3().bucket, Key: newKey() };
      await s3().put(object.Key, "first");
      await s3().remove(object.Key);
      await s3().client.send(new PutObjectCommand({ ...object, Body: "second", IfNoneMatch: "*" }));
      await expect(s3().get(object.Key)).resolves.toBe("second");
    });

    it("If-Match writes over that object alone", async () => {
      const { object, etag } = await stored();
      const put = (IfMatch: string, Key = object.Key) =>
        s3().client.send(new PutObjectCommand({ ...object, Key, Body: "another", IfMatch }));
      await expect(put('"0123"')).rejects.toMatchObject({ name: "PreconditionFailed" });
      await expect(s3().get(object.Key)).resolves.toBe("0123456789");
      await put(etag);
      await expect(s3().get(object.Key)).resolves.toBe("another");
      await expect(put(etag, newKey())).rejects.toMatchObject({ name: "NoSuchKey" });
    });

    it("If-Match deletes that object alone", async () => {
      const { object, etag } = await stored();
      const remove = (IfMatch: string) => s3().client.send(new DeleteObjectCommand({ ...object, IfMatch }));
      await expect(remove('"0123"')).rejects.toMatchObject({ name: "PreconditionFailed" });
      await expect(s3().get(object.Key)).resolves.toBe("0123456789");
      await remove(etag);
      await expect(s3().get(object.Key)).rejects.toMatchObject({ name: "NoSuchKey" });
    });
  });
};
