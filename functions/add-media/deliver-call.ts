import type { DeliveryError } from "../../lib/delivery/machine/row.ts";
import { deliver, type DeliveryEnd, type DeliveryPorts } from "../../lib/delivery/deliver.ts";
import type { MediaQueue } from "../../lib/delivery/aws/queue.ts";
import type { Settings } from "../../lib/delivery/machine/protocol.ts";
import type { MediaRef } from "../../lib/media/key.ts";

/** What a caller wants at cielo24: a URL that cielo24 shall fetch, or a small body. */
export interface CallRequest {
  readonly jobId: string;
  readonly media:
    | { readonly kind: "url"; readonly mediaUrl: string; readonly isDuplicate: boolean }
    | { readonly kind: "body"; readonly bytes: Uint8Array };
  /** Clock time by which the call must have its answer. */
  readonly deadline: number;
}

export type DeliverOutcome =
  | { readonly outcome: "delivered"; readonly taskId: string }
  | { readonly outcome: "rejected"; readonly error: DeliveryError }
  | { readonly outcome: "hasMedia" }
  | { readonly outcome: "underWay" }
  | { readonly outcome: "unavailable"; readonly retryAfterS?: number }
  /** The answer was lost: cielo24 may have taken the media. */
  | { readonly outcome: "unknown" }
  | { readonly outcome: "needsReview" }
  /** Another medium of the job is before a person, or was closed by one. */
  | { readonly outcome: "inReview" }
  | { readonly outcome: "closed" }
  | { readonly outcome: "loginInvalid" }
  | { readonly outcome: "accountRefused" }
  /** cielo24 gave an answer that nobody understands, and nothing was sent. */
  | { readonly outcome: "unintelligible" }
  | { readonly outcome: "ledgerUnavailable" }
  | { readonly outcome: "queueUnavailable" };

/** Longer than an HTTP function lives, so that the message finds the call's end or its abandoned row. */
const RECONCILE_DELAY_S = 60;
const MARGIN_MS = 1_500;
const IDLE_TIMEOUT_MS = 10_000;

/**
 * Takes a call's media through the same ledger and machine as a drop. A message that looks after the row is in the
 * queue before the row is claimed: an answer that is lost here has a driver, too.
 */
export const createCallDelivery = (ports: DeliveryPorts & { queue: MediaQueue }, settings: Settings) => {
  return async ({ jobId, media, deadline }: CallRequest): Promise<DeliverOutcome> => {
    try {
      await ports.queue.put({ reconcile: jobId }, { delayS: RECONCILE_DELAY_S });
    } catch {
      return { outcome: "queueUnavailable" };
    }
    const ref: MediaRef = { id: `${media.kind}:${ports.runtime.randomHex()}`, kind: media.kind };
    const end = await deliver(
      {
        drop: {
          jobId,
          role: "caller",
          media: ref,
          receiveCount: 1,
          lastChance: false,
          ...(media.kind === "body" ? { sizeBytes: media.bytes.byteLength } : {}),
        },
        settings,
        deadline,
        marginMs: MARGIN_MS,
        idleTimeoutMs: IDLE_TIMEOUT_MS,
        call: media.kind === "url" ? media : { bytes: media.bytes },
        capabilityUrl: () => {
          throw new Error("A call hands over its own URL");
        },
      },
      ports,
    );
    return asOutcome(end, ref);
  };
};

const asOutcome = ({ command, taskId }: DeliveryEnd, ref: MediaRef): DeliverOutcome => {
  // cielo24's 200 is the truth, even where the ledger or the event bus failed after it.
  if (taskId !== undefined) return { outcome: "delivered", taskId };
  const { row, retryAfterMs } = command;
  const isOwn = row?.media?.id === ref.id;
  if (isOwn && row.state === "REJECTED" && row.error) return asRejection(row.error, retryAfterMs);
  if (row?.state === "NEEDS_REVIEW") return { outcome: isOwn ? "needsReview" : row.closed ? "closed" : "inReview" };
  if (command.do === "acknowledge")
    return command.reason === "refused" && command.error ? asRejection(command.error) : { outcome: "hasMedia" };
  switch (command.reason) {
    case "underWay":
    case "notDue":
      return { outcome: "underWay" };
    case "answerUnknown":
      return { outcome: "unknown" };
    case "loginInvalid":
    case "accountRefused":
    case "unintelligible":
      return { outcome: command.reason };
    case "ledger":
    case "lostClaim":
      return { outcome: "ledgerUnavailable" };
    default:
      return unavailable(retryAfterMs);
  }
};

const unavailable = (retryAfterMs: number | undefined): DeliverOutcome => ({
  outcome: "unavailable",
  ...(retryAfterMs ? { retryAfterS: Math.ceil(retryAfterMs / 1000) } : {}),
});

const asRejection = (error: DeliveryError, retryAfterMs?: number): DeliverOutcome => {
  switch (error.type) {
    case "CIELO24_LOGIN_INVALID":
      return { outcome: "loginInvalid" };
    case "CIELO24_ACCOUNT_REFUSED":
      return { outcome: "accountRefused" };
    case "CIELO24_UNINTELLIGIBLE":
      return { outcome: "unintelligible" };
    case "CIELO24_UNAVAILABLE":
    case "CALL_ABANDONED":
      return unavailable(retryAfterMs);
    case "JOB_HAS_MEDIA":
      return { outcome: "hasMedia" };
    default:
      return { outcome: "rejected", error };
  }
};
