import type { LaterReason } from "./machine.ts";
import type { DeliveryError } from "./row.ts";

/** Why a medium is rejected, or put before a person, where it is not cielo24 who says so. */

export const OBJECT_GONE: DeliveryError = {
  type: "OBJECT_GONE",
  comment: "The object was deleted before it was delivered. Upload it again.",
};
export const EMPTY_OBJECT: DeliveryError = {
  type: "EMPTY_OBJECT",
  comment: "The object is empty. Upload one that holds the media.",
};
export const MEDIA_TOO_LARGE: DeliveryError = {
  type: "MEDIA_TOO_LARGE",
  comment: "The object is larger than cielo24 takes (10 GiB - 1 byte). Make it smaller, or cut it up for several jobs.",
};
export const JOB_HAS_MEDIA: DeliveryError = {
  type: "JOB_HAS_MEDIA",
  comment: "The job had its media before this one arrived. For this one, use another job.",
};
export const ANSWER_UNKNOWN: DeliveryError = {
  type: "ANSWER_UNKNOWN",
  comment: "cielo24's answer was lost and job/info shows no media; a person has to look.",
};
export const CALL_ABANDONED: DeliveryError = {
  type: "CALL_ABANDONED",
  comment: "The call ended before the media was sent; it may be made again.",
};
export const WITHDRAWN: Partial<Record<LaterReason, DeliveryError>> = {
  unavailable: { type: "CIELO24_UNAVAILABLE", comment: "cielo24 could not be reached; the call may be made again." },
  loginInvalid: { type: "CIELO24_LOGIN_INVALID", comment: "The proxy could not log in to cielo24. Tell the operator." },
};
