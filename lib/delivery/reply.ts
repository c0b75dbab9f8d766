import { ACCOUNT_ERROR_TYPES, Cielo24Error, type MediaResult } from "../cielo24/api.ts";
import type { Failure, Reply } from "./machine/protocol.ts";

/** Translates what `lib/cielo24` returns or throws into the replies that the delivery machine knows. */

/** The reply to a POST of bytes. */
export const asReply = (result: MediaResult): Reply => {
  if ("taskId" in result) return { is: "accepted", taskId: result.taskId };
  const failure = asFailure(result.error);
  const mayBeUnsent = failure.is === "unavailable" || failure.is === "unintelligible";
  return mayBeUnsent && result.isUnsent ? { ...failure, isUnsent: true } : failure;
};

/** @throws every other error: it is a bug of this project */
export const asFailure = (error: unknown): Failure => {
  if (!(error instanceof Cielo24Error)) throw error;
  const { isUnsent, isAnsweredError, retryAfterMs } = error;
  const described = {
    type: error.errorType ?? "CIELO24_ANSWER_UNKNOWN",
    comment: error.errorComment ?? "cielo24 gave an answer that its documentation does not know.",
  };
  switch (error.code) {
    case "REFUSED": {
      // If the login is refused, the call was never made, and the media is not at fault.
      const isOfAccount = isUnsent || ACCOUNT_ERROR_TYPES.has(described.type);
      return { is: isOfAccount ? "accountRefused" : "refused", error: described };
    }
    case "BAD_API_TOKEN":
      return { is: "badToken" };
    case "LOGIN_INVALID":
      return { is: "loginInvalid" };
    case "UNAVAILABLE":
    case "TIMED_OUT":
      return { is: "unavailable", retryAfterMs, isUnsent, isAnsweredError };
    case "UNINTELLIGIBLE":
      return { is: "unintelligible", error: described, isUnsent };
  }
};
