import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { BUCKET, openSimulator, type OpenSimulator } from "./simulator.ts";

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
    const sequencers = records().map(({ s3 }) => s3.object.sequencer);
    expect(new Set(sequencers).size).toBe(3);
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

  it("are sent for what was stored alone", async () => {
    await fetch((await simulator.signPut("a")).replace(/X-Amz-Signature=\w{4}/, "X-Amz-Signature=0000"), {
      method: "PUT",
      body: "1",
    });
    await simulator.client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: "a" }));
    expect(records()).toEqual([]);
  });
});
