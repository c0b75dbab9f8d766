import type { Row } from "../../lib/delivery/machine/row.ts";
import { TICK_MS, type Scenario } from "./scenario.ts";
import { isTimedOut } from "./ends.ts";
import type { World } from "./job-world.ts";

/** What must hold in every state, and over every transition, whatever crashes, repeats or is late. */
export const findViolation = (
  before: World,
  after: World,
  { clockSkewTicks, mixesReleases }: Scenario,
): string | undefined => {
  const skewMs = clockSkewTicks * TICK_MS;
  const { row, accepted, announced } = after;
  if (accepted.length > 1) return "S1: cielo24 took two media for the job";
  // A medium that waits behind another must not be lost if that one is rejected.
  if (isMore(row?.conflicts, before.row?.conflicts) && row?.state !== "DELIVERED" && row?.state !== "NEEDS_REVIEW")
    return "S2: a medium on record as a conflict while another is under way is lost if that one is rejected";
  if (before.row?.state === "FINALIZING" && row?.media?.id !== before.row.media?.id)
    return "S2: a medium that cielo24 may have is forgotten for another";
  if (accepted.length === 0 && row?.state === "DELIVERED") return "S3: DELIVERED, but nothing was accepted";
  if (accepted.length === 0 && announced.some((event) => event.startsWith("DELIVERED")))
    return "S3: announced as delivered, but nothing was accepted";
  const took = (id: string | undefined) => accepted.some(({ mediaId }) => mediaId === id);
  if (row?.rejected?.some(took)) return "S4: a medium on record as rejected was accepted";
  if (row?.conflicts?.some(took)) return "S4: a medium on record as a conflict was accepted";
  if (row?.state === "REJECTED" && took(row.media?.id)) return "S4: the rejected medium was accepted";
  if (announced.some((event) => event.startsWith(REJECTED) && took(event.slice(REJECTED.length))))
    return "S4: a medium announced as rejected was accepted";
  if (before.row?.state === "DELIVERED" && (row?.state !== "DELIVERED" || row.media?.id !== before.row.media?.id))
    return "S5: DELIVERED was overwritten";
  if (after.isMisused) return "S6: an operator's decision was carried out about another state of the row";
  if (after.isMisfiled) return "S8: the index of open rows does not show the row as it is";
  if (before.row?.closed && row?.state !== "NEEDS_REVIEW" && row?.state !== "DELIVERED")
    return "S6: a job that an operator closed for good is open again";
  if (row?.state === "FINALIZING" && row.media && after.cancelled.includes(row.media.id))
    return "S9: what was cancelled is sent without an operator's decision";
  // The last release counted and waited by other rules.
  if (mixesReleases) return undefined;
  if (row?.state === "SENDING" && row.claimId === undefined && (row.posts ?? 0) > after.doubts)
    return "S7: an attempt is counted that nobody is in doubt about";
  if (row && before.row !== row && isClaimed(before.row, row) && after.now + skewMs < timeOf(before.row, row))
    return "S7: a medium is claimed before its time";
  return undefined;
};

/** When the row may be claimed. A newer version need not wait for what an older one has waited for: itself. */
const timeOf = (before: Row | undefined, after: Row): number =>
  before?.settlingSince !== undefined && before.media?.id !== after.media?.id ? 0 : (before?.notBefore ?? 0);

/** Another claim than before. */
const isClaimed = (before: Row | undefined, after: Row): boolean =>
  after.claimId !== undefined && after.claimId !== before?.claimId;

/**
 * Whether the only object cannot have been accepted yet, was not refused, and still has its message: then it has to be
 * delivered, without a person.
 */
export const mustBeDelivered = (world: World, scenario: Scenario): boolean => {
  const { row, accepted, floating, delayed, deadLetters, workers, isRefused, superseded, withdrawn } = world;
  const { budgets, doubts } = world;
  if (budgets.cancels < scenario.budgets.cancels) return false;
  const isQuiet = [accepted, floating, delayed, deadLetters, superseded, withdrawn].every((each) => each.length === 0);
  if (
    scenario.mixesReleases ||
    scenario.objects !== 1 ||
    scenario.budgets.callers > 0 ||
    scenario.budgets.operators > 0
  )
    return false;
  // A row that time to live removed need not be known any more.
  if (scenario.rowsExpire || budgets.lastChances < scenario.budgets.lastChances || isRefused || doubts > 0 || !isQuiet)
    return false;
  if (workers.some(({ sent, memory }) => sent !== undefined || memory.fact !== undefined)) return false;
  if (row === undefined || row.state === "UPLOADING" || isTimedOut(row)) return true;
  return row.state === "SENDING" && !row.everUnknown;
};

/** A step without misfortune that asks a person although the medium has to be delivered. */
export const givesUp = (before: World, after: World, scenario: Scenario): boolean =>
  after.row?.state === "NEEDS_REVIEW" && mustBeDelivered(before, scenario);

const REJECTED = "REJECTED ";

const isMore = (after: readonly string[] = [], before: readonly string[] = []): boolean => after.length > before.length;
