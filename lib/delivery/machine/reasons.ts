import type { LaterReason } from "./protocol.ts";
import type { DeliveryError } from "./row.ts";

/**
 * What rows, events and callers are told about media that is rejected, waits, or is put before a person, except for what
 * cielo24 itself says. Types and comments are part of the API.
 */

const error = (type: string, comment: string): DeliveryError => ({ type, comment });

export const OBJECT_GONE = error("OBJECT_GONE", "The object was deleted before it was delivered. Upload it again.");
export const OBJECT_WITHDRAWN = error(
  "WITHDRAWN",
  "The object was deleted before it was delivered. The job is free for other media.",
);
export const CANCELLED = error(
  "CANCELLED",
  "The upload was cancelled: what comes of it is not sent. To send media for the job, have another upload signed.",
);
export const TIMED_OUT = error(
  "TIMED_OUT",
  "The upload was begun and never arrived. The job is free: upload the media again.",
);
export const OBJECT_ARCHIVED = error(
  "OBJECT_ARCHIVED",
  "The object lies in an archive and cannot be read. Restore it and copy it to a new key under media/, or upload it again.",
);
export const EMPTY_OBJECT = error("EMPTY_OBJECT", "The object is empty. Upload one that holds the media.");
export const FORM_ENVELOPE = error(
  "FORM_ENVELOPE",
  "The object is a form with the file inside (curl -F, FormData). Upload the file itself: curl --upload-file, or the File as the body.",
);
export const MEDIA_TOO_LARGE = error(
  "MEDIA_TOO_LARGE",
  "The object is larger than cielo24 takes (10 GiB - 1 byte). Make it smaller, or cut it up for several jobs.",
);
export const JOB_HAS_MEDIA = error(
  "JOB_HAS_MEDIA",
  "The job had its media before this one arrived. For this one, use another job.",
);
export const ANSWER_UNKNOWN = error(
  "ANSWER_UNKNOWN",
  "cielo24's answer was lost and job/info shows no media; a person has to look.",
);
export const ERRORS_BEHIND_MEDIA = error(
  "ERRORS_BEHIND_MEDIA",
  "cielo24 read the whole medium and answered with an error of its own, and job/info shows no media; a person has to look.",
);
export const CALL_ABANDONED = error(
  "CALL_ABANDONED",
  "The call ended before the media was sent; it may be made again.",
);
export const REJECTED_BY_OPERATOR = error(
  "REJECTED_BY_OPERATOR",
  "The operator rejected this media. The job is free for other media.",
);
export const CLOSED_BY_OPERATOR = error(
  "CLOSED_BY_OPERATOR",
  "The operator closed this job: cielo24 may have its media. Use another job.",
);

/** What a caller is told if its media was not sent: only the caller can send it again. */
export const WITHDRAWN: Partial<Record<LaterReason, DeliveryError>> = {
  unavailable: error("CIELO24_UNAVAILABLE", "cielo24 could not be reached; the call may be made again."),
  loginInvalid: error("CIELO24_LOGIN_INVALID", "The proxy could not log in to cielo24. Tell the operator."),
  accountRefused: error("CIELO24_ACCOUNT_REFUSED", "cielo24 refused the proxy's account. Tell the operator."),
  unintelligible: error(
    "CIELO24_UNINTELLIGIBLE",
    "cielo24 gave an answer that its documentation does not know, and nothing was sent. Tell the operator.",
  ),
};

/** What an object waits for, for those reasons that the row shows. It goes on by itself once the cause is gone. */
export const waitingFor = (reason: LaterReason, detail?: string): DeliveryError | undefined =>
  reasonsToWait(detail === undefined ? "" : ` (${detail})`)[reason];

const reasonsToWait = (detail: string): Partial<Record<LaterReason, DeliveryError>> => ({
  unavailable: error("CIELO24_UNAVAILABLE", "cielo24 does not answer at present, or answers with an error of its own."),
  loginInvalid: error(
    "CIELO24_LOGIN_INVALID",
    "The proxy cannot log in to cielo24: the operator has to mend the secret.",
  ),
  accountRefused: error(
    "CIELO24_ACCOUNT_REFUSED",
    `cielo24 refuses the proxy's account${detail}: the operator has to see to it.`,
  ),
  jobUnknown: error(
    "ITEM_NOT_FOUND",
    "cielo24 does not know the job. It is asked again for a day; then the media is rejected.",
  ),
  unintelligible: error(
    "CIELO24_UNINTELLIGIBLE",
    "cielo24 gives answers that its documentation does not know: the operator has to look.",
  ),
  settling: error("SETTLING", "A newer version of the object may follow; the latest one is delivered."),
  incomplete: error(
    "MEDIA_INCOMPLETE",
    "The file is cut off. If no whole version of it is dropped under the same key, it is rejected.",
  ),
  source: error("STORE_UNAVAILABLE", `The object cannot be read at present${detail}.`),
  accessRefused: error(
    "OBJECT_ACCESS_REFUSED",
    `S3 refuses to let the object be read${detail}: the operator has to see to its permissions or key.`,
  ),
  urlRefused: error("MEDIA_URL_REFUSED", "cielo24 could not fetch the object from the proxy's URL. It gets a new one."),
  tooManyRejected: error("TOO_MANY_REJECTED", "Too many objects were rejected for this job. Use another job."),
  answerUnknown: error(
    "CIELO24_ANSWER_UNKNOWN",
    "cielo24's answer was lost. job/info is asked whether it has the media.",
  ),
  answeredError: error(
    "CIELO24_ERROR_BEHIND_MEDIA",
    "cielo24 read the whole medium and answered with an error of its own. job/info is asked whether it has the media.",
  ),
});
