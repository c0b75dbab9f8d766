import { ListObjectVersionsCommand, S3Client } from "@aws-sdk/client-s3";
import type { ScheduledEvent } from "aws-lambda";
import { awsClientOptions } from "../../lib/aws-client.ts";
import { readAwsEnvironment, readConfig } from "../../lib/config.ts";
import { connectMediaQueue } from "../../lib/delivery/aws/queue.ts";
import { connectTable } from "../../lib/delivery/aws/table.ts";
import { connectObservability } from "../../lib/observability.ts";
import { lambdaHandler, type FunctionHandler, type Runtime } from "../../lib/runtime.ts";
import { takeCensus, type CensusReport, type ListedObject } from "./census.ts";
import { decodeEventKey } from "../../lib/media/key.ts";

/** As function.yml schedules it. */
const INTERVAL_MS = 15 * 60_000;

export const build = (runtime: Runtime): FunctionHandler<ScheduledEvent, CensusReport> => {
  const { bucketName } = readConfig(runtime.env, "bucketName");
  const s3 = new S3Client(awsClientOptions(readAwsEnvironment(runtime.env, "S3")));
  const { ledger } = connectTable(runtime);
  const queue = connectMediaQueue(runtime);
  const observability = connectObservability(runtime, "census");
  return (_event, context) =>
    takeCensus({
      ledger,
      queue,
      listObjects: () => listCurrentObjects(s3, bucketName),
      countMessages: () => queue.countMessages(),
      bucketName,
      observability: observability.with({ requestId: context.awsRequestId }),
      runtime,
      intervalMs: INTERVAL_MS,
    });
};

export const handler = lambdaHandler(build);

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
const decode = (key: string): string => {
  const decoded = decodeEventKey(key);
  if (decoded === undefined) throw new Error("S3 lists a key that cannot be decoded");
  return decoded;
};
