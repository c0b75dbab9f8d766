import { respond, type ApiResponse } from "../../lib/http/response.ts";
import { ApiError, toRefusal } from "../../lib/http/errors.ts";
import type { Ownership } from "../../lib/http/ownership.ts";
import type { ApiRequest } from "../../lib/http/request.ts";
import { validate } from "../../lib/http/validate.ts";
import { checkMediaUrl } from "../../lib/media/media-url.ts";
import type { CallRequest, DeliverOutcome } from "./deliver-call.ts";
import { addMediaParameters } from "./schema.ts";

interface AddMedia {
  readonly ownership: Ownership;
  readonly deliver: (request: CallRequest) => Promise<DeliverOutcome>;
  readonly ownBucket: string;
}

/** Lambda's payload of 6 MB holds this much as base64. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

/**
 * Gives a job its media: by `media_url`, from where cielo24 fetches it, or as the small raw body of a POST. A body counts
 * as media where it holds no parameters: whatever is neither JSON nor a form.
 *
 * @param ownHosts host names under which this API answers
 */
export const addMedia =
  ({ ownership, deliver, ownBucket }: AddMedia) =>
  async (
    { parameters, mediaBody, caller, deadline }: ApiRequest,
    ownHosts: readonly string[],
  ): Promise<ApiResponse> => {
    const wanted = validate(addMediaParameters, parameters);
    const media = readMedia(wanted, mediaBody, { ownBucket, ownHosts });
    await ownership.bind(caller, wanted.job_id);
    return show(await deliver({ jobId: wanted.job_id, media, deadline }));
  };

const readMedia = (
  { media_url, is_duplicate }: { media_url?: string | undefined; is_duplicate: "true" | "false" },
  body: Buffer | undefined,
  places: { ownBucket: string; ownHosts: readonly string[] },
): CallRequest["media"] => {
  if (media_url === undefined) {
    if (body === undefined)
      throw new ApiError("MISSING_PARAMETER", {
        comment: "media_url is missing, and there is no body that could be the media.",
      });
    if (body.length > MAX_BODY_BYTES)
      throw new ApiError("MEDIA_TOO_LARGE", {
        comment:
          "A body may have at most 4 MiB. Upload larger media with a URL from /api/job/request_upload_url or /api/job/sign_upload.",
      });
    return { kind: "body", bytes: body };
  }
  if (body !== undefined)
    throw new ApiError("INVALID_QUERY", { comment: "media_url must not be given where the body is the media." });
  const checked = checkMediaUrl(media_url, places);
  if ("refused" in checked) throw new ApiError("INVALID_URL", { comment: `media_url ${checked.refused}.` });
  return { kind: "url", mediaUrl: checked.url, isDuplicate: is_duplicate === "true" };
};

const NOTHING_SENT =
  "cielo24 gave an answer that its documentation does not know. Nothing was sent: the call may be made again. If it stays, tell the operator, with the RequestId.";

const show = (end: DeliverOutcome): ApiResponse => {
  switch (end.outcome) {
    case "delivered":
      return respond({ TaskId: end.taskId });
    case "rejected":
      throw toRefusal(end.error.type, end.error.comment);
    case "hasMedia":
      throw new ApiError("JOB_HAS_MEDIA");
    case "underWay":
      throw new ApiError("DELIVERY_UNDER_WAY");
    case "unavailable":
      throw new ApiError("UNAVAILABLE", { retryAfterS: end.retryAfterS });
    case "unknown":
      throw new ApiError("ANSWER_UNKNOWN");
    case "needsReview":
      throw new ApiError("NEEDS_REVIEW");
    case "inReview":
      throw new ApiError("JOB_IN_REVIEW");
    case "closed":
      throw new ApiError("JOB_CLOSED");
    case "loginInvalid":
      throw new ApiError("LOGIN_INVALID");
    case "accountRefused":
      throw new ApiError("ACCOUNT_REFUSED");
    case "unintelligible":
      throw new ApiError("UNINTELLIGIBLE", { comment: NOTHING_SENT });
    case "ledgerUnavailable":
      throw new ApiError("LEDGER_UNAVAILABLE");
    case "queueUnavailable":
      throw new ApiError("QUEUE_UNAVAILABLE");
  }
};
