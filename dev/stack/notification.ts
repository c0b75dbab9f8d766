import type { S3Event } from "aws-lambda";
import type { Queue } from "./sqs/queue.ts";

const PREFIX = "media/";

/**
 * The bucket's notification configuration: events of objects under `media/` go to the queue. Returns what takes S3's
 * events. Like S3, it puts a test event into the queue as soon as it is made.
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
