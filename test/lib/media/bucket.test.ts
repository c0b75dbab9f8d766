import { DeleteObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { startS3, type S3Simulator } from "../../../dev/s3/server.ts";
import { awsClientOptions } from "../../../lib/aws-client.ts";
import { readAwsEnvironment } from "../../../lib/config.ts";
import { MediaReadError } from "../../../lib/media/body.ts";
import { connectBucket, connectMediaStore } from "../../../lib/media/bucket.ts";
import { createObjectBody } from "../../../lib/media/reading/object-body.ts";
import { until } from "../../harness/until.ts";

const REGION = "us-east-1";
const ACCESS_KEY = { accessKeyId: "AKIDTEST", secretAccessKey: "secret-of-the-test" };
const BUCKET = "media-bucket";
const IDLE_TIMEOUT_MS = 15_000;
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

describe("objects in a bucket", () => {
  let s3: S3Simulator;
  let client: S3Client;
  let env: Record<string, string>;
  let bucket: ReturnType<typeof connectBucket>;
  /** A bucket by another environment or clock. */
  const connect = (other: Record<string, string> = {}, clock = Date.now) =>
    connectBucket({ env: { ...env, ...other }, clock });
  let keys = 0;
  const newKey = () => `media/job/${(keys += 1)}`;

  beforeAll(async () => {
    s3 = await startS3({ region: REGION, accounts: { [ACCESS_KEY.accessKeyId]: ACCESS_KEY.secretAccessKey } });
    s3.createBucket(BUCKET, {});
    env = {
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: ACCESS_KEY.accessKeyId,
      AWS_SECRET_ACCESS_KEY: ACCESS_KEY.secretAccessKey,
      AWS_ENDPOINT_URL_S3: s3.url,
      BUCKET_NAME: BUCKET,
    };
    client = new S3Client(awsClientOptions(readAwsEnvironment(env, "S3")));
    bucket = connect();
  });
  afterEach(() => {
    s3.faults.clear();
  });
  afterAll(async () => {
    client.destroy();
    await s3.close();
  });

  const put = async (key: string, content: string | Uint8Array, contentType = "video/mp4") => {
    const stored = await client.send(
      new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: content, ContentType: contentType }),
    );
    return { key, versionId: stored.VersionId ?? "null", etag: stored.ETag };
  };
  const remove = (key: string, versionId?: string) =>
    client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: key, ...(versionId ? { VersionId: versionId } : {}) }));

  describe("inspected", () => {
    it("are current, with the size and type that the store has", async () => {
      const version = await put(newKey(), "12345");
      await expect(bucket.inspect(version)).resolves.toEqual({
        status: "current",
        sizeBytes: 5,
        contentType: "video/mp4",
        isArchived: false,
      });
    });

    it("are superseded once another version is current; the old one keeps its size", async () => {
      const old = await put(newKey(), "12345");
      const young = await put(old.key, "1234567");
      await expect(bucket.inspect(old)).resolves.toMatchObject({ status: "superseded", sizeBytes: 5 });
      await expect(bucket.inspect(young)).resolves.toMatchObject({ status: "current", sizeBytes: 7 });
    });

    it("are deleted under a delete marker", async () => {
      const version = await put(newKey(), "12345");
      await remove(version.key);
      await expect(bucket.inspect(version)).resolves.toMatchObject({ status: "deleted", sizeBytes: 5 });
    });

    it("are gone when there is no such version", async () => {
      const version = await put(newKey(), "12345");
      await remove(version.key, version.versionId);
      await expect(bucket.inspect(version)).resolves.toEqual({ status: "gone", sizeBytes: 0 });
      await expect(bucket.measure(version)).resolves.toBeUndefined();
    });

    it("are gone when another version took the place of the one that was removed", async () => {
      const version = await put(newKey(), "12345");
      await put(version.key, "other");
      await remove(version.key, version.versionId);
      await expect(bucket.inspect(version)).resolves.toEqual({ status: "gone", sizeBytes: 0 });
    });

    it("are measured in one request while they are current, and in two once they are not", async () => {
      const version = await put(newKey(), "12345");
      const requestsOf = async () => {
        const before = s3.requests.length;
        const { status } = await bucket.inspect(version);
        return [status, s3.requests.length - before];
      };
      expect(await requestsOf()).toEqual(["current", 1]);
      await put(version.key, "other");
      expect(await requestsOf()).toEqual(["superseded", 2]);
    });

    it("are gone when what was pinned is a delete marker", async () => {
      const { key } = await put(newKey(), "12345");
      const { VersionId = "" } = await remove(key);
      const marker = { key, versionId: VersionId };
      await expect(bucket.inspect(marker)).resolves.toEqual({ status: "gone", sizeBytes: 0 });
    });

    it.each([
      ["GLACIER", { storageClass: "GLACIER" }, true],
      ["DEEP_ARCHIVE", { storageClass: "DEEP_ARCHIVE" }, true],
      ["being restored", { storageClass: "GLACIER", restore: "ongoing" }, true],
      ["restored", { storageClass: "GLACIER", restore: "finished" }, false],
      ["put away for want of readers", { storageClass: "INTELLIGENT_TIERING", archiveStatus: "ARCHIVE_ACCESS" }, true],
      ["INTELLIGENT_TIERING", { storageClass: "INTELLIGENT_TIERING" }, false],
      ["GLACIER_IR", { storageClass: "GLACIER_IR" }, false],
      ["STANDARD_IA", { storageClass: "STANDARD_IA" }, false],
    ] as const)("tell whether they would have to be restored first: %s", async (_what, storage, isArchived) => {
      const version = await put(newKey(), "12345");
      s3.setStorage(BUCKET, version.key, storage);
      await expect(bucket.inspect(version)).resolves.toMatchObject({ status: "current", isArchived });
    });

    it("fail with ACCESS_REFUSED where there is no such bucket: nothing is gone", async () => {
      const version = { key: "media/job/x", versionId: "v" };
      await expect(connect({ BUCKET_NAME: "no-such-bucket" }).inspect(version)).rejects.toEqual(
        new MediaReadError("ACCESS_REFUSED", "NoSuchBucket"),
      );
    });

    it("fail with READ_FAILED where nobody can tell whether the bucket is there", async () => {
      const version = await put(newKey(), "12345");
      await remove(version.key, version.versionId);
      s3.faults.add({ operation: "HeadBucket", kind: "internalError", times: 10 });
      await expect(bucket.inspect(version)).rejects.toEqual(new MediaReadError("READ_FAILED"));
    });

    it("fail with ACCESS_REFUSED when the key that they are encrypted with does", async () => {
      const version = await put(newKey(), "12345");
      s3.faults.add({ operation: "HeadObject", kind: "kmsDisabled" });
      await expect(bucket.inspect(version)).rejects.toEqual(new MediaReadError("ACCESS_REFUSED"));
    });

    it("fail with ACCESS_REFUSED when the store refuses us, and say nothing of it", async () => {
      const stranger = connect({ AWS_SECRET_ACCESS_KEY: "wrong" });
      const version = await put(newKey(), "12345");
      const error: unknown = await stranger.inspect(version).catch((caught: unknown) => caught);
      expect(error).toEqual(new MediaReadError("ACCESS_REFUSED"));
      expect(inspect(error, { depth: 10, showHidden: true })).not.toMatch(/AKIDTEST|media-bucket|127\.0\.0\.1/);
    });

    it("are gone on a 403, too, for who reads every object and may not list the bucket", async () => {
      const version = await put(newKey(), "12345");
      const ask = (mayList: boolean) => {
        s3.faults.add({ operation: "HeadObject", kind: "accessDenied" });
        return connectBucket({ env, clock: Date.now }, { mayList }).measure(version);
      };
      await expect(ask(false)).resolves.toBeUndefined();
      await expect(ask(true)).rejects.toEqual(new MediaReadError("ACCESS_REFUSED"));
    });

    it("fail with READ_FAILED when the store cannot be reached", async () => {
      const nowhere = connect({ AWS_ENDPOINT_URL_S3: "http://127.0.0.1:1" });
      const version = { key: "media/job/x", versionId: "v" };
      await expect(nowhere.inspect(version)).rejects.toEqual(new MediaReadError("READ_FAILED"));
    });
  });

  describe("read", () => {
    const content = Buffer.alloc(1_500_000, "0123456789abcdefghi");
    const read = async (
      version: { key: string; versionId: string },
      sizeBytes: number,
      etag?: string,
      idleTimeoutMs = IDLE_TIMEOUT_MS,
      from = bucket,
    ) => {
      const body = createObjectBody({
        sizeBytes,
        etag,
        sign: () => from.sign(version),
        idleTimeoutMs,
        clock: Date.now,
        sleep: () => Promise.resolve(),
      });
      const chunks: Buffer[] = [];
      for await (const chunk of body.read(new AbortController().signal)) chunks.push(Buffer.from(chunk));
      return Buffer.concat(chunks);
    };

    it.each(["plain.mp4", "a b+c%20d%2F.mp4", "ünï 😀.mp4", "a/./b..c/'(x)!*;=&@:$,?#.mp4"])(
      "come back byte by byte, by signed requests, whatever their key: %s",
      async (name) => {
        const version = await put(`media/job/${name}`, content);
        expect(sha256(await read(version, content.length))).toBe(sha256(content));
      },
    );

    it("are the pinned version, superseded or deleted as it may be", async () => {
      const version = await put(newKey(), "first");
      await put(version.key, "other");
      await remove(version.key);
      expect((await read(version, 5)).toString()).toBe("first");
    });

    it("go on after SlowDown, internal errors, resets and premature ends of one read", async () => {
      const { etag, ...version } = await put(newKey(), content);
      s3.faults.add({ operation: "GetObject", times: 2, kind: "slowDown" });
      s3.faults.add({ operation: "GetObject", kind: "resetAfterBytes", atByte: 400_000 });
      s3.faults.add({ operation: "GetObject", kind: "internalError" });
      s3.faults.add({ operation: "GetObject", kind: "truncate", atByte: 700_000 });
      expect(sha256(await read(version, content.length, etag))).toBe(sha256(content));
    });

    const places = [0, content.length / 4, content.length / 2, content.length * 0.99, content.length - 1];
    it.each(places)("go on after a reset at byte %d", async (atByte) => {
      const version = await put(newKey(), content);
      s3.faults.add({ operation: "GetObject", kind: "resetAfterBytes", atByte });
      expect(sha256(await read(version, content.length))).toBe(sha256(content));
    });

    it("go on after a stall", async () => {
      const version = await put(newKey(), content);
      s3.faults.add({ operation: "GetObject", kind: "stallAfterBytes", atByte: 900_000 });
      expect(sha256(await read(version, content.length, undefined, 200))).toBe(sha256(content));
    });

    it.each([
      ["the store refuses us", "accessDenied", "ACCESS_REFUSED", "AccessDenied"],
      ["the key that they are encrypted with does", "kmsDisabled", "ACCESS_REFUSED", "KMS.DisabledException"],
      ["they lie in an archive", "archived", "OBJECT_ARCHIVED", "InvalidObjectState"],
    ] as const)("fail with the store's own code when %s", async (_why, kind, code, storeCode) => {
      const version = await put(newKey(), content);
      s3.faults.add({ operation: "GetObject", kind });
      const error: unknown = await read(version, content.length).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ name: "MediaReadError", code, storeCode });
    });

    it("fail with ACCESS_REFUSED, not as gone, where there is no such bucket", async () => {
      const nowhere = connect({ BUCKET_NAME: "no-such-bucket" });
      const version = { key: "media/job/x", versionId: "v" };
      const reading = read(version, 5, undefined, IDLE_TIMEOUT_MS, nowhere);
      const error: unknown = await reading.catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: "ACCESS_REFUSED", storeCode: "NoSuchBucket" });
    });

    it("fail with OBJECT_GONE when the version was removed", async () => {
      const version = await put(newKey(), "12345");
      await remove(version.key, version.versionId);
      const error: unknown = await read(version, 5).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: "OBJECT_GONE", storeCode: "NoSuchVersion" });
    });

    it("fail with OBJECT_CHANGED when the bytes are not those that were measured", async () => {
      const version = await put(newKey(), "12345");
      await expect(read(version, 6)).rejects.toEqual(new MediaReadError("OBJECT_CHANGED"));
      await expect(read(version, 5, '"another"')).rejects.toEqual(new MediaReadError("OBJECT_CHANGED"));
    });
  });

  describe("as the delivery machine's store", () => {
    it("are inspected and read by what a row knows of them", async () => {
      const store = connectMediaStore({ env, clock: Date.now, sleep: () => Promise.resolve() });
      const { key, versionId } = await put(newKey(), "12345");
      const media = { id: "object:a", kind: "object", key, versionId } as const;
      // The event may have told another size: the object's counts.
      await expect(store.inspect(media)).resolves.toEqual({
        status: "current",
        sizeBytes: 5,
        contentType: "video/mp4",
        isArchived: false,
      });
      const chunks: string[] = [];
      for await (const chunk of store.body(media, 5).read(new AbortController().signal))
        chunks.push(Buffer.from(chunk).toString());
      expect(chunks.join("")).toBe("12345");
    });
  });

  describe("looked at by ranges", () => {
    const content = Buffer.alloc(200_000, "0123456789abcdefghi");
    const store = () => connectMediaStore({ env, clock: Date.now, sleep: () => Promise.resolve() });
    const refOf = async (body: Uint8Array = content) => {
      const { key, versionId } = await put(newKey(), body);
      return { id: "object:a", kind: "object", key, versionId } as const;
    };

    it("come back in one request for each range", async () => {
      const media = await refOf();
      const before = s3.requests.length;
      const bytes = await store().read(media, 5, 25, new AbortController().signal);
      expect(Buffer.from(bytes).toString()).toBe("56789abcdefghi012345");
      expect(s3.requests).toHaveLength(before + 1);
    });

    it.each([
      ["at once", 0],
      ["in its midst", 100],
    ])("are given up as soon as the signal says so, where the response stalls %s", async (_where, atByte) => {
      const media = await refOf();
      s3.faults.add({ operation: "GetObject", kind: "stallAfterBytes", atByte, times: 10 });
      const startedAt = Date.now();
      const reading = store().read(media, 0, 1_000, AbortSignal.timeout(100));
      await expect(reading).rejects.toEqual(new MediaReadError("READ_FAILED"));
      expect(Date.now() - startedAt).toBeLessThan(1_000);
    });

    it("are asked for again after a failure, but not once the signal has said that it is enough", async () => {
      const media = await refOf();
      s3.faults.add({ operation: "GetObject", kind: "slowDown" });
      expect(await store().read(media, 0, 10, new AbortController().signal)).toHaveLength(10);
      s3.faults.add({ operation: "GetObject", kind: "slowDown", times: 10 });
      const ending = new AbortController();
      const before = s3.requests.length;
      const reading = store().read(media, 0, 10, ending.signal);
      await until(() => s3.requests.length > before);
      ending.abort();
      const [asked, abortedAt] = [s3.requests.length, Date.now()];
      await expect(reading).rejects.toEqual(new MediaReadError("READ_FAILED"));
      expect(Date.now() - abortedAt).toBeLessThan(100);
      expect(s3.requests.length).toBe(asked);
    });

    it("fail with ACCESS_REFUSED where the store refuses us", async () => {
      const media = await refOf();
      s3.faults.add({ operation: "GetObject", kind: "accessDenied" });
      const reading = store().read(media, 0, 10, new AbortController().signal);
      await expect(reading).rejects.toEqual(new MediaReadError("ACCESS_REFUSED"));
    });

    it("fail where something in between does not know ranges, without the rest", async () => {
      const sizeBytes = 50 * 1024 * 1024;
      let sentBytes = 0;
      const server = createServer((_request, response) => {
        response.writeHead(200, { "content-length": sizeBytes });
        const more = () => {
          while (sentBytes < sizeBytes && response.write(Buffer.alloc(64 * 1024))) sentBytes += 64 * 1024;
        };
        response.on("drain", more);
        more();
      });
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      const behind = connectBucket({
        env: { ...env, AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}` },
        clock: Date.now,
      });
      const reading = behind.read(
        { id: "object:a", kind: "object", key: "a", versionId: "v" },
        0,
        10,
        new AbortController().signal,
      );
      await expect(reading).rejects.toEqual(new MediaReadError("READ_FAILED"));
      server.closeAllConnections();
      server.close();
      expect(sentBytes).toBeLessThan(sizeBytes / 2);
    });
  });

  describe("asked after their deletion", () => {
    const putRef = async () => {
      const { key, versionId } = await put(newKey(), "12345");
      return { id: "object:a", kind: "object", key, versionId } as const;
    };

    it("are withdrawn under a delete marker, in one request", async () => {
      const media = await putRef();
      const before = s3.requests.length;
      expect(await bucket.isWithdrawn(media)).toBe(false);
      expect(s3.requests).toHaveLength(before + 1);
      await remove(media.key);
      expect(await bucket.isWithdrawn(media)).toBe(true);
    });

    it("are not known to be where S3 fails or refuses", async () => {
      const media = await putRef();
      s3.faults.add({ operation: "HeadObject", kind: "internalError", times: 10 });
      await expect(bucket.isWithdrawn(media)).rejects.toEqual(new MediaReadError("READ_FAILED"));
      s3.faults.clear();
      s3.faults.add({ operation: "HeadObject", kind: "accessDenied" });
      await expect(bucket.isWithdrawn(media)).rejects.toEqual(new MediaReadError("ACCESS_REFUSED"));
    });
  });

  describe("compared", () => {
    it("are neither the same nor others where S3 fails", async () => {
      const [first, second] = [await put(newKey(), "12345"), await put(newKey(), "54321")].map(
        ({ key, versionId }) => ({
          id: `object:${key}`,
          kind: "object" as const,
          key,
          versionId,
        }),
      );
      if (!first || !second) throw new Error("Two were put");
      const compare = () => bucket.compare(first, second, { isCopy: false });
      expect(await compare()).toBe("other");
      s3.faults.add({ operation: "HeadObject", kind: "internalError", times: 10 });
      expect(await compare()).toBe("unknown");
    });
  });

  describe("signed for others", () => {
    it("are read by the URL alone, until it is over", async () => {
      const version = await put(newKey(), "12345");
      const url = await bucket.sign(version);
      const answer = await fetch(url);
      expect([answer.status, answer.headers.get("content-type"), await answer.text()]).toEqual([
        200,
        "video/mp4",
        "12345",
      ]);
      const old = await connect({}, () => Date.now() - 901_000).sign(version);
      expect((await fetch(old)).status).toBe(403);
    });
  });
});
