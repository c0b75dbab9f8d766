import { ACCOUNT_ERROR_TYPES } from "../../lib/cielo24/api.ts";
import type { Drop } from "./acting.ts";
import type { Performance } from "./play.ts";
import type { Fault } from "./schedule.ts";

/** What can go wrong in a schedule, to check the recorded reasons against it. */

type Said = Pick<Performance, "schedule" | "drops" | "faults">;

/** Whether the schedule makes cielo24 say this at least once. */
const isSaid = ({ schedule }: Said, errorType: string, isMeant: (fault: Cielo24Fault) => boolean = () => true) =>
  schedule.faults.some(
    (fault) =>
      "cielo24" in fault &&
      "body" in fault.cielo24 &&
      fault.cielo24.body.includes(`"${errorType}"`) &&
      isMeant(fault.cielo24),
  );
type Cielo24Fault = Extract<Fault, { cielo24: unknown }>["cielo24"];

const DAY_MS = 24 * 3600 * 1000;

/** Nothing of a call is kept for later, so the caller gets an end that says that nothing was sent. */
const TO_CALLERS: readonly string[] = [
  "CALL_ABANDONED",
  "CIELO24_UNAVAILABLE",
  "CIELO24_LOGIN_INVALID",
  "CIELO24_ACCOUNT_REFUSED",
  "CIELO24_UNINTELLIGIBLE",
];

/** What the look says of such bytes, in whatever way they came. Without an entry, nothing. */
const FOUND_IN: Readonly<Partial<Record<Drop["contents"], string>>> = {
  cutOff: "MEDIA_INCOMPLETE",
  silent: "NO_AUDIO",
  subtitle: "NOT_MEDIA",
  zip: "NOT_MEDIA",
  envelope: "NOT_MEDIA",
};

/** What a look must find in the object, if it can read it. */
export const foundIn = ({ contents, sizeBytes }: Drop): string | undefined =>
  sizeBytes === 0 ? undefined : FOUND_IN[contents];

/**
 * Whether an object or a call may be rejected for this: it is a definite refusal by cielo24, or the object itself
 * cannot be delivered.
 *
 * @param said.drop the object; undefined for a call
 */
export const explainsRejection = (type: string, said: Said & { readonly drop: Drop | undefined }): boolean => {
  const { schedule, drop } = said;
  switch (type) {
    case "EMPTY_OBJECT":
      return drop?.sizeBytes === 0;
    case "OBJECT_GONE":
      return drop?.removedAt !== undefined;
    case "WITHDRAWN":
      return drop !== undefined && drop.markedAt.length > 0;
    case "OBJECT_ARCHIVED":
      return drop?.as === "archived";
    case "FORM_ENVELOPE":
      return drop?.as === "form";
    case "NOT_MEDIA":
    case "MEDIA_INCOMPLETE":
      return schedule.preflight === "enforce" && drop !== undefined && foundIn(drop) === type;
    case "REJECTED_BY_OPERATOR":
      return schedule.decisions.includes("reject");
    case "ITEM_NOT_FOUND":
      // job/info may say so of another account's job; only a day of it is definite.
      return isSaid(said, type, ({ action, forMs = 0 }) => action !== "job/info" || forMs >= DAY_MS || !drop);
    default:
      if (!drop && TO_CALLERS.includes(type)) return true;
      return !ACCOUNT_ERROR_TYPES.has(type) && !(drop && type === "INVALID_URL") && isSaid(said, type);
  }
};

/** Whether such faults hit, or may have. */
export const strikes = ({ schedule, faults }: Said, ...names: ("cielo24" | "chunk" | "aws" | "s3")[]): boolean =>
  faults > 0 && schedule.faults.some((fault) => names.some((name) => name in fault));
const acts = ({ schedule }: Said, ...names: string[]): boolean => schedule.acts.some((act) => names.includes(act.do));

/** Whether a row may wait for this. */
export const explainsWait = (type: string, said: Said): boolean => {
  switch (type) {
    case "CIELO24_UNAVAILABLE":
      return strikes(said, "cielo24", "chunk", "aws") || acts(said, "expireTokens", "rotateSecret");
    case "CIELO24_LOGIN_INVALID":
      return strikes(said, "cielo24", "aws") || acts(said, "rotateSecret");
    case "CIELO24_ACCOUNT_REFUSED":
      return [...ACCOUNT_ERROR_TYPES].some((errorType) => isSaid(said, errorType));
    case "ITEM_NOT_FOUND":
      return isSaid(said, type);
    case "CIELO24_UNINTELLIGIBLE":
      return strikes(said, "cielo24");
    case "STORE_UNAVAILABLE":
      return strikes(said, "s3", "chunk");
    case "OBJECT_ACCESS_REFUSED":
      return said.schedule.faults.some((fault) => "s3" in fault && REFUSALS.includes(fault.s3.kind));
    case "SETTLING":
      return said.schedule.dropSettleS > 0;
    case "MEDIA_INCOMPLETE":
      return said.schedule.preflight === "enforce" && said.drops.some((drop) => foundIn(drop) === type);
    case "MEDIA_URL_REFUSED":
      return said.schedule.handsOver;
    default:
      return false;
  }
};
const REFUSALS: readonly string[] = ["accessDenied", "kmsDisabled"];
