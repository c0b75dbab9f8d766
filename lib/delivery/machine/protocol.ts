import type { MediaRef, Sameness } from "../../media/key.ts";
import type { Claim, Decision, DeliveryError, Look, Row, Write } from "./row.ts";

/**
 * The words between the delivery machine and its runner: what the machine is started with (`Settings`, `Drop`), what it
 * commands (`Command`), what it is told (`Input`) and what it remembers meanwhile (`Memory`). Look here for the meaning
 * of a field; what follows from an input is in `machine.ts`.
 */

/**
 * Three of these times decide when "no media" from job/info may be believed:
 * S, by how much clocks differ; T, how long after the last byte cielo24 may still accept; D, how long after that job/info
 * may not show it yet.
 */
export interface Settings {
  /** POSTs of the same media with an unknown outcome; after so many a person decides. */
  readonly maxPosts: number;
  readonly maxMediaBytes: number;
  readonly mode: "auto" | "stream" | "url";
  readonly resendAfterUnknown: boolean;
  /** Send again after cielo24 replied to the whole body with an error, and showed no media for `serverErrorSettleMs`. */
  readonly resendAfterServerError: boolean;
  /** T + D after such an error, the first time; longer after each further one. */
  readonly serverErrorSettleMs: number;
  /** How long cielo24 may say that it does not know a job before that is believed. */
  readonly unknownJobMs: number;
  /** How long UPLOADING and REJECTED rows are kept: longer than any version of an object that they speak of. */
  readonly expiryMs: number;
  /** How long an upload may take to arrive once it is signed: longer than a URL lives, and than S3 keeps parts. */
  readonly uploadLifeMs: number;
  /** S. */
  readonly clockSkewMs: number;
  /** T + D. */
  readonly settleMs: number;
  /** A hand-over adds these to T: cielo24 may pull as long as the capability URL lives, and a pull takes its time. */
  readonly capabilityLifetimeMs: number;
  readonly longestPullMs: number;
  /** How long an operator's drop waits for a newer version of its key. */
  readonly dropSettleMs: number;
  /** The same for an operator's drop that is cut off. */
  readonly truncatedPatienceMs: number;
  /** FINALIZING is entered with at least this much time left, and left again untouched with less than half of it. */
  readonly finalizeReserveMs: number;
}

/** What started the worker: a dropped object, an HTTP call, or a message about a row. */
export interface Drop {
  readonly jobId: string;
  /** `queue`: an object was dropped. `caller`: an HTTP call waits. `reconcile`: look after the row. `operator`: decide. */
  readonly role: "queue" | "caller" | "reconcile" | "operator";
  /** The operator's decision; the row must still hold this object at this fence. */
  readonly decision?: OperatorDecision | undefined;
  /** The media to deliver; `reconcile` and `operator` have none and take the row's. */
  readonly media?: MediaRef | undefined;
  /** Only of a caller's body: objects are measured in the bucket. */
  readonly sizeBytes?: number | undefined;
  /** Of an object: when its event happened (ms since the epoch). */
  readonly arrivedAt?: number | undefined;
  /** An operator dropped the object, and may be writing it still: no signed upload's key has two versions. */
  readonly isOperators?: boolean | undefined;
  /** The object was copied within S3. */
  readonly isCopy?: boolean | undefined;
  /** How often the message came, from 1. */
  readonly receiveCount: number;
  /** The queue gives the message up after this: whatever is still open becomes NEEDS_REVIEW. */
  readonly lastChance: boolean;
}

export interface OperatorDecision extends Omit<Decision, "at"> {
  /** The media's id, as rows and events name it. */
  readonly object: string;
}

/** What cielo24 replied to a POST, or to a question. `replies.ts` says what each reply means in which situation. */
export type Reply =
  | { readonly is: "accepted"; readonly taskId: string }
  /** Definite and final: cielo24 does not take this media. */
  | { readonly is: "refused"; readonly error: DeliveryError }
  /** Definite, but about the account: the operator has to mend it, and the media is not at fault. */
  | { readonly is: "accountRefused"; readonly error: DeliveryError }
  | { readonly is: "badToken" }
  | { readonly is: "loginInvalid" }
  /**
   * `isUnsent`: the last chunk, or the URL, never went out, so that nothing can have been accepted.
   * `isAnsweredError`: cielo24 itself replied, with 429, 500, 502, 503 or UNHANDLED_ERROR.
   */
  | {
      readonly is: "unavailable";
      readonly retryAfterMs?: number | undefined;
      readonly isUnsent?: boolean;
      readonly isAnsweredError?: boolean;
    }
  /** A response that the documentation does not know. `isUnsent`: it came before the last chunk, or the URL, went out. */
  | { readonly is: "unintelligible"; readonly error: DeliveryError; readonly isUnsent?: boolean };

/** Why a POST or a question failed. */
export type Failure = Exclude<Reply, { is: "accepted" }>;

/**
 * What the runner does next for the machine; the last two end the run. Some commands say what will probably be wanted next,
 * so that it is under way meanwhile: `ahead`, `connects` and `opens`. Nothing depends on whether the runner heeds that.
 */
export type Command =
  /** `ahead`: meanwhile measure this object and ask job/info. */
  | { readonly do: "read"; readonly ahead?: MediaRef | undefined }
  /** Measure the object and see whether its version is the current one. */
  | ({ readonly do: "inspect"; readonly media: MediaRef } & Question)
  /** Ask job/info, and meanwhile look at the bytes of `look`. */
  | ({ readonly do: "ask"; readonly look?: MeasuredMedia | undefined } & Question)
  /** See whether the object was deleted. */
  | { readonly do: "recheck"; readonly media: MediaRef }
  /** Compare an object that came too late with the media that the job has. */
  | { readonly do: "compare"; readonly row: Row; readonly media: MediaRef }
  | { readonly do: "announceConflict"; readonly conflict: Conflict }
  /**
   * `isCostly`: with this write the media has been sent in vain too often; `row` is the row as written. `opens`: meanwhile
   * begin to read this object.
   */
  | {
      readonly do: "write";
      readonly write: Write;
      readonly isCostly?: true;
      readonly row?: Row;
      readonly opens?: MeasuredMedia | undefined;
    }
  /** Send all but the last chunk, and hold that back. */
  | { readonly do: "stream"; readonly claim: Claim; readonly row: Row }
  /** Send the last chunk. */
  | { readonly do: "finish" }
  /** Give cielo24 a URL: the caller's own, or our capability URL. */
  | { readonly do: "handOver"; readonly row: Row }
  /** Destroy the sockets of the open transfer. */
  | { readonly do: "abort" }
  | { readonly do: "announce"; readonly row: Row }
  | {
      readonly do: "acknowledge";
      readonly reason: AcknowledgeReason;
      readonly row?: Row | undefined;
      readonly error?: DeliveryError | undefined;
      /** To a caller: when cielo24 wants to be asked again. */
      readonly retryAfterMs?: number | undefined;
    }
  | {
      readonly do: "later";
      /** When the message becomes visible again. */
      readonly at: number;
      readonly reason: LaterReason;
      readonly row?: Row | undefined;
      readonly retryAfterMs?: number | undefined;
    };

interface Question {
  /** The answer to the same question that was asked while the row was read will do. */
  readonly wasAhead?: boolean;
  /** A POST is likely: meanwhile open its connection. */
  readonly connects?: boolean;
}

/** An object that came for a job which has its media, or waits for a person. */
export interface Conflict {
  /** The job's. */
  readonly row: Row;
  /** What came. */
  readonly media: MediaRef;
  readonly sizeBytes?: number | undefined;
  /** Whether its bytes are others than those of the job's media. */
  readonly sameness: Exclude<Sameness, "same">;
}

export interface MeasuredMedia {
  readonly media: MediaRef;
  readonly sizeBytes: number;
}

export type AcknowledgeReason =
  | "delivered"
  | "rejected"
  | "needsReview"
  | "conflict"
  | "superseded"
  | "nothingToDo"
  /** An operator's decision about a row that has changed since. */
  | "notMeant"
  /** Only to a caller: nothing was claimed. */
  | "refused"
  | "hasMedia";

export type LaterReason =
  | "underWay"
  /** The row's next step is not due yet. */
  | "notDue"
  | "unavailable"
  | "loginInvalid"
  | "accountRefused"
  | "jobUnknown"
  | "unintelligible"
  | "answerUnknown"
  | "answeredError"
  | "handedOver"
  /** A newer version of the key may come. */
  | "settling"
  | "incomplete"
  | "urlRefused"
  | "ledger"
  | "source"
  | "accessRefused"
  | "tooManyRejected"
  /** A newer release wrote the row, and has to go on with it. */
  | "newerRow"
  | "tooSlow"
  | "noTime"
  | "lostClaim"
  | "unannounced";

/** How a command went. */
export type Outcome =
  | { readonly type: "row"; readonly row: Row | undefined }
  | { readonly type: "unread" }
  | {
      readonly type: "object";
      readonly status: "current" | "superseded" | "deleted" | "gone";
      readonly sizeBytes: number;
      /** The Content-Type that the object was uploaded with. */
      readonly contentType?: string | undefined;
      readonly isArchived?: boolean;
    }
  /** S3 did not say. `storeCode`: its own error code, if it refuses access. */
  | {
      readonly type: "uninspected";
      readonly code: "ACCESS_REFUSED" | "READ_FAILED";
      readonly storeCode?: string | undefined;
    }
  | ({ readonly type: "info"; readonly hasMedia: boolean; readonly askedAt: number } & Looked)
  | { readonly type: "noInfo"; readonly reply: Failure }
  | { readonly type: "checked"; readonly isWithdrawn: boolean }
  /** `superseded`: the object that came is no longer the current version of its key. */
  | { readonly type: "compared"; readonly sameness: Sameness | "superseded"; readonly sizeBytes?: number | undefined }
  | { readonly type: "written" }
  /** The condition did not hold, or it is not known whether it was written. */
  | { readonly type: "unwritten" }
  | { readonly type: "held"; readonly sha256: string }
  /** `sentBytes`: what this POST carried. */
  | { readonly type: "answered"; readonly reply: Reply; readonly sentBytes?: number }
  /** The media cannot be read; nothing was accepted, the sockets are destroyed. */
  | {
      readonly type: "broken";
      readonly code: "OBJECT_GONE" | "OBJECT_CHANGED" | "OBJECT_ARCHIVED" | "ACCESS_REFUSED" | "READ_FAILED";
      readonly storeCode?: string | undefined;
      readonly sentBytes?: number;
    }
  /** At this rate it does not fit into the invocation; nothing was accepted, the sockets are destroyed. */
  | { readonly type: "tooSlow"; readonly sentBytes?: number }
  | { readonly type: "aborted" }
  | { readonly type: "announced" }
  | { readonly type: "unannounced" };

/** What a look at the bytes gave; nothing if it was not asked for, or could not tell. */
export interface Looked {
  readonly look?: Look | undefined;
  /** Why this media should not spend the job. */
  readonly verdict?: DeliveryError | undefined;
}

export type Input = Outcome & {
  readonly now: number;
  /** What is left of the invocation. */
  readonly timeLeftMs: number;
  /** 32 fresh hex characters. */
  readonly random: string;
};

/** What every worker remembers. Without a claim it is a *reader*, which relies on nothing but the row as it read it. */
export interface Reader {
  readonly drop: Drop;
  readonly settings: Settings;
  /** The row as last read or written by this worker. */
  readonly row?: Row | undefined;
  /** The row as it will be if the write under way succeeds. */
  readonly hoped?: Row | undefined;
  readonly sizeBytes?: number | undefined;
  readonly claim?: Claim | undefined;
  readonly look?: Look | undefined;
  /** Why to reject the media once it is claimed, in place of sending it. */
  readonly verdict?: DeliveryError | undefined;
  /** The token was renewed in this run. */
  readonly renewed: boolean;
  /** A 200 with its TaskId, until it is on record. */
  readonly fact?: { readonly taskId: string } | undefined;
  /** When cielo24 wants to be asked again, for a caller to hear. */
  readonly retryAfterMs?: number | undefined;
  readonly nextVisit?: NextVisit | undefined;
  /** Whether an object that came too late holds what the job has. */
  readonly sameness?: Sameness | undefined;
  /** The name under which this worker wrote an end, or tried to; if the row has it, this worker announces the end. */
  readonly announcer?: string | undefined;
  readonly backOutHandsOver: boolean;
  /** It was the message's last chance, so what is still open is put before a person. */
  readonly gaveUp: boolean;
  readonly reads: number;
}

/** A *claimant* is a worker whose claim is in the row. */
export interface Claimant extends Reader {
  readonly row: Row;
  readonly claim: Claim;
  /** What the POST of this run has carried so far. */
  readonly sentBytes?: number | undefined;
  /** Of all bytes but the last chunk, which is sent as well by then. */
  readonly sha256?: string | undefined;
}

/** When the message comes back and why, and what the row says of the wait. */
export interface NextVisit {
  readonly at: number;
  readonly reason: LaterReason;
  readonly waiting?: DeliveryError | undefined;
  readonly retryAfterMs?: number | undefined;
}

/** What a worker remembers in each phase; the phase is what it waits for. */
export type MemoryIn = Record<"reading" | "inspecting" | "prechecking" | "ending" | "releasing" | "done", Reader> &
  Record<
    "settling" | "announcing" | "markingAnnounced" | "comparing" | "announcingConflict" | "recordingConflict",
    ReaderOfRow
  > &
  Record<"leaving", Leaving> &
  Record<"claiming", Claiming> &
  Record<
    "streaming" | "rechecking" | "withdrawing" | "finalizing" | "finishing" | "goingOn" | "handingOver",
    Claimant
  > &
  Record<"aborting" | "backingOut" | "withdrawingUrl", Claimant & Leaving>;

export type ReaderOfRow = Reader & { readonly row: Row };
/** The run ends once the write, or the abort, is done. */
export type Leaving = Reader & { readonly nextVisit: NextVisit };
type Claiming = Reader & { readonly claim: Claim };

export type Phase = keyof MemoryIn;
export type Memory = { [P in Phase]: MemoryIn[P] & { readonly phase: P } }[Phase];

export interface Step {
  readonly memory: Memory;
  readonly command: Command;
}
