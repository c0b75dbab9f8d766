import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetBucketPolicyCommand,
  GetObjectAclCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectAclCommand,
  RenameObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { createHash } from "node:crypto";
import { once } from "node:events";
import http, { type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { inspect } from "node:util";
import { signedHeaders } from "../../contracts/s3/signed-headers.ts";
import { BUCKET, openSimulator, type OpenSimulator } from "./simulator.ts";

const HOUR_MS = 3_600_000;
const WEEK_S = 604_800;

describe("the simulated S3", () => {
  let simulator: OpenSimulator;
  beforeAll(async () => {
    simulator = await openSimulator();
  });
  afterAll(() => simulator.close());

  const readAll = async (Key: string, Range?: string) => {
    const { Body } = await simulator.client.send(new GetObjectCommand({ Bucket: BUCKET, Key, Range }));
    return Buffer.from((await Body?.transformToByteArray()) ?? []);
  };

  it("lives by the time it is given", async () => {
    await simulator.put("timed", "12345");
    const url = await simulator.signGet("timed", WEEK_S);
    simulator.time.now += WEEK_S * 1000 - HOUR_MS;
    expect((await fetch(url)).status).toBe(200);
    simulator.time.now += HOUR_MS + 1;
    const late = await fetch(url);
    expect([late.status, late.headers.get("date")]).toEqual([403, new Date(simulator.time.now).toUTCString()]);
    simulator.time.now -= WEEK_S * 1000 + 1;
  });

  it("says where an upload in parts went, which clients in browsers insist on", async () => {
    const object = { Bucket: BUCKET, Key: "in parts.mp4" };
    const { UploadId } = await simulator.client.send(new CreateMultipartUploadCommand(object));
    const upload = { ...object, UploadId };
    const { ETag } = await simulator.client.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: "part" }));
    const { Location } = await simulator.client.send(
      new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } }),
    );
    expect(Location).toBe(`${simulator.s3.url}/${BUCKET}/in%20parts.mp4`);
  });

  it("makes virtual objects of any size when they are read", async () => {
    const sizeBytes = 10 * 1024 ** 3;
    simulator.s3.putVirtualObject(BUCKET, "virtual", sizeBytes, 1);
    const end = await readAll("virtual", `bytes=${sizeBytes - 10}-`);
    expect(end).toHaveLength(10);
    await expect(
      simulator.client.send(new GetObjectCommand({ Bucket: BUCKET, Key: "virtual", Range: `bytes=${sizeBytes}-` })),
    ).rejects.toMatchObject({ name: "InvalidRange" });
  });

  it("gives a virtual object the same bytes each time, and other ones for another seed", async () => {
    const sizeBytes = 3_000_000;
    for (const [key, seed] of [
      ["same-1", 1],
      ["same-2", 1],
      ["other", 2],
    ] as const)
      simulator.s3.putVirtualObject(BUCKET, key, sizeBytes, seed);
    const whole = await readAll("same-1");
    expect(whole).toHaveLength(sizeBytes);
    expect((await readAll("same-2")).equals(whole)).toBe(true);
    expect((await readAll("other")).equals(whole)).toBe(false);
    const part = await readAll("same-1", "bytes=1048000-1050000");
    expect(part.equals(whole.subarray(1_048_000, 1_050_001))).toBe(true);
  });

  const headers = async (key: string) => {
    const { headers } = await fetch(await simulator.signHead(key), { method: "HEAD" });
    return ["x-amz-storage-class", "x-amz-restore", "x-amz-archive-status"].map((name) => headers.get(name));
  };

  it("refuses to give what lies in an archive, and gives it again once it is restored", async () => {
    await simulator.put("archived", "12345");
    for (const [storage, shown] of [
      [{ storageClass: "GLACIER" }, ["GLACIER", null, null]],
      [{ storageClass: "GLACIER", restore: "ongoing" }, ["GLACIER", 'ongoing-request="true"', null]],
      [{ storageClass: "DEEP_ARCHIVE" }, ["DEEP_ARCHIVE", null, null]],
      [
        { storageClass: "INTELLIGENT_TIERING", archiveStatus: "DEEP_ARCHIVE_ACCESS" },
        ["INTELLIGENT_TIERING", null, "DEEP_ARCHIVE_ACCESS"],
      ],
    ] as const) {
      simulator.s3.setStorage(BUCKET, "archived", storage);
      await expect(readAll("archived")).rejects.toMatchObject({ name: "InvalidObjectState" });
      expect(await headers("archived")).toEqual(shown);
    }
    simulator.s3.setStorage(BUCKET, "archived", { storageClass: "GLACIER", restore: "finished" });
    expect((await readAll("archived")).toString()).toBe("12345");
    expect(await headers("archived")).toEqual(["GLACIER", expect.stringMatching(/^ongoing-request="false"/), null]);
  });

  it("keeps bodies that are too large for memory", async () => {
    const body = Buffer.alloc(5_000_000, "0123456789abc");
    const { ETag } = await simulator.put("large", body);
    expect(ETag).toBe(`"${createHash("md5").update(body).digest("hex")}"`);
    expect((await readAll("large")).equals(body)).toBe(true);
    expect((await readAll("large", "bytes=1048570-1048580")).equals(body.subarray(1_048_570, 1_048_581))).toBe(true);
  });

  it("takes the bucket from the host's name, too", async () => {
    await simulator.put("by-host", "12345");
    const host = `${BUCKET}.localhost:${simulator.s3.port}`;
    const account = {
      region: "us-east-1",
      credentials: { accessKeyId: "AKIDTEST", secretAccessKey: "secret-of-the-test" },
    };
    const url = `http://${host}/by-host`;
    const headers = await signedHeaders(account, "GET", url, { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" });
    const request = http.get({ host: "127.0.0.1", port: simulator.s3.port, path: "/by-host", headers, agent: false });
    const [response] = (await once(request, "response")) as [IncomingMessage];
    expect(response.statusCode).toBe(200);
    response.resume();
    await once(response, "end");
  });

  it("refuses more than five gibibytes before they are sent", async () => {
    const url = new URL(await simulator.signPut("huge"));
    const headers = { "content-length": 5 * 1024 ** 3 + 1 };
    const { port, pathname, search } = url;
    const request = http.request({ method: "PUT", host: "127.0.0.1", port, path: pathname + search, headers });
    request.flushHeaders();
    const [response] = (await once(request, "response")) as [IncomingMessage];
    expect(response.statusCode).toBe(400);
    request.destroy();
  });

  it("refuses what it does not simulate", async () => {
    const object = { Bucket: BUCKET, Key: "kept" };
    await simulator.put("kept", "12345");
    const { client } = simulator;
    for (const answer of [
      client.send(new GetBucketPolicyCommand({ Bucket: BUCKET })),
      client.send(new PutBucketTaggingCommand({ Bucket: BUCKET, Tagging: { TagSet: [] } })),
      client.send(new GetObjectAclCommand(object)),
      client.send(new PutObjectAclCommand({ ...object, ACL: "public-read" })),
      client.send(new GetObjectAttributesCommand({ ...object, ObjectAttributes: ["ETag"] })),
      client.send(new RenameObjectCommand({ ...object, RenameSource: `${BUCKET}/kept` })),
    ])
      await expect(answer).rejects.toMatchObject({
        name: "NotImplemented",
        $metadata: { httpStatusCode: 501 },
      });
    expect((await readAll("kept")).toString()).toBe("12345");
  });

  it("refuses what it does not simulate only after the signature", async () => {
    const url = `${simulator.s3.url}/${BUCKET}/kept?acl`;
    expect((await fetch(url, { method: "PUT", body: "1" })).status).toBe(403);
  });

  it("keeps its buckets versioned", async () => {
    const version = (Status: "Enabled" | "Suspended") =>
      simulator.client.send(new PutBucketVersioningCommand({ Bucket: BUCKET, VersioningConfiguration: { Status } }));
    await version("Enabled");
    await expect(version("Suspended")).rejects.toMatchObject({ name: "NotImplemented" });
  });

  it("answers what is no request, and lives on", async () => {
    for (const path of ["/%zz", `/${BUCKET}/%c3%28`, "//", "/?", `/${BUCKET}/a?X-Amz-Signature=%`]) {
      const socket = connect(simulator.s3.port, "127.0.0.1");
      socket.end(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
      const [answer] = (await once(socket, "data")) as [Buffer];
      expect([path, answer.toString().slice(0, 10)]).toEqual([path, expect.stringMatching(/^HTTP\/1\.1 4/)]);
      socket.destroy();
    }
    await expect(simulator.put("after", "1")).resolves.toMatchObject({ ETag: expect.any(String) as unknown });
  });

  it("logs what was asked, without what was signed", async () => {
    await simulator.put("logged", "0123456789");
    const range = { range: "bytes=2-4" };
    const url = await simulator.signGet("logged");
    await (await fetch(url, { headers: range })).text();
    expect(simulator.s3.requests.slice(-2)).toEqual([
      { operation: "PutObject", key: "logged", range: undefined, status: 200, sentBytes: 0 },
      { operation: "GetObject", key: "logged", ...range, status: 206, sentBytes: 3 },
    ]);
    const signature = new URL(url).searchParams.get("X-Amz-Signature") ?? "";
    expect(signature).toMatch(/^[0-9a-f]{64}$/);
    expect(inspect(simulator.s3.requests, { depth: 5, maxArrayLength: null })).not.toContain(signature);
  });
});
