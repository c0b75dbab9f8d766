import { showError, showLook, type Row } from "../delivery/machine/row.ts";

/**
 * The state as clients see it. FINALIZING has finer names: HANDED_OVER, because cielo24 pulls the media itself and may take
 * its time; UNKNOWN, because a response was lost and job/info is asked about it.
 */
export const shownState = (row: Row): Row["state"] | "HANDED_OVER" | "UNKNOWN" => {
  if (row.state !== "FINALIZING") return row.state;
  if (row.handOver && row.taskId !== undefined) return "HANDED_OVER";
  return row.everUnknown ? "UNKNOWN" : "FINALIZING";
};

/** What of a row is the client's business. */
export const showDelivery = (row: Row) => ({
  JobId: row.jobId,
  State: shownState(row),
  TaskId: row.taskId,
  Error: row.error && showError(row.error),
  Waiting: row.waiting && { ...showError(row.waiting), NextAttemptAt: showTime(row.notBefore) },
  ...showLook(row.look),
  OtherMedia: row.otherMedia,
  Sidecars: row.sidecars?.length,
  SizeBytes: row.sizeBytes,
  SentBytes: row.sentBytes ?? 0,
  Attempts: row.claims ?? row.posts ?? 0,
  UpdatedAt: showTime(row.updatedAt),
});

const showTime = (ms?: number) => (ms === undefined ? undefined : new Date(ms).toISOString());
