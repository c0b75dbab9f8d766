import type { Row } from "../../lib/delivery/machine/row.ts";

/**
 * The state as clients see it. FINALIZING shows finer: HANDED_OVER, since cielo24 pulls the media itself and may take its
 * time; UNKNOWN, since an answer was lost and is being looked for.
 */
export const shownState = (row: Row): Row["state"] | "HANDED_OVER" | "UNKNOWN" => {
  if (row.state !== "FINALIZING") return row.state;
  if (row.handOver && row.taskId !== undefined) return "HANDED_OVER";
  return row.everUnknown ? "UNKNOWN" : "FINALIZING";
};

/** Nothing changes any more, unless somebody begins anew. */
export const hasEnded = ({ state }: Row): boolean =>
  state === "DELIVERED" || state === "REJECTED" || state === "NEEDS_REVIEW";

const showDue = ({ notBefore }: Row) =>
  notBefore === undefined ? {} : { NextAttemptAt: new Date(notBefore).toISOString() };

/** The answer of /api/job/delivery: what of a row is the client's business. */
export const showRow = (row: Row) => ({
  JobId: row.jobId,
  State: shownState(row),
  ...(row.taskId === undefined ? {} : { TaskId: row.taskId }),
  ...(row.error ? { Error: { ErrorType: row.error.type, ErrorComment: row.error.comment } } : {}),
  ...(row.waiting
    ? { Waiting: { ErrorType: row.waiting.type, ErrorComment: row.waiting.comment, ...showDue(row) } }
    : {}),
  ...(row.sizeBytes === undefined ? {} : { SizeBytes: row.sizeBytes }),
  SentBytes: row.sentBytes ?? 0,
  Attempts: row.claims ?? row.posts ?? 0,
  UpdatedAt: new Date(row.updatedAt).toISOString(),
});
