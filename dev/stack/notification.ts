import type { S3Event } from "aws-lambda";
import type { Queue } from "./sqs/queue.ts";

const PREFIX = "media/";

/**
 * The bucket's notification configuration. Returns a listener for S3's events, which sends those for objects under `media/`
 * to the queue. Like S3, it sends a test event when it is created.
 */
export const createNotification = (
  queue: Queue,
  bucketName: string,
  clock: () => number,
): ((event: S3Event) => void) => {
  queue.send(
    JSON.stringify({
      Service: "Amazon S3",
      Event: "s3:TestEvent",
      Time: new Date(clock()).toISOString(),
      Bucket: bucketName,
      RequestId: "LOCALLOCALLOCAL0",
      HostId: "local",
    }),
  );
  return (event) => {
    const records = event.Records.filter(({ s3 }) => s3.object.key.startsWith(PREFIX));
    if (records.length > 0) queue.send(JSON.stringify({ Records: records }));
  };
};
