import type { Row } from "../../lib/delivery/row.ts";
import { objectId } from "../../lib/media/key.ts";
import type { Drop } from "./acting.ts";
import type { Performance } from "./play.ts";
import type { Theatre } from "./theatre.ts";

/** What became of a schedule, in the eyes of the acceptance log. */
export interface Verdict {
  readonly end: "delivered" | "rejected" | "needsReview" | "nothing";
  /** Why a person is asked; only with `needsReview`. */
  readonly cause?: string;
  /** Drops without an end on record, ends that nobody was told of, and ends that are not true. */
  readonly lost: readonly string[];
  readonly secondMedia: number;
  readonly secondPostAfterAcceptance: number;
}

/**
 * Whether row and drops have come to an end: every object that is still there is delivered, rejected, a conflict or put
 * before a person, and the row's end is announced.
 */
export const isOver = (row: Row | undefined, drops: readonly Drop[]): boolean =>
  row === undefined
    ? drops.every(({ isCovered }) => isCovered)
    : isEnd(row) &&
      (row.announced === true || row.state === "UPLOADING") &&
      drops.every((drop) => drop.isCovered || hasEnd(row, drop));

/** An operator's "send again" frees a job whose medium only its caller has: nobody owes it anything then. */
const isEnd = ({ state }: Row): boolean => state !== "SENDING" && state !== "FINALIZING";

const hasEnd = ({ media, rejected, conflicts }: Row, { key, versionId }: Drop): boolean => {
  const id = objectId(key, versionId);
  return media?.id === id || [rejected, conflicts].flat().includes(id);
};

export const judge = ({ stack, cielo24, repeatedOffers }: Theatre, performance: Performance): Verdict => {
  const { jobId, row, drops, calls, restless } = performance;
  const accepted = cielo24.acceptances.filter((each) => each.jobId === jobId);
  const [first] = accepted;
  const told = stack.events.filter(({ detail }) => detail["JobId"] === jobId).map(({ detailType }) => detailType);
  const dropOf = (sizeBytes: number | undefined) => drops.find((drop) => drop.sizeBytes === sizeBytes);
  const idOf = (drop: Drop | undefined) => (drop ? objectId(drop.key, drop.versionId) : undefined);
  const acceptedId = idOf(dropOf(first?.sizeBytes));
  const lost: string[] = [];

  if (restless) lost.push(restless);
  if (row && !isEnd(row)) lost.push(`the row is still ${row.state}`);
  if (!isOver(row, drops)) lost.push("an object has no end on record, or the end was not announced");
  if (row && isEnd(row) && !told.includes(EVENT_OF[row.state] ?? "")) lost.push(`nobody was told of ${row.state}`);
  if (row?.state === "DELIVERED" && !first) lost.push("DELIVERED, and nothing was accepted");
  if (row?.state === "DELIVERED" && row.media?.kind === "object" && acceptedId !== row.media.id)
    lost.push("DELIVERED, and another medium was accepted");
  if (row?.sha256 && row.state === "DELIVERED" && first?.via === "body" && first.sha256 !== row.sha256)
    lost.push("DELIVERED, and other bytes were accepted");
  if (first && (row?.state === "REJECTED" || row?.state === "UPLOADING"))
    lost.push(`${row.state}, and a medium was accepted`);
  if (first && !row) lost.push("a medium was accepted, and there is no row");
  if (acceptedId && [row?.rejected, row?.conflicts].flat().includes(acceptedId))
    lost.push("recorded as rejected or as a conflict, and accepted");
  for (const { taskId } of calls)
    if (taskId !== undefined && first?.taskId !== taskId) lost.push("a caller was told a TaskId that is not the job's");
  const cause = row?.state === "NEEDS_REVIEW" ? (row.error?.type ?? "unnamed") : undefined;
  // What failed on the last chance is given up without another question.
  if (first && cause !== undefined && cause !== "GAVE_UP")
    lost.push(`job/info showed the medium, and a person was asked: ${cause}`);
  if (cause !== undefined && !mayAsk(cause, performance)) lost.push(`a person was asked without need: ${cause}`);

  return {
    end: row === undefined ? "nothing" : (END_OF[row.state] ?? "nothing"),
    ...(cause === undefined ? {} : { cause }),
    lost,
    secondMedia: Math.max(accepted.length - 1, 0),
    secondPostAfterAcceptance: repeatedOffers.filter((each) => each === jobId).length,
  };
};

/** Whether something went wrong after which nobody could know, or go on. */
const mayAsk = (cause: string, { faults, schedule }: Performance): boolean => {
  const strikes = (name: "cielo24" | "chunk" | "aws" | "s3") =>
    faults > 0 && schedule.faults.some((fault) => name in fault);
  switch (cause) {
    case "ANSWER_UNKNOWN":
    case "ATTEMPTS_USED_UP":
      // A pull of cielo24's that fails at S3 is not seen here.
      return strikes("chunk") || strikes("cielo24") || strikes("aws") || (schedule.handsOver && strikes("s3"));
    case "GAVE_UP":
      return schedule.acts.some((act) => act.do === "rest" && act.minutes >= GIVES_UP_MIN);
    default:
      // An answer that cielo24's documentation does not know.
      return strikes("cielo24");
  }
};
/** After six days a message is given up. */
const GIVES_UP_MIN = 6 * 24 * 60;

const EVENT_OF: Readonly<Record<string, string>> = {
  DELIVERED: "Media Delivered",
  REJECTED: "Media Rejected",
  NEEDS_REVIEW: "Media Needs Review",
  UPLOADING: "Media Needs Review",
};
const END_OF: Readonly<Record<string, Verdict["end"]>> = {
  DELIVERED: "delivered",
  REJECTED: "rejected",
  NEEDS_REVIEW: "needsReview",
};
