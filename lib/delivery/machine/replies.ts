import type { Claimant, Failure, Input, LaterReason, Reader, ReaderOfRow, Reply, Step } from "./protocol.ts";
import type { Cause } from "./waits.ts";
import {
  goOn,
  recordAccepted,
  recordError,
  recordUnknown,
  reject,
  rejectOrWithdrawUrl,
  renewToken,
  withdraw,
} from "./with-claim.ts";
import { askLater, park, rejectBeforeSending, reviewOrAskLater } from "./without-claim.ts";

/** The machine's policy: what each of cielo24's replies means in each situation, as one table. */

/** The situations in which cielo24 replies, with what the worker remembers in each. */
interface Situations {
  /** job/info is asked before anything is sent. */
  readonly asked: Reader;
  /** cielo24 replies before the last chunk goes out: it cannot have accepted anything, unless it says so. */
  readonly early: Claimant;
  /** cielo24 replies to the last chunk, or to the URL. Only a 200 with a TaskId and a 400 of a known type are definite. */
  readonly final: Claimant;
  /** job/info is asked because an outcome is unknown. */
  readonly settling: ReaderOfRow;
}
type Moves<R, S extends keyof Situations = keyof Situations> = {
  readonly [K in S]: (memory: Situations[K], input: Input, reply: R & Cause) => Step;
};
type Policy = { readonly [K in Failure["is"]]: Moves<Extract<Reply, { is: K }>> } & {
  readonly accepted: Moves<Extract<Reply, { is: "accepted" }>, "early" | "final">;
  /** cielo24 itself replied to the whole body with an error. */
  readonly answeredError: Moves<Failure>;
  /** The last chunk, or the URL, never went out. */
  readonly unsent: Moves<Failure>;
};

/**
 * `park`: the object waits, and its row says why. `withdraw`: the claim is given back, and the object waits. `askLater`: the
 * question is repeated. `renewToken`, `goOn`: the media is sent again with a fresh token, once a run. `recordUnknown`,
 * `recordError`: from here on only job/info can tell.
 */
const POLICY: Policy = {
  accepted: { early: recordUnknown, final: recordAccepted },
  refused: { asked: rejectBeforeSending, early: reject, final: rejectOrWithdrawUrl, settling: reviewOrAskLater },
  accountRefused: { asked: park, early: withdraw, final: withdraw, settling: askLater },
  loginInvalid: { asked: park, early: withdraw, final: withdraw, settling: askLater },
  badToken: { asked: park, early: renewToken, final: goOn, settling: askLater },
  unavailable: { asked: park, early: withdraw, final: recordUnknown, settling: askLater },
  answeredError: { asked: park, early: withdraw, final: recordError, settling: askLater },
  unintelligible: { asked: park, early: withdraw, final: recordUnknown, settling: askLater },
  unsent: { asked: park, early: withdraw, final: withdraw, settling: askLater },
};

/** Why the media has to wait, if it does. */
const REASONS: Record<Reply["is"], LaterReason> = {
  accepted: "answerUnknown",
  refused: "jobUnknown",
  accountRefused: "accountRefused",
  loginInvalid: "loginInvalid",
  badToken: "unavailable",
  unavailable: "unavailable",
  unintelligible: "unintelligible",
};

const kindOf = (reply: Reply): keyof Policy => {
  if ("isUnsent" in reply && reply.isUnsent) return "unsent";
  return reply.is === "unavailable" && reply.isAnsweredError ? "answeredError" : reply.is;
};

export const onReply = <S extends keyof Situations>(
  situation: S,
  memory: Situations[S],
  input: Input,
  reply: S extends "asked" | "settling" ? Failure : Reply,
): Step => {
  const moves = POLICY[kindOf(reply)] as Record<S, (memory: Situations[S], input: Input, reply: Reply & Cause) => Step>;
  const detail = "error" in reply ? reply.error.type : undefined;
  return moves[situation](memory, input, { ...reply, reason: REASONS[reply.is], detail });
};
