import type { Decision, DeliveryError, Row, Write } from "./row.ts";
import type { Claim } from "./transitions.ts";
import type { MediaRef } from "../../media/key.ts";

/** What the delivery machine is told, remembers and says. The machine itself is `state.ts`. */

export interface Settings {
  /** POSTs of one medium whose outcome nobody knows; after so many a person decides. */
  readonly maxPosts: number;
  readonly maxMediaBytes: number;
  readonly mode: "auto" | "stream" | "url";
  readonly resendAfterUnknown: boolean;
  /** Send again after an error that cielo24 answered behind the whole body, once `serverErrorSettleMs` show no media. */
  readonly resendAfterServerError: boolean;
  /** How long "no media" says nothing after such an error, the first time; longer after each further one. */
  readonly serverErrorSettleMs: number;
  /** So long cielo24 may say that it does not know a job, before that is believed. */
  readonly unknownJobMs: number;
  /** How long UPLOADING and REJECTED rows are kept: longer than any version of an object that they speak of. */
  readonly expiryMs: number;
  /** S: clocks differ by at most so much. */
  readonly clockSkewMs: number;
  /** T + D: until what was sent can no longer become an acceptance that job/info does not show. */
  readonly settleMs: number;
  /** T of a hand-over: the capability URL's life and the longest pull. */
  readonly capabilityLifetimeMs: number;
  readonly longestPullMs: number;
  /** FINALIZING is entered with at least this much time left, and left again untouched with less than half of it. */
  readonly finalizeReserveMs: number;
}

/** What brought the worker here. */
export interface Drop {
  readonly jobId: string;
  /** `queue`: an object was dropped. `caller`: an HTTP call waits. `reconcile`: look after the row. `operator`: send again. */
  readonly role: "queue" | "caller" | "reconcile" | "operator";
  /** What an operator says, and about what: the row must still hold this object at this fence. */
  readonly decision?: OperatorDecision;
  /** The medium at hand; `reconcile` and `operator` have none and take the row's. */
  readonly media?: MediaRef;
  /** Only of a caller's body: objects are measured in the bucket. */
  readonly sizeBytes?: number;
  /** How often the message came, from 1. */
  readonly receiveCount: number;
  /** The queue gives the message up after this: whatever is still open becomes NEEDS_REVIEW. */
  readonly lastChance: boolean;
}

export interface OperatorDecision extends Omit<Decision, "at"> {
  /** The medium's id, as row and events name it. */
  readonly object: string;
}

/** What cielo24 said to a POST, or to a question. */
export type Reply =
  | { readonly is: "accepted"; readonly taskId: string }
  /** Definitely and for good: this medium is not taken. */
  | { readonly is: "refused"; readonly error: DeliveryError }
  /** Definitely, but for what is wrong with the account: the operator's to mend, and no medium's fault. */
  | { readonly is: "accountRefused"; readonly error: DeliveryError }
  | { readonly is: "badToken" }
  | { readonly is: "loginInvalid" }
  /**
   * `isUnsent`: the last chunk, or the URL, never went out, so that nothing can have been accepted.
   * `isAnsweredError`: cielo24 itself answered, with 429, 500, 502, 503 or UNHANDLED_ERROR.
   */
  | {
      readonly is: "unavailable";
      readonly retryAfterMs?: number;
      readonly isUnsent?: true;
      readonly isAnsweredError?: true;
    }
  /** An answer that the documentation does not know. `isUnsent`: it came before the last chunk, or the URL, went out. */
  | { readonly is: "unintelligible"; readonly error: DeliveryError; readonly isUnsent?: true };

export type Command =
  | { readonly do: "read" }
  /** Measure the object and see whether its version is the current one. */
  | { readonly do: "inspect"; readonly media: MediaRef }
  /** Ask job/info. */
  | { readonly do: "ask" }
  /** `isCostly`: once this is written, the medium has been carried in vain too often; `row` is then the row. */
  | { readonly do: "write"; readonly write: Write; readonly isCostly?: true; readonly row?: Row }
  /** Send all but the last chunk, and keep it back. */
  | { readonly do: "stream"; readonly claim: Claim; readonly row: Row }
  /** Send the last chunk. */
  | { readonly do: "finish" }
  /** Give cielo24 a URL: the caller's own, or our capability URL. */
  | { readonly do: "handOver"; readonly row: Row }
  /** Destroy the sockets of the transfer that is open. */
  | { readonly do: "abort" }
  | { readonly do: "announce"; readonly row: Row }
  | {
      readonly do: "acknowledge";
      readonly reason: AcknowledgeReason;
      readonly row?: Row;
      readonly error?: DeliveryError;
      /** To a caller: when cielo24 wants to be asked again. */
      readonly retryAfterMs?: number;
    }
  | {
      readonly do: "later";
      /** When the message shall be visible again; without it, after a jittered wait. */
      readonly at: number;
      readonly reason: LaterReason;
      readonly row?: Row;
      readonly retryAfterMs?: number;
    };

export type AcknowledgeReason =
  | "delivered"
  | "rejected"
  | "needsReview"
  | "conflict"
  | "superseded"
  | "nothingToDo"
  /** An operator's word about a row that is another one by now. */
  | "notMeant"
  /** To a caller alone: nothing was claimed. */
  | "refused"
  | "hasMedia";

export type LaterReason =
  | "underWay"
  /** It is not yet time for the row's next step. */
  | "notDue"
  | "unavailable"
  | "loginInvalid"
  | "accountRefused"
  | "jobUnknown"
  | "unintelligible"
  | "answerUnknown"
  | "answeredError"
  | "handedOver"
  | "urlRefused"
  | "ledger"
  | "source"
  | "accessRefused"
  | "tooManyRejected"
  | "tooSlow"
  | "noTime"
  | "lostClaim"
  | "unannounced";

type Outcome =
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
  /** The store did not say. `storeCode`: S3's own error code, where it refuses the access. */
  | {
      readonly type: "uninspected";
      readonly code: "ACCESS_REFUSED" | "READ_FAILED";
      readonly storeCode?: string | undefined;
    }
  | { readonly type: "info"; readonly hasMedia: boolean; readonly askedAt: number }
  | { readonly type: "noInfo"; readonly answer: Exclude<Reply, { is: "accepted" }> }
  | { readonly type: "written" }
  /** The condition did not hold, or nobody knows whether it was written. */
  | { readonly type: "unwritten" }
  | { readonly type: "held"; readonly sha256: string }
  /** `sentBytes`: what this POST carried. */
  | { readonly type: "answered"; readonly answer: Reply; readonly sentBytes?: number }
  /** The medium cannot be read; nothing was accepted, the sockets are destroyed. */
  | {
      readonly type: "broken";
      readonly code: "OBJECT_GONE" | "OBJECT_CHANGED" | "OBJECT_ARCHIVED" | "ACCESS_REFUSED" | "READ_FAILED";
      readonly storeCode?: string | undefined;
      readonly sentBytes?: number;
    }
  /** At this rate it does not fit into the invocation; nothing was accepted, the sockets are destroyed. */
  | { readonly type: "tooSlow"; readonly sentBytes?: number }
  | { readonly type: "aborted"; readonly sentBytes?: number }
  | { readonly type: "announced" }
  | { readonly type: "unannounced" };

export type Input = Outcome & {
  readonly now: number;
  /** What is left of the invocation. */
  readonly timeLeftMs: number;
  /** 32 fresh hex characters. */
  readonly random: string;
};

/** What the worker waits for; tells one `written` from another. */
export type Phase =
  | "reading"
  | "inspecting"
  | "prechecking"
  | "claiming"
  | "readingBackClaim"
  | "streaming"
  | "finalizing"
  | "readingBackFinalize"
  | "finishing"
  | "goingOn"
  | "readingBackGoOn"
  | "handingOver"
  | "aborting"
  | "settling"
  | "ending"
  | "backingOut"
  | "withdrawingUrl"
  | "releasing"
  | "leaving"
  | "recordingConflict"
  | "announcing"
  | "markingAnnounced"
  | "done";

export interface Memory {
  readonly drop: Drop;
  readonly settings: Settings;
  readonly phase: Phase;
  /** The row as last read or written by this worker. */
  readonly row?: Row | undefined;
  /** The row as it will be if the write under way succeeds. */
  readonly hoped?: Row | undefined;
  readonly sizeBytes?: number | undefined;
  readonly claim?: Claim | undefined;
  /** What to do once the row is claimed: send, or reject at once. */
  readonly verdict?: DeliveryError | undefined;
  readonly renewed: boolean;
  /** A 200 with its TaskId, until it is on record. */
  readonly fact?: { readonly taskId: string } | undefined;
  readonly sha256?: string | undefined;
  readonly handingOver: boolean;
  /** What the POST of this run carried so far. */
  readonly sentBytes?: number | undefined;
  /** When cielo24 wants to be asked again, for a caller to hear. */
  readonly retryAfterMs?: number | undefined;
  /** Where to go once the abort, back-out or last write is done. */
  readonly leave?: Leave | undefined;
  readonly backOutHandsOver: boolean;
  readonly gaveUp: boolean;
  readonly reads: number;
}

/** When the message comes back and why, and what the row says of the wait. */
export interface Leave {
  readonly at: number;
  readonly reason: LaterReason;
  readonly waiting?: DeliveryError | undefined;
  readonly retryAfterMs?: number;
}

export interface Step {
  readonly memory: Memory;
  readonly command: Command;
}
