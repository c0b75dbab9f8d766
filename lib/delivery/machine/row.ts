import type { MediaRef } from "../../media/key.ts";

/** The states of a job's delivery, as the table holds them. `docs/architecture.md` draws the transitions. */
export type State = "UPLOADING" | "SENDING" | "FINALIZING" | "DELIVERED" | "REJECTED" | "NEEDS_REVIEW";

export interface DeliveryError {
  readonly type: string;
  readonly comment: string;
}

/** What an operator decided about a row, and why. */
export interface Decision {
  readonly what: "resend" | "reject";
  /** The row's fence that it was made of. */
  readonly fence: number;
  readonly by: string;
  readonly why: string;
  readonly at: number;
}

/** A job's row in the ledger. Times are milliseconds since the epoch, but for `expiresAt`. */
export interface Row {
  readonly jobId: string;
  readonly state: State;
  /** Grows with every claim and every change of hands. */
  readonly fence: number;
  /** Random name of the claim that holds the row; absent where nobody does. */
  readonly claimId?: string;
  readonly media?: MediaRef;
  readonly leaseUntil?: number;
  /** From when on "no media" from job/info may be believed. */
  readonly settledAt?: number;
  /** POSTs of the medium whose last chunk, or whose URL, went out and which had no definite answer. */
  readonly posts?: number;
  /** Claims of the medium so far, each at most one POST; for people. */
  readonly claims?: number;
  /** Not before this is the next step due. Whoever reads the row obeys it. */
  readonly notBefore?: number;
  /** What the row waits for; absent where nothing is in its way. */
  readonly waiting?: DeliveryError;
  /** Since when cielo24 has said, without a break, that it does not know the job. */
  readonly unknownSince?: number;
  /** The doubt of the last POST is an error that cielo24 answered behind the whole body. */
  readonly answeredError?: boolean;
  /** What earlier POSTs of the medium carried in vain; the last one's share is `sentBytes`. */
  readonly bytesInVain?: number;
  /** An answer was lost: cielo24 may have accepted what no record shows. */
  readonly everUnknown?: boolean;
  /** The next attempt hands the object over by URL: streaming does not fit into an invocation. */
  readonly handOver?: boolean;
  /** Random part of the capability URL `/media/<job_id>.<capability>/<name>`; revoked by removing it. */
  readonly capability?: string;
  readonly capabilityUntil?: number;
  /** A GET of the present capability URL was redirected: cielo24 may have read the object. */
  readonly redirected?: boolean;
  /** How often the capability URL was used. */
  readonly pulls?: number;
  /** Names of media that were definitely refused; a repeat of one is not sent again. */
  readonly rejected?: readonly string[];
  /** Names of media that came when the job had its media. The last 10; `conflictCount` counts all. */
  readonly conflicts?: readonly string[];
  readonly conflictCount?: number;
  /** What an operator decided last about this row. */
  readonly decision?: Decision;
  /** An operator closed a row whose medium may have been accepted: nothing is sent for the job any more. */
  readonly closed?: boolean;
  /** When job/info last showed the job without media, asked before an upload was signed. A hint, and nothing more. */
  readonly jobSeenAt?: number;
  /** The event of the present end (DELIVERED, REJECTED, NEEDS_REVIEW) is out. */
  readonly announced?: boolean;
  readonly taskId?: string;
  readonly error?: DeliveryError;
  readonly sizeBytes?: number;
  readonly sentBytes?: number;
  /** Lower-case hex SHA-256 of the bytes that were sent. */
  readonly sha256?: string;
  readonly updatedAt: number;
  /** Seconds since the epoch, as DynamoDB's time to live wants; only on UPLOADING and REJECTED. */
  readonly expiresAt?: number;
}

/** What must be true of the row for a write to happen; everything that is given must hold. */
export interface Condition {
  /** `"none"`: there is no row. */
  readonly state: readonly (State | "none")[];
  readonly fence?: number;
  readonly claimId?: string;
  readonly mediaId?: string;
  readonly conflictCount?: number;
  readonly capability?: string;
  /** `false`: no GET of the capability URL was redirected. */
  readonly redirected?: false;
}

/** A conditional update of named attributes. Never a replacement of the row. */
export interface Write {
  readonly if: Condition;
  readonly set: Partial<Omit<Row, "jobId">>;
  readonly remove?: readonly (keyof Row)[];
}

/**
 * The row after a write, or undefined where its condition does not hold. This function is the meaning of a write: the
 * DynamoDB adapter says the same in a ConditionExpression, and a contract test compares the two.
 */
export const decideWrite = (jobId: string, row: Row | undefined, write: Write): Row | undefined => {
  const { state, fence, claimId, mediaId, conflictCount, capability, redirected } = write.if;
  if (!state.includes(row?.state ?? "none")) return undefined;
  if (fence !== undefined && row?.fence !== fence) return undefined;
  if (claimId !== undefined && row?.claimId !== claimId) return undefined;
  if (mediaId !== undefined && row?.media?.id !== mediaId) return undefined;
  if (conflictCount !== undefined && (row?.conflictCount ?? 0) !== conflictCount) return undefined;
  if (capability !== undefined && row?.capability !== capability) return undefined;
  if (redirected === false && row?.redirected !== undefined) return undefined;
  const after: Record<string, unknown> = { ...row, ...write.set, jobId };
  for (const name of write.remove ?? []) Reflect.deleteProperty(after, name);
  return after as unknown as Row;
};
