import { PutEventsCommand, type EventBridgeClient } from "@aws-sdk/client-eventbridge";
import type { Row } from "../machine/row.ts";

const DETAIL_TYPES = {
  DELIVERED: "Media Delivered",
  REJECTED: "Media Rejected",
  NEEDS_REVIEW: "Media Needs Review",
} as const;

/** Publishes what became of drops on the event bus. At least once: subscribers compare JobId and State. */
export const createEventPublisher = (client: EventBridgeClient, eventBusName: string) => {
  const publish = async (detailType: string, detail: Record<string, unknown>): Promise<void> => {
    const { FailedEntryCount } = await client.send(
      new PutEventsCommand({
        Entries: [
          {
            EventBusName: eventBusName,
            Source: "cielo24-proxy",
            DetailType: detailType,
            Detail: JSON.stringify(detail),
          },
        ],
      }),
    );
    if (FailedEntryCount) throw new Error("The event bus refused the event");
  };
  return {
    /** @throws when the event is not out */
    announce: (row: Row): Promise<void> => {
      if (!(row.state in DETAIL_TYPES)) throw new Error(`${row.state} is no end`);
      return publish(DETAIL_TYPES[row.state as keyof typeof DETAIL_TYPES], {
        JobId: row.jobId,
        State: row.state,
        TaskId: row.taskId,
        Error: row.error && { ErrorType: row.error.type, ErrorComment: row.error.comment },
        Key: row.media?.key,
        VersionId: row.media?.versionId,
        SizeBytes: row.sizeBytes,
        Sha256: row.sha256,
        Attempts: row.claims ?? row.posts,
        MediaId: row.media?.id,
        Fence: row.fence,
      });
    },
    /** A medium whose delivery goes on by itself, but at a price. @throws when the event is not out */
    announceDelay: (row: Row): Promise<void> =>
      publish("Media Delayed", {
        JobId: row.jobId,
        State: row.state,
        Reason: row.waiting && { ErrorType: row.waiting.type, ErrorComment: row.waiting.comment },
        Key: row.media?.key,
        VersionId: row.media?.versionId,
        SizeBytes: row.sizeBytes,
        BytesCarriedInVain: (row.bytesInVain ?? 0) + (row.sentBytes ?? 0),
        Attempts: row.claims,
      }),
    /** A dropped object whose key names no job. @throws when the event is not out */
    announceQuarantined: (drop: { key: string; versionId: string }): Promise<void> =>
      publish("Media Quarantined", { Key: drop.key, VersionId: drop.versionId }),
  };
};

export type EventPublisher = ReturnType<typeof createEventPublisher>;
