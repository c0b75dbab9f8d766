import { GetObjectTaggingCommand, HeadObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { createPresignedPost, type PresignedPostOptions } from "@aws-sdk/s3-presigned-post";
import { describe, expect } from "@jest/globals";
import { createHash } from "node:crypto";
import { signedPolicy } from "../signed-policy.ts";
import { newKey, type Suite } from "../suite.ts";
import { send } from "../wire.ts";

const HOUR_MS = 3_600_000;

type Fields = Readonly<Record<string, string>>;

export const formContract = ({ s3, it }: Suite): void => {
  describe("forms", () => {
    const presign = (Key: string, more: Partial<PresignedPostOptions> = {}, by: S3Client = s3().client) =>
      createPresignedPost(by, { Bucket: s3().bucket, Key, Expires: 300, ...more });

    /** Posts a form as browsers do. */
    const post = async (fields: Fields, file = "12345", name = "film.mp4", after: Fields = {}) => {
      const form = new FormData();
      for (const [field, value] of Object.entries(fields)) form.append(field, value);
      form.append("file", new Blob([file], { type: "text/x-of-the-file" }), name);
      for (const [field, value] of Object.entries(after)) form.append(field, value);
      const url = `${s3().endpoint}/${s3().bucket}`;
      const answer = await fetch(url, { method: "POST", body: form, redirect: "manual" });
      const text = await answer.text();
      return { status: answer.status, headers: answer.headers, text, code: /<Code>(\w+)</.exec(text)?.[1] };
    };
    const head = (Key: string) => s3().client.send(new HeadObjectCommand({ Bucket: s3().bucket, Key }));
    const expectNothing = (key: string) => expect(s3().get(key)).rejects.toMatchObject({ name: "NoSuchKey" });

    it("store their file, and answer with its ETag and version", async () => {
      const key = newKey();
      const { url, fields } = await presign(key);
      expect(url.replace(/\/$/, "")).toBe(`${s3().endpoint}/${s3().bucket}`);
      const answer = await post(fields);
      expect([answer.status, answer.text]).toEqual([204, ""]);
      expect(answer.headers.get("etag")).toBe(`"${createHash("md5").update("12345").digest("hex")}"`);
      await expect(s3().get(key, answer.headers.get("x-amz-version-id") ?? "none")).resolves.toBe("12345");
    });

    it("of several megabytes come back byte for byte", async () => {
      const key = newKey();
      const film = "0123456789abc".repeat(400_000);
      const { fields } = await presign(key);
      expect((await post(fields, film)).status).toBe(204);
      expect((await s3().get(key)) === film).toBe(true);
    });

    it("are answered with the status that they ask for", async () => {
      const answers: [number, boolean][] = [];
      for (const success_action_status of ["200", "201", "204", "418"]) {
        const { fields } = await presign(newKey(), { Fields: { success_action_status } });
        const { status, text } = await post(fields);
        answers.push([status, text.includes("<PostResponse")]);
      }
      expect(answers).toEqual([
        [200, false],
        [201, true],
        [204, false],
        [204, false],
      ]);
    });

    it("say where the file went", async () => {
      const key = newKey("a b");
      const { fields } = await presign(key, { Fields: { success_action_status: "201" } });
      const { text, headers } = await post(fields);
      expect(headers.get("location")).toBe(`${s3().endpoint}/${s3().bucket}/${encodeURIComponent(key)}`);
      for (const [element, value] of [
        ["Bucket", s3().bucket],
        ["Key", key],
        ["Location", headers.get("location")],
      ] as const)
        expect(text).toContain(`<${element}>${value}</${element}>`);
    });

    it("lead on to the page that they name", async () => {
      const key = newKey();
      const { fields } = await presign(key, { Fields: { success_action_redirect: "https://app.example/done?a=1" } });
      const { status, headers } = await post(fields);
      expect(status).toBe(303);
      const { origin, pathname, searchParams } = new URL(headers.get("location") ?? "");
      expect([origin, pathname]).toEqual(["https://app.example", "/done"]);
      expect(Object.fromEntries(searchParams)).toEqual({
        a: "1",
        bucket: s3().bucket,
        key,
        etag: '"827ccb0eea8a706c4c34a16891f84e7b"',
      });
    });

    it("take the file's name into the key", async () => {
      const prefix = newKey("folder");
      const { fields } = await presign(`${prefix}/\${filename}`);
      expect((await post(fields, "12345", "é + film.mp4")).status).toBe(204);
      await expect(s3().get(`${prefix}/é + film.mp4`)).resolves.toBe("12345");
    });

    it("take the file's name without its folders", async () => {
      const prefix = newKey("folder");
      const { fields } = await presign(`${prefix}/\${filename}`);
      for (const [name, content] of [
        ["/films/a.mp4", "1"],
        ["C:\\films\\b.mp4", "2"],
      ] as const)
        expect((await post(fields, content, name)).status).toBe(204);
      await expect(s3().get(`${prefix}/a.mp4`)).resolves.toBe("1");
      await expect(s3().get(`${prefix}/b.mp4`)).resolves.toBe("2");
    });

    it("give the type, metadata, caching and tags of the object", async () => {
      const key = newKey();
      const tagging = "<Tagging><TagSet><Tag><Key>term</Key><Value>autumn</Value></Tag></TagSet></Tagging>";
      const { fields } = await presign(key, {
        Fields: { "Content-Type": "video/mp4", "x-amz-meta-owner": "lecturer-1", "Cache-Control": "no-store", tagging },
      });
      expect((await post(fields)).status).toBe(204);
      await expect(head(key)).resolves.toMatchObject({
        ContentType: "video/mp4",
        Metadata: { owner: "lecturer-1" },
        CacheControl: "no-store",
      });
      const { TagSet } = await s3().client.send(new GetObjectTaggingCommand({ Bucket: s3().bucket, Key: key }));
      expect(TagSet).toEqual([{ Key: "term", Value: "autumn" }]);
    });

    it("without a field for the type are binary, whatever the file's part says", async () => {
      const key = newKey();
      await post((await presign(key)).fields);
      await expect(head(key)).resolves.toMatchObject({ ContentType: "binary/octet-stream" });
    });

    it("count up to their file alone", async () => {
      const key = newKey();
      const { fields } = await presign(key);
      expect((await post(fields, "12345", "film.mp4", { "x-amz-meta-late": "1" })).status).toBe(204);
      expect((await head(key)).Metadata).toEqual({});
    });

    it("may have fields to be ignored beside those that the policy names", async () => {
      const { fields } = await presign(newKey());
      expect((await post({ ...fields, "x-ignore-me": "1" })).status).toBe(204);
    });

    it("are refused with fields that the policy does not name", async () => {
      const key = newKey();
      const { fields } = await presign(key);
      for (const field of ["x-amz-meta-owner", "Content-Type", "success_action_status"])
        expect(await post({ ...fields, [field]: "1" })).toMatchObject({ status: 403, code: "AccessDenied" });
      await expectNothing(key);
    });

    it("are refused with another value than the policy names", async () => {
      const [key, other] = [newKey(), newKey()];
      const { fields } = await presign(key, { Fields: { "Content-Type": "video/mp4" } });
      for (const change of [{ key: other }, { "Content-Type": "text/html" }]) {
        const answer = await post({ ...fields, ...change });
        expect([change, answer.status, answer.code]).toEqual([change, 403, "AccessDenied"]);
      }
      await expectNothing(key);
      await expectNothing(other);
    });

    it("for another bucket are refused", async () => {
      const key = newKey();
      const { fields } = await presign(key, { Bucket: "another-bucket" });
      expect(await post(fields)).toMatchObject({ status: 403, code: "AccessDenied" });
      await expectNothing(key);
    });

    it("are refused without a field that the policy names", async () => {
      const { fields } = await presign(newKey(), { Conditions: [["eq", "$x-amz-meta-owner", "lecturer-1"]] });
      expect(await post(fields)).toMatchObject({ status: 403, code: "AccessDenied" });
    });

    it("hold to how a value must begin", async () => {
      const prefix = newKey("folder");
      const { fields } = await presign(`${prefix}/\${filename}`, {
        Conditions: [["starts-with", "$Content-Type", "video/"]],
      });
      const send = (more: Fields) => post({ ...fields, ...more });
      expect((await send({ key: `${prefix}/a`, "Content-Type": "video/mp4" })).status).toBe(204);
      for (const more of [
        { key: `other-${prefix}/a`, "Content-Type": "video/mp4" },
        { key: `${prefix}/b`, "Content-Type": "text/html" },
      ])
        expect(await send(more)).toMatchObject({ status: 403, code: "AccessDenied" });
      await expectNothing(`${prefix}/b`);
    });

    it("hold to the sizes that the policy allows", async () => {
      const key = newKey();
      const { fields } = await presign(key, { Conditions: [["content-length-range", 3, 5]] });
      expect(await post(fields, "12")).toMatchObject({ status: 400, code: "EntityTooSmall" });
      expect(await post(fields, "123456")).toMatchObject({ status: 400, code: "EntityTooLarge" });
      await expectNothing(key);
      for (const file of ["123", "12345"]) expect((await post(fields, file)).status).toBe(204);
    });

    it("are refused once their policy has expired", async () => {
      const key = newKey();
      const { fields } = await presign(key, { Expires: -1 });
      const answer = await post(fields);
      expect(answer).toMatchObject({ status: 403, code: "AccessDenied" });
      expect(answer.text).toContain("Policy expired");
      await expectNothing(key);
    });

    it("are taken for as long as their policy says, however long ago it was signed", async () => {
      const key = newKey();
      const policy = {
        expiration: new Date(Date.now() + HOUR_MS).toISOString(),
        conditions: [{ bucket: s3().bucket }, { key }],
      };
      const fields = await signedPolicy(s3(), policy, new Date(Date.now() - 2 * HOUR_MS));
      expect((await post({ key, ...fields })).status).toBe(204);
    });

    it("are refused with a policy that cannot be understood", async () => {
      const key = newKey();
      const expiration = new Date(Date.now() + HOUR_MS).toISOString();
      for (const policy of [
        { expiration: "tomorrow", conditions: [{ key }] },
        { expiration, conditions: [["ends-with", "$key", key]] },
        { expiration, conditions: [["content-length-range", 1]] },
        { expiration, conditions: [{ key, bucket: s3().bucket }] },
      ]) {
        const answer = await post({ key, ...(await signedPolicy(s3(), policy)) });
        expect([policy, answer.status, answer.code]).toEqual([policy, 400, "InvalidPolicyDocument"]);
      }
      await expectNothing(key);
    });

    it("are refused where policy or signature was changed", async () => {
      const key = newKey();
      const { fields } = await presign(key);
      const { fields: other } = await presign(key, { Expires: 600 });
      const { Policy: policy = "" } = other;
      for (const change of [{ Policy: policy }, { "X-Amz-Signature": "0".repeat(64) }])
        expect(await post({ ...fields, ...change })).toMatchObject({ status: 403, code: "SignatureDoesNotMatch" });
      await expectNothing(key);
    });

    it("are refused where they were signed with a wrong secret, or by a stranger", async () => {
      const { accessKeyId } = s3().credentials;
      for (const [id, code] of [
        [accessKeyId, "SignatureDoesNotMatch"],
        ["AKIDSTRANGER", "InvalidAccessKeyId"],
      ] as const) {
        const client = s3().newClient({ credentials: { accessKeyId: id, secretAccessKey: "guessed" } });
        expect(await post((await presign(newKey(), {}, client)).fields)).toMatchObject({ status: 403, code });
        client.destroy();
      }
    });

    it("are refused for another region", async () => {
      const client = s3().newClient({ region: "ap-south-1" });
      expect((await post((await presign(newKey(), {}, client)).fields)).status).toBe(400);
      client.destroy();
    });

    it("that nobody signed are refused", async () => {
      const key = newKey();
      expect(await post({ key })).toMatchObject({ status: 403, code: "AccessDenied" });
      await expectNothing(key);
    });

    it("are refused without a key, a file, or a part of the signature", async () => {
      const { fields } = await presign(newKey());
      const without = (name: string) => Object.fromEntries(Object.entries(fields).filter(([each]) => each !== name));
      for (const name of ["key", "Policy", "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Signature"]) {
        const answer = await post(without(name));
        expect([name, answer.status, answer.code]).toEqual([name, 400, "InvalidArgument"]);
      }
      const form = new FormData();
      for (const [field, value] of Object.entries(fields)) form.append(field, value);
      const url = `${s3().endpoint}/${s3().bucket}`;
      expect(await (await fetch(url, { method: "POST", body: form })).text()).toContain("<Code>InvalidArgument</Code>");
    });

    it("must be of a form's type", async () => {
      const url = `${s3().endpoint}/${s3().bucket}`;
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      expect(await send("POST", url, { headers, body: "key=1" })).toMatchObject({
        status: 412,
        code: "PreconditionFailed",
      });
    });

    it("without an end are not stored", async () => {
      const key = newKey();
      const { fields } = await presign(key);
      const part = (name: string, value: string) =>
        `--border\r\nContent-Disposition: form-data; ${name}\r\n\r\n${value}`;
      const body = [
        ...Object.entries(fields).map(([name, value]) => part(`name="${name}"`, `${value}\r\n`)),
        part('name="file"; filename="film.mp4"', "1234"),
      ].join("");
      const url = `${s3().endpoint}/${s3().bucket}`;
      const headers = { "content-type": "multipart/form-data; boundary=border", "content-length": body.length };
      expect((await send("POST", url, { headers, body })).status).toBeGreaterThanOrEqual(400);
      await expectNothing(key);
    });
  });
};
