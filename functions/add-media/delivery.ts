import type { MediaQueue } from "../../lib/delivery/aws/queue.ts";
import { deliver, type DeliveryEnd, type DeliveryPorts } from "../../lib/delivery/deliver.ts";
import type { LaterReason, Settings } from "../../lib/delivery/machine/protocol.ts";
import { CALL_ABANDONED, WITHDRAWN } from "../../lib/delivery/machine/reasons.ts";
import type { DeliveryError } from "../../lib/delivery/machine/row.ts";
import { ApiError, toRefusal, type ApiErrorCode } from "../../lib/http/errors.ts";
import type { MediaStore } from "../../lib/media/bucket.ts";
import type { MediaRef } from "../../lib/media/key.ts";

/** A caller's own media: a URL that cielo24 shall fetch, or a small body. */
export interface CallerMedia {
  readonly jobId: string;
  /** Of the request that brought it. */
  readonly requestId: string;
  readonly media:
    | { readonly kind: "url"; readonly mediaUrl: string; readonly isDuplicate: boolean }
    | { readonly kind: "body"; readonly bytes: Uint8Array };
  /** Clock time (ms since the epoch) by which the request must have its response. */
  readonly deadline: number;
}

/** Longer than an HTTP function lives, so that the message finds the request's end or its abandoned row. */
const RECONCILE_DELAY_S = 60;
const MARGIN_MS = 1_500;
const IDLE_TIMEOUT_MS = 10_000;

/** The media comes with the request: this function may read no object, and hands none over. */
const noObject = () => {
  throw new Error("A caller's media is no object");
};
const NO_STORE: MediaStore = {
  inspect: noObject,
  body: noObject,
  isWithdrawn: noObject,
  read: noObject,
  compare: noObject,
};

/**
 * Takes a caller's media through the same ledger and machine as an object, and returns cielo24's TaskId. Before the row is
 * claimed, a message that will look after it is in the queue, so the delivery also ends if the response is lost here.
 *
 * The function that this returns throws ApiError for every other end.
 */
export const createMediaDelivery =
  (ports: Omit<DeliveryPorts, "store"> & { queue: Pick<MediaQueue, "put"> }, settings: Settings) =>
  async ({ jobId, requestId, media, deadline }: CallerMedia): Promise<string> => {
    try {
      await ports.queue.put({ reconcile: jobId }, { delayS: RECONCILE_DELAY_S });
    } catch {
      throw new ApiError("QUEUE_UNAVAILABLE");
    }
    const ref: MediaRef = { id: `${media.kind}:${ports.runtime.randomHex()}`, kind: media.kind };
    const sizeBytes = media.kind === "body" ? media.bytes.byteLength : undefined;
    const { command, taskId } = await deliver(
      {
        drop: { jobId, role: "caller", media: ref, receiveCount: 1, lastChance: false, sizeBytes },
        settings,
        deadline,
        marginMs: MARGIN_MS,
        idleTimeoutMs: IDLE_TIMEOUT_MS,
        call: media,
        capabilityUrl: noObject,
      },
      { ...ports, store: NO_STORE, observability: ports.observability.with({ requestId, jobId }) },
    );
    // If cielo24 said 200, it has the media, even if the ledger or the event bus failed afterwards.
    if (taskId !== undefined) return taskId;
    throw whyNotDelivered(command, ref);
  };

/**
 * What the caller hears if its media was not sent, by the type of error that the row keeps. Every other type is that of
 * cielo24's own refusal.
 */
const CODE_OF_TYPE: ReadonlyMap<string, ApiErrorCode> = new Map([
  ["CIELO24_LOGIN_INVALID", "LOGIN_INVALID"],
  ["CIELO24_ACCOUNT_REFUSED", "ACCOUNT_REFUSED"],
  ["CIELO24_UNINTELLIGIBLE", "UNINTELLIGIBLE"],
  ["CIELO24_UNAVAILABLE", "UNAVAILABLE"],
  ["CALL_ABANDONED", "UNAVAILABLE"],
  ["JOB_HAS_MEDIA", "JOB_HAS_MEDIA"],
]);

/** The reasons to come back later that are no such error: somebody else has the row, or it cannot be written. */
const CODE_OF_REASON: Partial<Record<LaterReason, ApiErrorCode>> = {
  underWay: "DELIVERY_UNDER_WAY",
  notDue: "DELIVERY_UNDER_WAY",
  answerUnknown: "ANSWER_UNKNOWN",
  ledger: "LEDGER_UNAVAILABLE",
  lostClaim: "LEDGER_UNAVAILABLE",
  newerRow: "LEDGER_UNAVAILABLE",
};

const NOTHING_SENT =
  "cielo24 gave an answer that its documentation does not know. Nothing was sent: the call may be made again. If it stays, tell the operator, with the RequestId.";

/** The error for a delivery that ended without a TaskId. */
export const whyNotDelivered = (command: DeliveryEnd["command"], media: MediaRef): ApiError => {
  const { row, retryAfterMs } = command;
  const isOwn = row?.media?.id === media.id;
  if (isOwn && row.state === "REJECTED" && row.error) return asApiError(row.error, retryAfterMs);
  if (row?.state === "NEEDS_REVIEW")
    return new ApiError(isOwn ? "NEEDS_REVIEW" : row.closed ? "JOB_CLOSED" : "JOB_IN_REVIEW");
  if (command.do === "later") {
    const code = CODE_OF_REASON[command.reason];
    // Nothing was claimed, so no row says it: it is the error that a claimed row would have been left with.
    return code ? new ApiError(code) : asApiError(WITHDRAWN[command.reason] ?? CALL_ABANDONED, retryAfterMs);
  }
  if (command.reason === "refused" && command.error) return asApiError(command.error);
  return new ApiError("JOB_HAS_MEDIA");
};

const asApiError = ({ type, comment }: DeliveryError, retryAfterMs?: number): ApiError => {
  const code = CODE_OF_TYPE.get(type);
  if (code === undefined) return toRefusal(type, comment);
  if (code === "UNINTELLIGIBLE") return new ApiError(code, { comment: NOTHING_SENT });
  return new ApiError(code, { retryAfterS: retryAfterMs ? retryAfterMs / 1000 : undefined });
};
