import { ListObjectVersionsCommand, type S3Client } from "@aws-sdk/client-s3";
import { decodeEventKey } from "../../lib/media/key.ts";
import type { ListedObject } from "./census.ts";

/** The current versions under `media/`, page by page, without delete markers. Throws the SDK's errors. */
export async function* listCurrentObjects(client: S3Client, bucketName: string): AsyncGenerator<ListedObject> {
  let markers: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } = {};
  for (;;) {
    const page = await client.send(
      // Keys may hold characters that XML cannot carry.
      new ListObjectVersionsCommand({ Bucket: bucketName, Prefix: "media/", EncodingType: "url", ...markers }),
    );
    for (const { Key, VersionId, IsLatest, Size, LastModified } of page.Versions ?? [])
      if (Key !== undefined && IsLatest)
        yield {
          key: decode(Key),
          versionId: VersionId ?? "null",
          sizeBytes: Size ?? 0,
          writtenAt: LastModified?.getTime() ?? 0,
        };
    if (!page.IsTruncated) return;
    markers = {
      KeyMarker: page.NextKeyMarker && decode(page.NextKeyMarker),
      VersionIdMarker: page.NextVersionIdMarker,
    };
  }
}

/** S3 encodes keys in a listing as it does in its events. */
const decode = (key: string): string => decodeEventKey(key) ?? key;
