import {
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { describe, expect } from "@jest/globals";
import { createHash } from "node:crypto";
import { newKey, type Suite } from "../suite.ts";
import { send } from "../wire.ts";

const HOUR_MS = 3_600_000;

export const presignedContract = ({ s3, it }: Suite): void => {
  describe("presigned URLs", () => {
    const signPut = (Key: string, more: { ContentLength?: number } = {}) =>
      s3().sign(new PutObjectCommand({ Bucket: s3().bucket, Key, ...more }));
    const signGet = (Key: string, more: { ResponseContentType?: string } = {}) =>
      s3().sign(new GetObjectCommand({ Bucket: s3().bucket, Key, ...more }));
    const signHead = (Key: string) => s3().sign(new HeadObjectCommand({ Bucket: s3().bucket, Key }));

    it("store what is PUT, and give it back with its type, size, ETag and version", async () => {
      const key = newKey();
      const put = await send("PUT", await signPut(key), { headers: { "content-type": "video/mp4" }, body: "12345" });
      expect(put).toMatchObject({
        status: 200,
        headers: { etag: `"${createHash("md5").update("12345").digest("hex")}"` },
      });
      const got = await send("GET", await signGet(key));
      expect(got).toMatchObject({
        status: 200,
        headers: {
          "content-type": "video/mp4",
          "content-length": "5",
          "accept-ranges": "bytes",
          etag: put.headers.etag,
          "x-amz-version-id": put.headers["x-amz-version-id"],
        },
      });
      expect(put.headers["x-amz-version-id"]).toMatch(/./);
      expect(got.headers["last-modified"]).toMatch(/ GMT$/);
      expect(got.body.toString()).toBe("12345");
    });

    it("work with fetch as a browser would use them", async () => {
      const key = newKey();
      const put = await fetch(await signPut(key), { method: "PUT", body: new Blob(["12345"], { type: "audio/mpeg" }) });
      expect(put.status).toBe(200);
      const got = await fetch(await signGet(key));
      expect(got.headers.get("content-type")).toBe("audio/mpeg");
      expect(await got.text()).toBe("12345");
    });

    it("hold no checksum and sign no header that was not asked for", async () => {
      const { searchParams } = new URL(await signPut(newKey()));
      expect(searchParams.get("X-Amz-SignedHeaders")).toBe("host");
      expect([...searchParams.keys()].join(" ")).not.toMatch(/checksum/);
    });

    it("answer HEAD with size and type, and without a body", async () => {
      const key = newKey();
      await s3().put(key, "12345", { ContentType: "video/mp4" });
      const head = await send("HEAD", await signHead(key));
      expect(head).toMatchObject({ status: 200, headers: { "content-length": "5", "content-type": "video/mp4" } });
      expect(head.body).toHaveLength(0);
    });

    it("name the type of the answer where that was signed", async () => {
      const key = newKey();
      await s3().put(key);
      const got = await send("GET", await signGet(key, { ResponseContentType: "text/x-odd; charset=utf-8" }));
      expect(got).toMatchObject({ status: 200, headers: { "content-type": "text/x-odd; charset=utf-8" } });
    });

    it("of a GET are refused with HEAD", async () => {
      const key = newKey();
      await s3().put(key);
      const answer = await send("HEAD", await signGet(key));
      expect(answer).toMatchObject({ status: 403 });
      expect(answer.body).toHaveLength(0);
    });

    it("of a PUT are refused with GET and DELETE", async () => {
      const key = newKey();
      await s3().put(key);
      for (const method of ["GET", "DELETE"])
        expect(await send(method, await signPut(key))).toMatchObject({ status: 403, code: "SignatureDoesNotMatch" });
    });

    it("of one key are refused for another", async () => {
      const key = newKey();
      const url = (await signPut(key)).replace(`/${key}?`, `/${key}0?`);
      expect(await send("PUT", url, { body: "1" })).toMatchObject({ status: 403, code: "SignatureDoesNotMatch" });
    });

    it("may be percent-encoded otherwise than they were when they were signed", async () => {
      const key = newKey("(a)!~");
      await s3().put(key, "12345");
      const url = await signGet(key);
      for (const each of [url.replace("%28a%29%21", "(a)!"), url.replace("~", "%7E"), url.replace("a", "%61")]) {
        expect(each).not.toBe(url);
        expect((await send("GET", each)).body.toString()).toBe("12345");
      }
    });

    it("of one bucket are refused for another", async () => {
      const { bucket } = s3();
      const url = (await signPut(newKey())).replace(`/${bucket}/`, `/another-${bucket}/`);
      expect(await send("PUT", url, { body: "1" })).toMatchObject({ status: 403, code: "SignatureDoesNotMatch" });
    });

    it("of one part are refused for another", async () => {
      const object = { Bucket: s3().bucket, Key: newKey() };
      const { UploadId } = await s3().client.send(new CreateMultipartUploadCommand(object));
      const url = await s3().sign(new UploadPartCommand({ ...object, UploadId, PartNumber: 1 }));
      const answer = await send("PUT", url.replace("partNumber=1", "partNumber=2"), { body: "1" });
      expect(answer).toMatchObject({ status: 403, code: "SignatureDoesNotMatch" });
    });

    it("are refused with a parameter added, changed or taken away", async () => {
      const key = newKey();
      await s3().put(key);
      const url = await signGet(key, { ResponseContentType: "text/plain" });
      const tampered = [
        `${url}&versionId=1`,
        `${url}&response-content-disposition=inline`,
        url.replace("X-Amz-Expires=300", "X-Amz-Expires=3000"),
        url.replace("text%2Fplain", "text%2Fhtml"),
        url.replace("&response-content-type=text%2Fplain", ""),
        url.replace(/X-Amz-Signature=\w{4}/, "X-Amz-Signature=0000"),
      ];
      for (const each of tampered) {
        expect(each).not.toBe(url);
        expect(await send("GET", each)).toMatchObject({ status: 403, code: "SignatureDoesNotMatch" });
      }
    });

    it("with a signed size take exactly that size", async () => {
      const key = newKey();
      const url = await signPut(key, { ContentLength: 5 });
      expect(new URL(url).searchParams.get("X-Amz-SignedHeaders")).toBe("content-length;host");
      for (const body of ["1234", "123456", ""])
        expect(await send("PUT", url, { body })).toMatchObject({ status: 403, code: "SignatureDoesNotMatch" });
      expect(await send("PUT", url, { body: "12345" })).toMatchObject({ status: 200 });
    });

    it("with a signed header are refused without it, and with another value", async () => {
      const key = newKey();
      const url = await s3().sign(new PutObjectCommand({ Bucket: s3().bucket, Key: key, ContentType: "video/mp4" }), {
        signableHeaders: new Set(["content-type", "host"]),
      });
      expect(new URL(url).searchParams.get("X-Amz-SignedHeaders")).toBe("content-type;host");
      expect(await send("PUT", url, { body: "1" })).toMatchObject({ status: 403 });
      const answer = await send("PUT", url, { body: "1", headers: { "content-type": "text/html" } });
      expect(answer).toMatchObject({ status: 403, code: "SignatureDoesNotMatch" });
      const right = await send("PUT", url, { body: "1", headers: { "content-type": "video/mp4" } });
      expect(right).toMatchObject({ status: 200 });
    });

    it("are refused with an x-amz header that was not signed", async () => {
      const headers = { "x-amz-meta-owner": "somebody" };
      const answer = await send("PUT", await signPut(newKey()), { body: "1", headers });
      expect(answer).toMatchObject({ status: 403, code: "AccessDenied" });
    });

    it("are refused for another host", async () => {
      const headers = { host: "s3.example.com" };
      const answer = await send("PUT", await signPut(newKey()), { body: "1", headers });
      expect(answer).toMatchObject({ status: 403, code: "SignatureDoesNotMatch" });
    });

    it("are refused when they were signed by a stranger", async () => {
      const command = new GetObjectCommand({ Bucket: s3().bucket, Key: newKey() });
      for (const accessKeyId of ["AKIDSTRANGER", "constructor"]) {
        const stranger = s3().newClient({ credentials: { accessKeyId, secretAccessKey: "x" } });
        const answer = await send("GET", await s3().sign(command, {}, stranger));
        expect(answer).toMatchObject({ status: 403, code: "InvalidAccessKeyId" });
        stranger.destroy();
      }
    });

    it("are refused when they were signed with a wrong secret", async () => {
      const { accessKeyId } = s3().credentials;
      const impostor = s3().newClient({ credentials: { accessKeyId, secretAccessKey: "guessed" } });
      const url = await s3().sign(new GetObjectCommand({ Bucket: s3().bucket, Key: newKey() }), {}, impostor);
      expect(await send("GET", url)).toMatchObject({ status: 403, code: "SignatureDoesNotMatch" });
      impostor.destroy();
    });

    it("are refused for another region", async () => {
      const elsewhere = s3().newClient({ region: "ap-south-1" });
      const url = await s3().sign(new GetObjectCommand({ Bucket: s3().bucket, Key: newKey() }), {}, elsewhere);
      expect(await send("GET", url)).toMatchObject({ status: 400, code: "AuthorizationQueryParametersError" });
      elsewhere.destroy();
    });

    it("name the file and the caching of the answer where that was signed", async () => {
      const key = newKey();
      await s3().put(key);
      const disposition = 'attachment; filename="lecture 1.mp4"';
      const url = await s3().sign(
        new GetObjectCommand({
          ...{ Bucket: s3().bucket, Key: key },
          ...{ ResponseContentDisposition: disposition, ResponseCacheControl: "no-store" },
        }),
      );
      expect(await send("GET", url)).toMatchObject({
        status: 200,
        headers: { "content-disposition": disposition, "cache-control": "no-store" },
      });
    });

    it("are refused once they have expired", async () => {
      const url = await s3().sign(new PutObjectCommand({ Bucket: s3().bucket, Key: newKey() }), {
        signingDate: new Date(Date.now() - HOUR_MS),
        expiresIn: 3_590,
      });
      const answer = await send("PUT", url, { body: "1" });
      expect(answer).toMatchObject({ status: 403, code: "AccessDenied" });
      expect(answer.body.toString()).toContain("<Message>Request has expired");
    });

    it("are taken until they have expired", async () => {
      const url = await s3().sign(new PutObjectCommand({ Bucket: s3().bucket, Key: newKey() }), {
        signingDate: new Date(Date.now() - HOUR_MS),
        expiresIn: 3_700,
      });
      expect(await send("PUT", url, { body: "1" })).toMatchObject({ status: 200 });
    });

    it("are refused when they were signed in the future", async () => {
      const url = await s3().sign(new GetObjectCommand({ Bucket: s3().bucket, Key: newKey() }), {
        signingDate: new Date(Date.now() + HOUR_MS),
      });
      expect(await send("GET", url)).toMatchObject({ status: 403, code: "AccessDenied" });
    });

    it("are refused when they would live for more than a week", async () => {
      const url = (await signGet(newKey())).replace("X-Amz-Expires=300", "X-Amz-Expires=604801");
      expect(await send("GET", url)).toMatchObject({ status: 400, code: "AuthorizationQueryParametersError" });
    });

    it("are refused when a part of the signature is absent", async () => {
      const url = await signGet(newKey());
      for (const name of ["Algorithm", "Credential", "Date", "SignedHeaders", "Expires"]) {
        const answer = await send("GET", url.replace(new RegExp(`X-Amz-${name}=[^&]*&?`), ""));
        expect([name, answer.status, answer.code]).toEqual([name, 400, "AuthorizationQueryParametersError"]);
      }
    });

    it("that nobody signed are refused", async () => {
      const [url] = (await signGet(newKey())).split("?");
      expect(await send("GET", url ?? "")).toMatchObject({ status: 403, code: "AccessDenied" });
    });
  });
};
