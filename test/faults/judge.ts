import type { Acceptance } from "../../dev/cielo24/jobs.ts";
import { ACCOUNT_ERROR_TYPES } from "../../lib/cielo24/api.ts";
import type { Row } from "../../lib/delivery/machine/row.ts";
import type { Drop } from "./acting.ts";
import { isAnsweredError, type Doubt, type Offer } from "./door.ts";
import { explainsRejection, explainsWait } from "./explanations.ts";
import { complainOfDrops, idOf, LONGEST_SETTLING_MS } from "./judge-drops.ts";
import type { Performance } from "./play.ts";
import { AGE_MS, LEAST_PEACE_MS, SERVER_ERROR_SETTLE_MS } from "./schedule.ts";
import type { Theatre } from "./theatre.ts";

/** What became of a schedule, in the eyes of the acceptance log. */
export interface Verdict {
  readonly end: "delivered" | "rejected" | "needsReview" | "nothing";
  /** Why a person is asked; only with `needsReview`. */
  readonly cause?: string;
  /** Drops without an end on record, ends without an event, and false ends. */
  readonly lost: readonly string[];
  /** Reasons for which a person was asked although it was certain that cielo24 had nothing. */
  readonly givenUpWithoutDoubt: readonly string[];
  readonly secondMedia: number;
  readonly secondPostAfterAcceptance: number;
  /** The price of `resendAfterServerError` if cielo24 shows accepted media later than that assumes. */
  readonly secondMediaLate: number;
  readonly secondPostLate: number;
}

/**
 * Whether row and drops have come to an end: every object that is still there is delivered, rejected, a conflict or put
 * before a person, and the row's end is announced.
 */
export const isOver = (row: Row | undefined, drops: readonly Drop[]): boolean =>
  row === undefined
    ? drops.every(({ isCovered, beside }) => isCovered || beside)
    : isEnd(row) && row.announced === true && drops.every((drop) => drop.isCovered || drop.beside || hasEnd(row, drop));

const isEnd = ({ state }: Row): boolean => state in EVENT_OF;

const hasEnd = ({ media, rejected, conflicts }: Row, drop: Drop): boolean => {
  const id = idOf(drop);
  return media?.id === id || [rejected, conflicts].flat().includes(id);
};

export const judge = (theatre: Theatre, performance: Performance): Verdict => {
  const { jobId, row, reviews } = performance;
  const accepted = theatre.cielo24.acceptances.filter((each) => each.jobId === jobId);
  const [first] = accepted;
  const doubts = theatre.door.doubts(jobId);
  const doubtsBefore = ({ updatedAt }: Row) => doubts.filter(({ at }) => at <= updatedAt + CLOCK_SKEW_MS);
  const attemptsBefore = ({ updatedAt }: Row) =>
    theatre.door.offers(jobId).filter((offer) => isAttempt(offer) && offer.begunAt <= updatedAt + CLOCK_SKEW_MS).length;
  const repeated = theatre.door.offers(jobId).filter(({ isRepeated }) => isRepeated);
  const latePosts = repeated.filter(({ begunAt }) => isPriceOfAssumption(first, begunAt)).length;
  const lateMedia = accepted.slice(1).filter(({ at }) => isPriceOfAssumption(first, at)).length;

  return {
    end: row === undefined ? "nothing" : (END_OF[row.state] ?? "nothing"),
    ...(row?.state === "NEEDS_REVIEW" ? { cause: nameCause(row, doubtsBefore(row), performance) } : {}),
    lost: [
      ...complainOfRecords(theatre, performance, accepted),
      ...complainOfRejections(theatre, performance),
      ...complainOfDrops(theatre, performance, accepted),
      ...complainOfWaits(theatre, performance),
      ...reviews.flatMap((review) =>
        complainOfReview(review, {
          doubts: doubtsBefore(review),
          attempts: attemptsBefore(review),
          performance,
          first,
        }),
      ),
    ],
    givenUpWithoutDoubt: reviews
      .filter((review) => isNeedless(review, doubtsBefore(review), performance))
      .map(({ error }) => error?.type ?? "unnamed"),
    secondMedia: Math.max(accepted.length - 1, 0) - lateMedia,
    secondPostAfterAcceptance: repeated.length - latePosts,
    secondMediaLate: lateMedia,
    secondPostLate: latePosts,
  };
};

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Instances' clocks are ahead by so much at most. */
const CLOCK_SKEW_MS = 5 * MINUTE_MS;
/** Between the question whether there is media, and a POST's last byte. */
const LONGEST_POST_MS = 15 * MINUTE_MS;

const EVENT_OF: Readonly<Record<string, string>> = {
  DELIVERED: "Media Delivered",
  REJECTED: "Media Rejected",
  NEEDS_REVIEW: "Media Needs Review",
};
const END_OF: Readonly<Record<string, Verdict["end"]>> = {
  DELIVERED: "delivered",
  REJECTED: "rejected",
  NEEDS_REVIEW: "needsReview",
};

const complainOfRecords = (
  { stack }: Theatre,
  { jobId, row, drops, calls, restless }: Performance,
  accepted: readonly Acceptance[],
): string[] => {
  const [first] = accepted;
  const told = stack.events.filter(({ detail }) => detail["JobId"] === jobId).map(({ detailType }) => detailType);
  // Copies of one another cannot be told apart.
  const acceptedIds = drops.filter(({ sizeBytes }) => sizeBytes === first?.sizeBytes).map(idOf);
  const lost: string[] = [];
  if (restless) lost.push(restless);
  if (row && !isEnd(row)) lost.push(`the row is still ${row.state}`);
  if (!isOver(row, drops)) lost.push("an object has no end on record, or the end was not announced");
  if (row && isEnd(row) && !told.includes(EVENT_OF[row.state] ?? "")) lost.push(`nobody was told of ${row.state}`);
  if (row?.state === "DELIVERED" && !first) lost.push("DELIVERED, and nothing was accepted");
  if (row?.state === "DELIVERED" && row.media?.kind === "object" && !acceptedIds.includes(row.media.id))
    lost.push("DELIVERED, and another medium was accepted");
  if (row?.sha256 && row.state === "DELIVERED" && first?.via === "body" && first.sha256 !== row.sha256)
    lost.push("DELIVERED, and other bytes were accepted");
  if (first && row?.state === "REJECTED") lost.push("REJECTED, and a medium was accepted");
  if (first && !row) lost.push("a medium was accepted, and there is no row");
  const surplus = [row?.rejected, row?.conflicts].flat();
  if (acceptedIds.length > 0 && acceptedIds.every((id) => surplus.includes(id)))
    lost.push("recorded as rejected or as a conflict, and accepted");
  for (const { taskId } of calls)
    if (taskId !== undefined && first?.taskId !== taskId) lost.push("a caller was told a TaskId that is not the job's");
  return lost;
};

/** Checks all rejections by their events, since the row keeps only the reason of the last. */
const complainOfRejections = ({ stack }: Theatre, performance: Performance): string[] =>
  stack.events
    .filter(({ detailType, detail }) => detailType === "Media Rejected" && detail["JobId"] === performance.jobId)
    .flatMap(({ detail }) => {
      const { ErrorType: type = "" } = (detail["Error"] ?? {}) as { ErrorType?: string };
      const drop = performance.drops.find(({ versionId }) => versionId === detail["VersionId"]);
      if (!drop && detail["Key"] !== undefined) return ["an object was rejected that nobody has dropped"];
      return explainsRejection(type, { ...performance, drop }) ? [] : [`rejected without a definite no: ${type}`];
    });

/** A postponed row has to say what it waits for. */
const complainOfWaits = ({ parkings }: Theatre, performance: Performance): string[] => {
  const waits = parkings.filter(({ jobId, state, at, notBefore }) => {
    const isAtOnce = notBefore <= at + CLOCK_SKEW_MS + MINUTE_MS;
    return jobId === performance.jobId && state === "SENDING" && !isAtOnce;
  });
  const silent = waits.filter(({ waiting }) => waiting === undefined);
  const minutes = Math.round(Math.max(...silent.map(({ at, notBefore }) => notBefore - at)) / MINUTE_MS);
  const untrue = new Set(
    waits.flatMap(({ waiting }) => (waiting === undefined || explainsWait(waiting, performance) ? [] : [waiting])),
  );
  const isEndless = waits.some(
    ({ at, notBefore, waiting }) => waiting === "SETTLING" && notBefore - at > LONGEST_SETTLING_MS + CLOCK_SKEW_MS,
  );
  return [
    ...(silent.length > 0 ? [`waits for up to ${minutes} minutes without saying why`] : []),
    ...(isEndless ? ["waits for newer versions for too long"] : []),
    ...[...untrue].map((waiting) => `waits for what is not the matter: ${waiting}`),
  ];
};

/** Complains if a person was asked although the delivery could have done something else. */
const complainOfReview = (
  { error, updatedAt, media, closed }: Row,
  {
    doubts,
    attempts,
    performance: { schedule, startedAt },
    first,
  }: {
    readonly doubts: readonly Doubt[];
    readonly attempts: number;
    readonly performance: Performance;
    readonly first: Acceptance | undefined;
  },
): string[] => {
  const type = error?.type ?? "unnamed";
  if (closed) return [];
  const hasAged = updatedAt - startedAt >= AGE_MS - CLOCK_SKEW_MS;
  if (type === "GAVE_UP") return hasAged ? [] : ["given up before its time"];
  const complaints: string[] = [];
  if (first && isShownBy(first, updatedAt, schedule.jobInfoLagMin * MINUTE_MS))
    complaints.push(`job/info showed the medium, and a person was asked: ${type}`);
  const resends = type === "ERRORS_BEHIND_MEDIA" ? schedule.resendAfterServerError : schedule.resendAfterUnknown;
  const isOfAttempts = ATTEMPT_TYPES.includes(type) && resends && media?.kind === "object" && !hasAged;
  // An attempt that an instance could not record counts, too, and is not always seen.
  if (isOfAttempts && attempts < MAX_ATTEMPTS && doubts.every(({ offer }) => offer !== undefined))
    complaints.push(`given up after ${attempts} attempts: ${type}`);
  return complaints;
};
const ATTEMPT_TYPES: readonly string[] = ["ANSWER_UNKNOWN", "ERRORS_BEHIND_MEDIA", "ATTEMPTS_USED_UP"];
const MAX_ATTEMPTS = 5;

/** A refusal of the token or the account does not count as an attempt; a refusal after a doubt settles nothing. */
const isAttempt = ({ leftAt, heard }: Offer): boolean =>
  leftAt !== undefined && !(heard?.errorType && OF_THE_ACCOUNT.has(heard.errorType));
const OF_THE_ACCOUNT = new Set([...ACCOUNT_ERROR_TYPES, "BAD_API_TOKEN", "LOGIN_INVALID"]);

/** If media is shown hours late, a person may have been asked meanwhile; an answer may be under way for an hour. */
const isShownBy = ({ at, shownAfterMs }: Acceptance, time: number, lagMs: number): boolean =>
  shownAfterMs === undefined ? at + lagMs <= time : at + shownAfterMs + HOUR_MS <= time;

/**
 * Whether it was certain that nothing had been accepted. Then no POST's last byte and no URL had left an instance for
 * cielo24, except those that cielo24 definitely refused. And no instance was killed, or failed to reach the ledger,
 * between its record that one may leave and its record that none did.
 *
 * Such a drop is given up only by its age. The age may end while something is still wrong, or so soon after it that
 * there was no time to try again.
 */
const isNeedless = (review: Row, doubts: readonly Doubt[], { troubleUntil }: Performance): boolean => {
  if (doubts.length > 0 || review.closed) return false;
  const isAge = review.error?.type === "GAVE_UP" && review.updatedAt - troubleUntil < LEAST_PEACE_MS;
  return !isAge;
};

/** Whether a second POST is the price of `resendAfterServerError`: it waited, and the media was still not shown. */
const isPriceOfAssumption = (first: Acceptance | undefined, at: number): boolean =>
  first?.shownAfterMs !== undefined &&
  first.shownAfterMs > SERVER_ERROR_SETTLE_MS &&
  at >= first.at + SERVER_ERROR_SETTLE_MS &&
  at <= first.at + first.shownAfterMs + LONGEST_POST_MS;

const nameCause = ({ error, closed, media }: Row, doubts: readonly Doubt[], { schedule }: Performance): string => {
  const type = error?.type ?? "unnamed";
  if (closed) return "closed by an operator";
  if (type === "GAVE_UP") return `age ran out: ${/\((\w+)\)/.exec(error?.comment ?? "")?.[1] ?? "unnamed"}`;
  const last = doubts.at(-1);
  if (!last) return `no doubt: ${type}`;
  const isError = last.offer !== undefined && isAnsweredError(last.offer);
  if (media?.kind === "body") return last.cause.replace("the body", "a caller's body");
  if (doubts.length >= MAX_ATTEMPTS)
    return doubts.every(({ offer }) => offer && isAnsweredError(offer))
      ? "answered error five times"
      : `five attempts, the last: ${last.cause}`;
  if (!ATTEMPT_TYPES.includes(type)) return `${last.cause}, then ${type}`;
  return isError && !schedule.resendAfterServerError ? `${last.cause}, and sending again is off` : last.cause;
};
