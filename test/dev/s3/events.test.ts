import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  HeadObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { createPresignedPost } from "@aws-sdk/s3-presigned-post";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { BUCKET, openSimulator, type OpenSimulator } from "./simulator.ts";

const MINUTE_MS = 60_000;
const ETAG_OF_NOTHING = "d41d8cd98f00b204e9800998ecf8427e";

describe("events of the simulated S3", () => {
  let simulator: OpenSimulator;
  beforeEach(async () => {
    simulator = await openSimulator();
  });
  afterEach(() => simulator.close());

  const records = () => simulator.events.flatMap(({ Records }) => Records);

  it("describe a new object as S3 does", async () => {
    const { VersionId, ETag = "" } = await simulator.put("media/a.mp4", "12345");
    expect(records()).toMatchObject([
      {
        eventVersion: "2.1",
        eventSource: "aws:s3",
        awsRegion: "us-east-1",
        eventTime: new Date(simulator.time.now).toISOString(),
        eventName: "ObjectCreated:Put",
        s3: {
          bucket: { name: BUCKET, arn: `arn:aws:s3:::${BUCKET}` },
          object: { key: "media/a.mp4", size: 5, eTag: ETag.replaceAll('"', ""), versionId: VersionId },
        },
      },
    ]);
  });

  it("encode keys as forms do", async () => {
    const key = "media/a+b c%20d&é(🎬)'*~.mp4";
    await simulator.put(key, "1");
    const encoded = records()[0]?.s3.object.key ?? "";
    expect(encoded).toBe("media/a%2Bb+c%2520d%26%C3%A9%28%F0%9F%8E%AC%29%27%2A~.mp4");
    expect(decodeURIComponent(encoded.replaceAll("+", " "))).toBe(key);
  });

  it("have sequencers that grow", async () => {
    for (const body of ["1", "2", "3"]) await simulator.put("a", body);
    await simulator.client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: "a" }));
    const all = [...simulator.events, ...simulator.removals].flatMap(({ Records }) => Records);
    const sequencers = all.map(({ s3 }) => s3.object.sequencer);
    expect(new Set(sequencers).size).toBe(4);
    expect(sequencers.toSorted()).toEqual(sequencers);
  });

  it("say by what an object was made", async () => {
    await simulator.put("a", "1");
    await simulator.client.send(new CopyObjectCommand({ Bucket: BUCKET, Key: "b", CopySource: `${BUCKET}/a` }));
    const object = { Bucket: BUCKET, Key: "c" };
    const { UploadId } = await simulator.client.send(new CreateMultipartUploadCommand(object));
    const { ETag } = await simulator.client.send(
      new UploadPartCommand({ ...object, UploadId, PartNumber: 1, Body: "12345" }),
    );
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    await simulator.client.send(new CompleteMultipartUploadCommand({ ...object, UploadId, MultipartUpload }));
    expect(records().map(({ eventName, s3 }) => [eventName, s3.object.key, s3.object.size])).toEqual([
      ["ObjectCreated:Put", "a", 1],
      ["ObjectCreated:Copy", "b", 1],
      ["ObjectCreated:CompleteMultipartUpload", "c", 5],
    ]);
  });

  it("say that a browser's form made an object", async () => {
    const { url, fields } = await createPresignedPost(simulator.client, {
      ...{ Bucket: BUCKET, Key: "posted" },
      Fields: { success_action_status: "201" },
    });
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    form.append("file", new Blob(["12345"]), "film.mp4");
    const answer = await fetch(url, { method: "POST", body: form });
    const object = {
      key: "posted",
      size: 5,
      eTag: "827ccb0eea8a706c4c34a16891f84e7b",
      versionId: answer.headers.get("x-amz-version-id"),
    };
    expect(records()).toMatchObject([{ eventName: "ObjectCreated:Post", s3: { object } }]);
  });

  it("have the time at which an upload in parts was completed, though Last-Modified is when it began", async () => {
    const object = { Bucket: BUCKET, Key: "in parts" };
    const began = simulator.time.now;
    const { UploadId } = await simulator.client.send(new CreateMultipartUploadCommand(object));
    simulator.time.now += MINUTE_MS;
    const { ETag } = await simulator.client.send(
      new UploadPartCommand({ ...object, UploadId, PartNumber: 1, Body: "12345" }),
    );
    simulator.time.now += MINUTE_MS;
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    await simulator.client.send(new CompleteMultipartUploadCommand({ ...object, UploadId, MultipartUpload }));
    expect(records().map(({ eventTime }) => eventTime)).toEqual([new Date(began + 2 * MINUTE_MS).toISOString()]);
    const { LastModified } = await simulator.client.send(new HeadObjectCommand(object));
    expect(LastModified?.getTime()).toBe(Math.floor(began / 1000) * 1000);
  });

  it("tell a delete marker from a version that is gone", async () => {
    const object = { Bucket: BUCKET, Key: "a" };
    const { VersionId: first } = await simulator.put("a", "1");
    const { VersionId: marker } = await simulator.client.send(new DeleteObjectCommand(object));
    await simulator.client.send(new DeleteObjectCommand({ ...object, VersionId: first }));
    const Objects = [{ Key: "b" }, { Key: "a", VersionId: marker }];
    await simulator.client.send(new DeleteObjectsCommand({ Bucket: BUCKET, Delete: { Objects } }));
    const removals = simulator.removals.flatMap(({ Records }) => Records);
    expect(removals.map(({ eventName, s3 }) => [eventName, s3.object.key, s3.object.versionId])).toEqual([
      ["ObjectRemoved:DeleteMarkerCreated", "a", marker],
      ["ObjectRemoved:Delete", "a", first],
      ["ObjectRemoved:DeleteMarkerCreated", "b", expect.stringMatching(/./)],
      ["ObjectRemoved:Delete", "a", marker],
    ]);
    expect(removals.map(({ s3 }) => [s3.object.size, s3.object.eTag])).toEqual(
      [ETAG_OF_NOTHING, undefined, ETAG_OF_NOTHING, undefined].map((eTag) => [undefined, eTag]),
    );
  });

  it("are sent of a removal only where something was removed", async () => {
    await simulator.client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: "a", VersionId: "no-such-version" }));
    expect(simulator.removals).toEqual([]);
  });

  it("are sent for what was stored alone", async () => {
    await fetch((await simulator.signPut("a")).replace(/X-Amz-Signature=\w{4}/, "X-Amz-Signature=0000"), {
      method: "PUT",
      body: "1",
    });
    await simulator.client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: "a" }));
    expect(records()).toEqual([]);
  });
});
