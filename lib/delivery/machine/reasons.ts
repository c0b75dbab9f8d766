import type { LaterReason } from "./protocol.ts";
import type { DeliveryError } from "./row.ts";

/** Why a medium is rejected, waits, or is put before a person, where it is not cielo24 who says so. */

export const OBJECT_GONE: DeliveryError = {
  type: "OBJECT_GONE",
  comment: "The object was deleted before it was delivered. Upload it again.",
};
export const OBJECT_ARCHIVED: DeliveryError = {
  type: "OBJECT_ARCHIVED",
  comment:
    "The object lies in an archive and cannot be read. Restore it and copy it to a new key under media/, or upload it again.",
};
export const EMPTY_OBJECT: DeliveryError = {
  type: "EMPTY_OBJECT",
  comment: "The object is empty. Upload one that holds the media.",
};
export const FORM_ENVELOPE: DeliveryError = {
  type: "FORM_ENVELOPE",
  comment:
    "The object is a form with the file inside (curl -F, FormData). Upload the file itself: curl --upload-file, or the File as the body.",
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
export const ERRORS_BEHIND_MEDIA: DeliveryError = {
  type: "ERRORS_BEHIND_MEDIA",
  comment:
    "cielo24 read the whole medium and answered with an error of its own, and job/info shows no media; a person has to look.",
};
export const CALL_ABANDONED: DeliveryError = {
  type: "CALL_ABANDONED",
  comment: "The call ended before the media was sent; it may be made again.",
};
export const REJECTED_BY_OPERATOR: DeliveryError = {
  type: "REJECTED_BY_OPERATOR",
  comment: "The operator rejected this media. The job is free for other media.",
};
export const CLOSED_BY_OPERATOR: DeliveryError = {
  type: "CLOSED_BY_OPERATOR",
  comment: "The operator closed this job: cielo24 may have its media. Use another job.",
};

/** To a caller whose media was not sent: nobody but the caller can send it again. */
export const WITHDRAWN: Partial<Record<LaterReason, DeliveryError>> = {
  unavailable: { type: "CIELO24_UNAVAILABLE", comment: "cielo24 could not be reached; the call may be made again." },
  loginInvalid: { type: "CIELO24_LOGIN_INVALID", comment: "The proxy could not log in to cielo24. Tell the operator." },
  accountRefused: {
    type: "CIELO24_ACCOUNT_REFUSED",
    comment: "cielo24 refused the proxy's account. Tell the operator.",
  },
  unintelligible: {
    type: "CIELO24_UNINTELLIGIBLE",
    comment: "cielo24 gave an answer that its documentation does not know, and nothing was sent. Tell the operator.",
  },
};

/** What an object waits for, for those reasons that the row shows. Each goes on by itself once the cause is gone. */
export const waitingFor = (reason: LaterReason, detail?: string): DeliveryError | undefined => {
  const said = detail === undefined ? "" : ` (${detail})`;
  switch (reason) {
    case "unavailable":
      return {
        type: "CIELO24_UNAVAILABLE",
        comment: "cielo24 does not answer at present, or answers with an error of its own.",
      };
    case "loginInvalid":
      return {
        type: "CIELO24_LOGIN_INVALID",
        comment: "The proxy cannot log in to cielo24: the operator has to mend the secret.",
      };
    case "accountRefused":
      return {
        type: "CIELO24_ACCOUNT_REFUSED",
        comment: `cielo24 refuses the proxy's account${said}: the operator has to see to it.`,
      };
    case "jobUnknown":
      return {
        type: "ITEM_NOT_FOUND",
        comment: "cielo24 does not know the job. It is asked again for a day; then the media is rejected.",
      };
    case "unintelligible":
      return {
        type: "CIELO24_UNINTELLIGIBLE",
        comment: "cielo24 gives answers that its documentation does not know: the operator has to look.",
      };
    case "source":
      return { type: "STORE_UNAVAILABLE", comment: `The object cannot be read at present${said}.` };
    case "accessRefused":
      return {
        type: "OBJECT_ACCESS_REFUSED",
        comment: `S3 refuses to let the object be read${said}: the operator has to see to its permissions or key.`,
      };
    case "urlRefused":
      return {
        type: "MEDIA_URL_REFUSED",
        comment: "cielo24 could not fetch the object from the proxy's URL. It gets a new one.",
      };
    case "tooManyRejected":
      return {
        type: "TOO_MANY_REJECTED",
        comment: "Too many objects were rejected for this job. Use another job.",
      };
    case "answerUnknown":
      return {
        type: "CIELO24_ANSWER_UNKNOWN",
        comment: "cielo24's answer was lost. job/info is asked whether it has the media.",
      };
    case "answeredError":
      return {
        type: "CIELO24_ERROR_BEHIND_MEDIA",
        comment:
          "cielo24 read the whole medium and answered with an error of its own. job/info is asked whether it has the media.",
      };
    default:
      return undefined;
  }
};
