import { CopyObjectCommand, DeleteObjectCommand } from "@aws-sdk/client-s3";
import { describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { MINUTE_MS, useDrops, type DroppedObject } from "../harness/drops.ts";

/** docs/restoring.md, "Bring back objects", carried out. */
describe("an object that is brought back", () => {
  const local = useDrops({ enforceOneMedia: false });

  const remove = ({ key }: DroppedObject, versionId?: string) =>
    local.s3.send(new DeleteObjectCommand({ Bucket: local.stack.bucketName, Key: key, VersionId: versionId }));
  /** Copies a version onto its own key: a new version, with an event of its own. S3 wants a change where it is the current one. */
  const copyOnto = async ({ key, versionId, sizeBytes }: DroppedObject): Promise<DroppedObject> => {
    const { bucketName: Bucket } = local.stack;
    const CopySource = `${Bucket}/${encodeURIComponent(key)}?versionId=${versionId}`;
    const { VersionId = "" } = await local.s3.send(
      new CopyObjectCommand({ Bucket, Key: key, CopySource, MetadataDirective: "REPLACE" }),
    );
    return { key, versionId: VersionId, sizeBytes };
  };
  /** The object is deleted while it waits for cielo24, and the job is free for other media. */
  const withdraw = async (job: string): Promise<{ object: DroppedObject; marker: string | undefined }> => {
    local.cielo24.faults.add({ action: "*", jobId: job, kind: "away", times: 1_000 });
    const object = await local.drop(job);
    await local.stack.drain();
    const { VersionId: marker } = await remove(object);
    local.cielo24.faults.clear();
    await local.finish();
    expect(await local.row(job)).toMatchObject({ state: "REJECTED", error: { type: "WITHDRAWN" } });
    return { object, marker };
  };

  it("by its delete marker sets nothing off, and is sent once an operator says so", async () => {
    const job = local.newJob();
    const { object, marker } = await withdraw(job);
    await remove(object, marker);
    await local.passWhole(5 * MINUTE_MS);
    expect(local.taken(job)).toEqual([]);
    local.send({ resend: await local.decision(job) });
    await local.finish();
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", media: { versionId: object.versionId } });
    expect(local.taken(job)).toHaveLength(1);
  });

  it("by a copy onto itself is a new version, which a free job takes", async () => {
    const job = local.newJob();
    const { object, marker } = await withdraw(job);
    await remove(object, marker);
    const copy = await copyOnto(object);
    await local.finish();
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", media: { versionId: copy.versionId } });
    expect(local.taken(job)).toHaveLength(1);
  });

  it("in place of a version that overwrote it is on record for a job that has its media, in silence if it is that", async () => {
    const job = local.newJob();
    const first = await local.drop(job);
    await local.finish();
    await local.drop(job, randomBytes(2_000));
    await local.finish();
    expect(local.announced(job)).toEqual(["Media Delivered", "Media Conflict"]);
    await copyOnto(first);
    await local.finish();
    expect(local.announced(job)).toEqual(["Media Delivered", "Media Conflict"]);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", conflictCount: 2, otherMedia: 1 });
    expect(local.taken(job)).toHaveLength(1);
  });
});
