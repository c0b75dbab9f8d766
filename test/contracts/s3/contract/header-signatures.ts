import { GetObjectCommand, HeadObjectCommand } from "@aws-sdk/client-s3";
import { describe, expect } from "@jest/globals";
import { signedHeaders } from "../signed-headers.ts";
import { newKey, type Suite } from "../suite.ts";
import { send } from "../wire.ts";
import { sha256 } from "../../../harness/sha256.ts";

const QUARTER_MS = 15 * 60_000;

export const headerSignatureContract = ({ s3, it }: Suite): void => {
  describe("signatures in headers", () => {
    const urlOf = (key: string) => `${s3().endpoint}/${s3().bucket}/${key}`;

    it("of a stranger are refused", async () => {
      const client = s3().newClient({ credentials: { accessKeyId: "AKIDSTRANGER", secretAccessKey: "x" } });
      const answer = client.send(new GetObjectCommand({ Bucket: s3().bucket, Key: newKey() }));
      await expect(answer).rejects.toMatchObject({ name: "InvalidAccessKeyId" });
      client.destroy();
    });

    it("with a wrong secret are refused", async () => {
      const { accessKeyId } = s3().credentials;
      const client = s3().newClient({ credentials: { accessKeyId, secretAccessKey: "guessed" } });
      const answer = client.send(new GetObjectCommand({ Bucket: s3().bucket, Key: newKey() }));
      await expect(answer).rejects.toMatchObject({ name: "SignatureDoesNotMatch" });
      client.destroy();
    });

    it("for another region are refused, and told the right one", async () => {
      const elsewhere = { region: "ap-south-1", credentials: s3().credentials };
      const hash = { "x-amz-content-sha256": sha256("") };
      const url = urlOf(newKey());
      const got = await send("GET", url, { headers: await signedHeaders(elsewhere, "GET", url, hash) });
      expect(got).toMatchObject({ status: 400, code: "AuthorizationHeaderMalformed" });
      expect(got.body.toString()).toContain(`<Region>${s3().region}</Region>`);
    });

    it("for another region are told the right one by HEAD, too", async () => {
      const elsewhere = { region: "ap-south-1", credentials: s3().credentials };
      const hash = { "x-amz-content-sha256": sha256("") };
      const url = `${s3().endpoint}/${s3().bucket}`;
      const head = await send("HEAD", url, { headers: await signedHeaders(elsewhere, "HEAD", url, hash) });
      expect(head).toMatchObject({ status: 400, headers: { "x-amz-bucket-region": s3().region } });
    });

    it("a quarter of an hour off are refused, whichever way", async () => {
      for (const systemClockOffset of [-QUARTER_MS - 60_000, QUARTER_MS + 60_000]) {
        const client = s3().newClient({ systemClockOffset });
        const answer = client.send(new GetObjectCommand({ Bucket: s3().bucket, Key: newKey() }));
        await expect(answer).rejects.toMatchObject({ name: "RequestTimeTooSkewed" });
        client.destroy();
      }
    });

    it("a little less off are taken", async () => {
      const key = newKey();
      await s3().put(key);
      for (const systemClockOffset of [-QUARTER_MS + 60_000, QUARTER_MS - 60_000]) {
        const client = s3().newClient({ systemClockOffset });
        const answer = client.send(new HeadObjectCommand({ Bucket: s3().bucket, Key: key }));
        await expect(answer).resolves.toMatchObject({ ContentLength: key.length });
        client.destroy();
      }
    });

    it("do not cover another method, key, query or header", async () => {
      const key = newKey();
      await s3().put(key);
      const headers = await signedHeaders(s3(), "GET", urlOf(key), { "x-amz-content-sha256": sha256("") });
      expect(await send("GET", urlOf(key), { headers })).toMatchObject({ status: 200 });
      const mismatch = { status: 403, code: "SignatureDoesNotMatch" };
      expect(await send("DELETE", urlOf(key), { headers })).toMatchObject(mismatch);
      expect(await send("GET", urlOf(`${key}0`), { headers })).toMatchObject(mismatch);
      expect(await send("GET", `${urlOf(key)}?response-content-type=text%2Fhtml`, { headers })).toMatchObject(mismatch);
      const later = { ...headers, "x-amz-content-sha256": "UNSIGNED-PAYLOAD" };
      expect(await send("GET", urlOf(key), { headers: later })).toMatchObject(mismatch);
    });

    it("cover every byte of the body where they cover its hash", async () => {
      const key = newKey();
      const headers = await signedHeaders(s3(), "PUT", urlOf(key), { "x-amz-content-sha256": sha256("12345") });
      const answer = await send("PUT", urlOf(key), { headers, body: "12346" });
      expect(answer).toMatchObject({ status: 400, code: "XAmzContentSHA256Mismatch" });
      await expect(s3().get(key)).rejects.toMatchObject({ name: "NoSuchKey" });
      expect(await send("PUT", urlOf(key), { headers, body: "12345" })).toMatchObject({ status: 200 });
      await expect(s3().get(key)).resolves.toBe("12345");
    });

    it("are refused where they cannot be read", async () => {
      const url = urlOf(newKey());
      const headers = await signedHeaders(s3(), "GET", url, { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" });
      headers["authorization"] = "AWS4-HMAC-SHA256 nonsense";
      expect(await send("GET", url, { headers })).toMatchObject({ status: 400, code: "AuthorizationHeaderMalformed" });
    });

    it("are refused where they leave open whether they cover the body", async () => {
      const url = urlOf(newKey());
      const headers = await signedHeaders(s3(), "GET", url, {});
      delete headers["x-amz-content-sha256"];
      expect(await send("GET", url, { headers })).toMatchObject({ status: 400, code: "InvalidRequest" });
    });
  });
};
