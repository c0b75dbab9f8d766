import type { S3Event, S3EventRecord } from "aws-lambda";
import { randomBytes } from "node:crypto";
import { OWNER, type Bucket, type Version } from "./store.ts";

export type EventName =
  | "ObjectCreated:Put"
  | "ObjectCreated:Post"
  | "ObjectCreated:Copy"
  | "ObjectCreated:CompleteMultipartUpload"
  /** A version is gone for good. */
  | "ObjectRemoved:Delete"
  | "ObjectRemoved:DeleteMarkerCreated";

/** A delete marker has the ETag of nothing. */
const MARKER_ETAG = "d41d8cd98f00b204e9800998ecf8427e";

/**
 * S3's event, as JSON. Keys are form-encoded: a space is a plus.
 *
 * Source: Amazon S3 User Guide, "Event message structure".
 *
 * @param version what was stored or removed, or the delete marker
 * @param finishedAt when the request was finished, in milliseconds since the epoch. Last-Modified of an upload in parts
 *   is earlier: when it began.
 */
export const makeEvent = (
  eventName: EventName,
  bucket: Bucket,
  version: Version,
  { region, finishedAt }: { region: string; finishedAt: number },
): S3Event => ({
  Records: [
    {
      eventVersion: "2.1",
      eventSource: "aws:s3",
      awsRegion: region,
      eventTime: new Date(finishedAt).toISOString(),
      eventName,
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
          ownerIdentity: { principalId: OWNER },
          arn: `arn:aws:s3:::${bucket.name}`,
        },
        object: {
          key: encodeEventKey(version.key),
          ...describe(eventName, version),
          versionId: version.versionId,
          sequencer: bucket.nextSequencer(),
        } as S3EventRecord["s3"]["object"],
      },
    },
  ],
});

/** Of what is gone S3 tells neither size nor ETag, though the type says so. */
const describe = (eventName: EventName, { content, etag }: Version): { size?: number; eTag?: string } => {
  if (eventName === "ObjectRemoved:Delete") return {};
  if (eventName === "ObjectRemoved:DeleteMarkerCreated") return { eTag: MARKER_ETAG };
  return { size: content?.sizeBytes ?? 0, eTag: etag.replaceAll('"', "") };
};

const encodeEventKey = (key: string): string =>
  encodeURIComponent(key)
    .replaceAll("%2F", "/")
    .replaceAll("%20", "+")
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
