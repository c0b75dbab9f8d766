import type { S3Event } from "aws-lambda";
import { randomBytes } from "node:crypto";
import type { Bucket, Version } from "./store.ts";

export type CreatedBy = "Put" | "Copy" | "CompleteMultipartUpload";

/** S3's event for a new object, as JSON. Keys are form-encoded: a space is a plus. */
export const makeEvent = (
  bucket: Bucket,
  version: Version,
  by: CreatedBy,
  { region, now }: { region: string; now: number },
): S3Event => ({
  Records: [
    {
      eventVersion: "2.1",
      eventSource: "aws:s3",
      awsRegion: region,
      eventTime: new Date(now).toISOString(),
      eventName: `ObjectCreated:${by}`,
      userIdentity: { principalId: "AWS:LOCAL" },
      requestParameters: { sourceIPAddress: "127.0.0.1" },
      responseElements: {
        "x-amz-request-id": randomBytes(8).toString("hex").toUpperCase(),
        "x-amz-id-2": randomBytes(24).toString("base64"),
      },
      s3: {
        s3SchemaVersion: "1.0",
        configurationId: "media",
        bucket: {
          name: bucket.name,
          ownerIdentity: { principalId: "LOCAL" },
          arn: `arn:aws:s3:::${bucket.name}`,
        },
        object: {
          key: encodeEventKey(version.key),
          size: version.content?.sizeBytes ?? 0,
          eTag: version.etag.replaceAll('"', ""),
          versionId: version.versionId,
          sequencer: bucket.nextSequencer(),
        },
      },
    },
  ],
});

const encodeEventKey = (key: string): string =>
  encodeURIComponent(key)
    .replaceAll("%2F", "/")
    .replaceAll("%20", "+")
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
