import {
  AbortMultipartUploadCommand,
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  type ListMultipartUploadsCommandOutput,
  type ListObjectVersionsCommandOutput,
} from "@aws-sdk/client-s3";
import { decodeEventKey } from "../lib/media/key.ts";
import type { Stage } from "./stage.ts";

/** A version of an object in the media bucket, or a delete marker. */
export interface Version {
  readonly key: string;
  readonly versionId: string;
  readonly isMarker: boolean;
  readonly isLatest: boolean;
  /** 0 of a delete marker. */
  readonly sizeBytes: number;
  /** Ms since the epoch; of an upload in parts, when it was begun. */
  readonly writtenAt: number;
}

/** An upload in parts that has not ended. */
export interface PartialUpload {
  readonly key: string;
  readonly uploadId: string;
}

type Bucket = Pick<Stage, "s3" | "outputs">;

/** As many as S3 deletes in a call. */
const MOST_DELETED = 1000;

/** The versions and delete markers under a prefix, page by page. */
export async function* listVersions({ s3, outputs }: Bucket, prefix: string): AsyncGenerator<Version[]> {
  let after: { readonly KeyMarker?: string | undefined; readonly VersionIdMarker?: string | undefined } = {};
  for (;;) {
    const page: ListObjectVersionsCommandOutput = await s3.send(
      // Keys may hold characters that XML cannot carry.
      new ListObjectVersionsCommand({
        Bucket: outputs.MediaBucketName,
        Prefix: prefix,
        EncodingType: "url",
        ...after,
      }),
    );
    yield [
      ...(page.Versions ?? []).map((each) => ({ ...each, isMarker: false, sizeBytes: each.Size ?? 0 })),
      ...(page.DeleteMarkers ?? []).map((each) => ({ ...each, isMarker: true, sizeBytes: 0 })),
    ].map(({ Key, VersionId = "null", IsLatest = false, LastModified, isMarker, sizeBytes }) => ({
      key: decode(Key),
      versionId: VersionId,
      isMarker,
      isLatest: IsLatest,
      sizeBytes,
      writtenAt: LastModified?.getTime() ?? 0,
    }));
    if (!page.IsTruncated) return;
    after = { KeyMarker: decode(page.NextKeyMarker), VersionIdMarker: page.NextVersionIdMarker };
  }
}

/** The uploads in parts under a prefix that have not ended. */
export const listPartialUploads = async ({ s3, outputs }: Bucket, prefix: string): Promise<PartialUpload[]> => {
  const uploads: PartialUpload[] = [];
  let after: { readonly KeyMarker?: string | undefined; readonly UploadIdMarker?: string | undefined } = {};
  for (;;) {
    const page: ListMultipartUploadsCommandOutput = await s3.send(
      new ListMultipartUploadsCommand({
        Bucket: outputs.MediaBucketName,
        Prefix: prefix,
        EncodingType: "url",
        ...after,
      }),
    );
    for (const { Key, UploadId = "" } of page.Uploads ?? []) uploads.push({ key: decode(Key), uploadId: UploadId });
    if (!page.IsTruncated) return uploads;
    after = { KeyMarker: decode(page.NextKeyMarker), UploadIdMarker: page.NextUploadIdMarker };
  }
};

/** Deletes versions and markers for good. @returns S3's codes for those that it does not delete, by key */
export const deleteVersions = async (
  { s3, outputs }: Bucket,
  versions: readonly Pick<Version, "key" | "versionId">[],
): Promise<ReadonlyMap<string, string>> => {
  const refused = new Map<string, string>();
  for (let at = 0; at < versions.length; at += MOST_DELETED) {
    const Objects = versions
      .slice(at, at + MOST_DELETED)
      .map(({ key, versionId }) => ({ Key: key, VersionId: versionId }));
    const { Errors = [] } = await s3.send(
      new DeleteObjectsCommand({ Bucket: outputs.MediaBucketName, Delete: { Objects, Quiet: true } }),
    );
    for (const { Key = "", Code = "unknown" } of Errors) refused.set(Key, Code);
  }
  return refused;
};

/** Ends an upload in parts, and deletes its parts. One that has ended meanwhile is no error. */
export const abortUpload = async ({ s3, outputs }: Bucket, { key, uploadId }: PartialUpload): Promise<void> => {
  const command = new AbortMultipartUploadCommand({ Bucket: outputs.MediaBucketName, Key: key, UploadId: uploadId });
  await s3.send(command).catch((error: unknown) => {
    if (!(error instanceof Error && error.name === "NoSuchUpload")) throw error;
  });
};

/** S3 encodes keys in a listing as it does in its events. */
const decode = (key = ""): string => {
  const decoded = decodeEventKey(key);
  if (decoded === undefined) throw new Error("S3 lists a key that cannot be decoded");
  return decoded;
};
