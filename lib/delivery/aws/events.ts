import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { awsClientOptions } from "../../aws-client.ts";
import { readAwsEnvironment, readConfig } from "../../config.ts";
import type { Runtime } from "../../runtime.ts";
import { uploadIdOf, type MediaRef } from "../../media/key.ts";
import type { Conflict } from "../machine/protocol.ts";
import { hasEnded, showError, showLook, type DeliveryError, type EndState, type Row } from "../machine/row.ts";

const MEDIA_MISSING: DeliveryError = {
  type: "MEDIA_MISSING",
  comment: "Only files that go with media have come for the job, such as subtitles or pictures. Upload the media.",
};

const DETAIL_TYPES: Record<EndState, string> = {
  DELIVERED: "Media Delivered",
  REJECTED: "Media Rejected",
  NEEDS_REVIEW: "Media Needs Review",
};

/** Publishes on the event bus what became of media. At least once: subscribers compare JobId and State. */
export interface EventPublisher {
  /** The end of a row. @throws if the event is not out */
  readonly announce: (row: Row) => Promise<void>;
  /** Media whose delivery goes on by itself, but at a price. @throws if the event is not out */
  readonly announceDelay: (row: Row) => Promise<void>;
  /** An object that came for a job which has its media, or waits for a person. @throws if the event is not out */
  readonly announceConflict: (conflict: Conflict) => Promise<void>;
  /** Files that go with media came for a job, and no media did. @throws if the event is not out */
  readonly announceMissing: (sidecar: { jobId: string; media: MediaRef }) => Promise<void>;
  /** A dropped object whose key names no job. @throws if the event is not out */
  readonly announceQuarantined: (object: { key: string; versionId: string }) => Promise<void>;
}

export const connectEvents = ({ env }: Pick<Runtime, "env">): EventPublisher => {
  const client = new EventBridgeClient(awsClientOptions(readAwsEnvironment(env, "EVENTBRIDGE")));
  const { eventBusName } = readConfig(env, "eventBusName");
  const publish = async (detailType: string, detail: object): Promise<void> => {
    const entry = { EventBusName: eventBusName, Source: "cielo24-proxy", DetailType: detailType };
    const { FailedEntryCount } = await client.send(
      new PutEventsCommand({ Entries: [{ ...entry, Detail: JSON.stringify(detail) }] }),
    );
    if (FailedEntryCount) throw new Error("The event bus refused the event");
  };
  return {
    announce: async (row) => {
      if (!hasEnded(row)) throw new Error(`${row.state} is no end`);
      await publish(DETAIL_TYPES[row.state], {
        JobId: row.jobId,
        State: row.state,
        TaskId: row.taskId,
        Error: row.error && showError(row.error),
        ...showObject(row.media),
        Via: row.media && viaOf(row.media),
        SizeBytes: row.sizeBytes,
        Sha256: row.sha256,
        Attempts: row.claims ?? row.posts,
        MediaId: row.media?.id,
        Fence: row.fence,
        ...showLook(row.look),
      });
    },
    announceDelay: (row) =>
      publish("Media Delayed", {
        JobId: row.jobId,
        State: row.state,
        Reason: row.waiting && showError(row.waiting),
        ...showObject(row.media),
        SizeBytes: row.sizeBytes,
        BytesCarriedInVain: (row.bytesInVain ?? 0) + (row.sentBytes ?? 0),
        Attempts: row.claims,
      }),
    announceConflict: ({ row, media, sizeBytes, sameness }) =>
      publish("Media Conflict", {
        JobId: row.jobId,
        State: row.state,
        ...showObject(media),
        SizeBytes: sizeBytes,
        Sameness: sameness.toUpperCase(),
        MediaKey: row.media?.key,
        MediaVersionId: row.media?.versionId,
      }),
    announceMissing: ({ jobId, media }) =>
      publish("Media Missing", {
        JobId: jobId,
        ...showObject(media),
        Reason: showError(MEDIA_MISSING),
      }),
    announceQuarantined: ({ key, versionId }) => publish("Media Quarantined", showObject({ key, versionId })),
  };
};

/** `SafeKey` is the key percent-encoded, so that it can be put into any text: EventBridge escapes nothing. */
const showObject = ({ key, versionId }: { key?: string; versionId?: string } = {}) => ({
  Key: key,
  SafeKey: key?.replaceAll(/[^A-Za-z0-9._/-]/gu, percentEncode),
  VersionId: versionId,
});

const percentEncode = (character: string): string =>
  Array.from(Buffer.from(character), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");

/** How the media came: by a signed upload or a call, whose client can ask what became of it, or as an operator's drop. */
const viaOf = ({ kind, key = "" }: MediaRef): "UPLOAD" | "CALL" | "DROP" => {
  if (kind !== "object") return "CALL";
  return uploadIdOf(key) === undefined ? "DROP" : "UPLOAD";
};
