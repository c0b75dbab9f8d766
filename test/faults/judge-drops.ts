import type { Acceptance } from "../../dev/cielo24/jobs.ts";
import type { BusEvent } from "../../dev/stack/event-bus.ts";
import { objectId } from "../../lib/media/key.ts";
import type { Drop } from "./acting.ts";
import { foundIn, strikes } from "./explanations.ts";
import type { Performance } from "./play.ts";
import { AGE_MS } from "./schedule.ts";
import type { Theatre } from "./theatre.ts";

/** What must be true of drops as such: which one of a key is delivered, and what is said of the others. */

const MINUTE_MS = 60_000;
/** From the first version's event on. */
export const LONGEST_SETTLING_MS = 15 * MINUTE_MS;
/** An end is announced by the worker that wrote it, for so long, if clocks agree. */
const ANNOUNCER_MS = 20_000;

export const idOf = ({ key, versionId }: Drop): string => objectId(key, versionId);

interface Case extends Performance {
  readonly accepted: readonly Acceptance[];
  /** The job's events. */
  readonly told: readonly BusEvent[];
  readonly theatre: Theatre;
  /** What the row has, if that was dropped. */
  readonly delivered: Drop | undefined;
}

export const complainOfDrops = (
  theatre: Theatre,
  performance: Performance,
  accepted: readonly Acceptance[],
): string[] => {
  const { jobId, row, drops } = performance;
  const told = theatre.stack.events.filter(({ detail }) => detail["JobId"] === jobId);
  const delivered = row?.state === "DELIVERED" ? drops.find((drop) => idOf(drop) === row.media?.id) : undefined;
  const played = { ...performance, theatre, accepted, told, delivered };
  return [
    ...complainOfVersions(played),
    ...complainOfWithdrawal(played),
    ...complainOfBytes(played),
    ...complainOfBeside(played),
    ...complainOfConflicts(played),
    ...complainOfRepetition(played),
  ];
};

const dropOf = ({ drops }: Performance, versionId: unknown): Drop | undefined =>
  drops.find((drop) => drop.versionId === versionId);

/** On its last day, a message goes on at once. */
const hasAged = ({ schedule }: Performance): boolean =>
  schedule.acts.some((act) => act.do === "rest" && act.minutes * MINUTE_MS >= AGE_MS);

/** A version that was written anew before it had settled, by any clock, is neither sent nor rejected. */
const complainOfVersions = (played: Case): string[] => {
  const { schedule, drops, delivered, told } = played;
  if (hasAged(played) || schedule.decisions.includes("resend")) return [];
  const aheadMs = Math.max(...schedule.clocksAheadS) * 1000;
  const isReplacedInTime = (drop: Drop): boolean => {
    if (drop.isSigned) return false;
    const versions = drops.filter(({ key }) => key === drop.key);
    const settledAt = Math.min(
      drop.at + schedule.dropSettleS * 1000,
      (versions[0]?.at ?? drop.at) + LONGEST_SETTLING_MS,
    );
    return versions
      .slice(versions.indexOf(drop) + 1)
      .some(({ at, removedAt }) => at + aheadMs < settledAt && removedAt === undefined);
  };
  const rejected = told.filter(
    ({ detailType, detail }) => detailType === "Media Rejected" && errorIn(detail) !== "WITHDRAWN",
  );
  const isUnsettled = (drop: Drop | undefined): boolean =>
    drop !== undefined && drop.removedAt === undefined && isReplacedInTime(drop);
  return [
    ...(isUnsettled(delivered) ? ["DELIVERED, and a newer version had come before it settled"] : []),
    ...rejected
      .filter(({ detail }) => isUnsettled(dropOf(played, detail["VersionId"])))
      .map(({ detail }) => `rejected, and a newer version had come before it settled: ${errorIn(detail)}`),
  ];
};

const errorIn = (detail: BusEvent["detail"]): string =>
  ((detail["Error"] ?? {}) as { ErrorType?: string }).ErrorType ?? "unnamed";

/** What was deleted before a byte of the job's left is not delivered, if S3 and the ledger can be asked. */
const complainOfWithdrawal = (played: Case): string[] => {
  const { delivered, schedule, theatre, jobId } = played;
  if (!delivered || schedule.decisions.length > 0 || strikes(played, "s3", "chunk", "aws")) return [];
  const begunAt = Math.min(...theatre.door.offers(jobId).map((offer) => offer.begunAt));
  return delivered.markedAt.some((at) => at < begunAt) ? ["DELIVERED, and it had been deleted before"] : [];
};

/** A look that S3 answers finds what is there; and it is sent or not as the stage says. */
const complainOfBytes = (played: Case): string[] => {
  const { delivered, row, schedule } = played;
  const found = delivered && foundIn(delivered);
  if (!found || schedule.decisions.length > 0 || strikes(played, "s3", "chunk", "aws")) return [];
  const concern = row?.look?.concern?.type;
  if (schedule.preflight === "enforce" && found !== "NO_AUDIO") return [`DELIVERED, and it is ${found}`];
  const expected = schedule.preflight === "off" ? undefined : found;
  return concern === expected ? [] : [`its concern is ${String(concern)} in place of ${String(expected)}`];
};

/** What is no media by its name is never sent and never in the way; somebody hears of it if nothing else comes. */
const complainOfBeside = (played: Case): string[] => {
  const { drops, calls, row, accepted, told, theatre, jobId } = played;
  const media = drops.filter(({ beside }) => !beside);
  const others = drops.filter(({ beside }) => beside);
  const sidecars = others.filter(({ beside }) => beside === "sidecar");
  const ids = others.map(idOf);
  const missing = told.filter(({ detailType }) => detailType === "Media Missing");
  const firstWriteAt = theatre.firstWriteAt(jobId) ?? Infinity;
  const lost: string[] = [];
  const isSent = ({ sizeBytes }: Drop): boolean =>
    accepted.some((each) => each.sizeBytes === sizeBytes) && media.every((each) => each.sizeBytes !== sizeBytes);
  if (others.some(isSent)) lost.push("what is no media by its name was sent");
  if ([row?.media?.id, row?.rejected, row?.conflicts].flat().some((id) => id !== undefined && ids.includes(id)))
    lost.push("what is no media by its name is on the row as media");
  if (told.some(({ detailType, detail }) => detailType !== "Media Missing" && isOneOf(others, detail)))
    lost.push("an event tells of what is no media by its name as if it were");
  if (media.length === 0 && calls.length === 0 && row) lost.push("there is a row without any media");
  for (const { detail } of missing) {
    const sidecar = dropOf(played, detail["VersionId"]);
    if (sidecar?.beside !== "sidecar") lost.push("media is missed for what is no sidecar");
    else if (firstWriteAt < sidecar.at) lost.push("media is missed, and the job had a row");
  }
  const isMarked = sidecars.some((each) => row?.sidecars?.includes(idOf(each)));
  // The queue drops what nobody takes for a week, and no census brings a sidecar back.
  if (sidecars.length > 0 && missing.length === 0 && !isMarked && !hasAged(played))
    lost.push("a sidecar is neither on a row nor missing its media");
  return lost;
};

const isOneOf = (drops: readonly Drop[], detail: BusEvent["detail"]): boolean =>
  drops.some(({ versionId }) => versionId === detail["VersionId"]);

/** Other contents are told of as such; the same ones never are. In doubt, one may say that it is unknown. */
const complainOfConflicts = (played: Case): string[] => {
  const { drops, row, told, schedule } = played;
  const conflicts = told.filter(({ detailType }) => detailType === "Media Conflict");
  const isDoubtful = strikes(played, "s3", "chunk", "aws") || drops.some(({ removedAt }) => removedAt !== undefined);
  const expect = (arrived: Drop, kept: Drop | undefined): string =>
    kept === undefined ? "UNKNOWN" : arrived.sha256 === kept.sha256 ? "SAME" : "OTHER";
  const lost = conflicts.flatMap(({ detail }) => {
    const arrived = dropOf(played, detail["VersionId"]);
    if (!arrived) return ["a conflict with what nobody has dropped"];
    const expected = expect(arrived, dropOf(played, detail["MediaVersionId"]));
    const said = String(detail["Sameness"]);
    return said === expected || (said === "UNKNOWN" && isDoubtful) ? [] : [`${expected} contents, and told ${said}`];
  });
  if (row?.state !== "DELIVERED" || schedule.decisions.length > 0) return lost;
  const kept = drops.find((drop) => idOf(drop) === row.media?.id);
  const silent = drops.filter(
    (drop) =>
      row.conflicts?.includes(idOf(drop)) && expect(drop, kept) !== "SAME" && !conflicts.some(isAbout(drop.versionId)),
  );
  return silent.length > 0 ? [...lost, "nobody was told of other contents"] : lost;
};

const isAbout =
  (versionId: string) =>
  ({ detail }: BusEvent): boolean =>
    detail["VersionId"] === versionId;

/**
 * Where nothing goes wrong and clocks agree, each end is announced once; a person hears again if the media comes again. A
 * caller cannot come back: it announces the rejection that it finds before it claims the job.
 */
const complainOfRepetition = (played: Case): string[] => {
  const { faults, schedule, told } = played;
  const clocks = schedule.clocksAheadS.slice(0, schedule.workers);
  const areApart = (Math.max(...clocks) - Math.min(...clocks)) * 1000 >= ANNOUNCER_MS;
  if (faults > 0 || areApart || hasAged(played) || schedule.acts.some((act) => act.do === "call")) return [];
  const ends = told
    .filter(({ detailType }) => detailType === "Media Delivered" || detailType === "Media Rejected")
    .map(({ detailType, detail }) => `${detailType} ${String(detail["Fence"])}`);
  return new Set(ends).size === ends.length ? [] : ["an end was announced twice"];
};
