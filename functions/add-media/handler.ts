import * as v from "valibot";
import { connectCielo24 } from "../../lib/cielo24/client.ts";
import { readConfig } from "../../lib/config.ts";
import { connectEvents } from "../../lib/delivery/aws/events.ts";
import { connectMediaQueue } from "../../lib/delivery/aws/queue.ts";
import { connectTable } from "../../lib/delivery/aws/table.ts";
import { readCallSettings } from "../../lib/delivery/settings.ts";
import { createOwnership, type Ownership } from "../../lib/http/caller.ts";
import { respond, type ApiRequest, type ApiResponse } from "../../lib/http/endpoint.ts";
import { ApiError, invalidQuery } from "../../lib/http/errors.ts";
import { apiHandler, type HttpHandler } from "../../lib/http/handler.ts";
import { apiVersion, jobId, validate } from "../../lib/http/validate.ts";
import { checkMediaUrl } from "../../lib/media/media-url.ts";
import { connectObservability } from "../../lib/observability.ts";
import { lambdaHandler, type Runtime } from "../../lib/runtime.ts";
import { createMediaDelivery, type CallerMedia } from "./delivery.ts";

const SERVICE = "add-media";

export const build = (runtime: Runtime): HttpHandler => {
  const config = readConfig(runtime.env, "region", "bucketName");
  const { ledger, owners } = connectTable(runtime);
  const ports = {
    ledger,
    cielo24: connectCielo24(runtime),
    ...connectEvents(runtime),
    queue: connectMediaQueue(runtime),
    runtime,
    observability: connectObservability(runtime, SERVICE),
  };
  const endpoint = addMedia({
    ownership: createOwnership(owners),
    deliver: createMediaDelivery(ports, readCallSettings(runtime.env)),
    ownBucket: config.bucketName,
  });
  return apiHandler(runtime, SERVICE, { scope: "media.write", takesMedia: true }, (request) => {
    const { domainName, apiId, requestId } = request.requestContext;
    const ownHosts = [domainName, `${apiId}.execute-api.${config.region}.amazonaws.com`];
    return endpoint(request, { ownHosts, requestId });
  });
};

export const handler = lambdaHandler(build);

interface AddMedia {
  readonly ownership: Ownership;
  /** Resolves to cielo24's TaskId. @throws {ApiError} */
  readonly deliver: (media: CallerMedia) => Promise<string>;
  readonly ownBucket: string;
}

/** cielo24's `add_media`, less `api_token`. */
export const addMediaParameters = v.object({
  v: apiVersion,
  job_id: jobId,
  media_url: v.optional(v.string()),
  is_duplicate: v.optional(
    v.pipe(v.string(), v.toLowerCase(), v.picklist(["true", "false"], "must be true or false")),
    "false",
  ),
});

/** Lambda's payload of 6 MB holds this much as base64. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

/**
 * Gives a job its media: by `media_url`, from where cielo24 fetches it, or as the small raw body of a POST. A body is media
 * if it holds no parameters, that is, if it is neither JSON nor a form.
 *
 * @param from.ownHosts host names under which this API answers
 */
export const addMedia =
  ({ ownership, deliver, ownBucket }: AddMedia) =>
  async (
    { parameters, mediaBody, caller, deadline }: ApiRequest,
    { ownHosts, requestId }: { readonly ownHosts: readonly string[]; readonly requestId: string },
  ): Promise<ApiResponse> => {
    const wanted = validate(addMediaParameters, parameters);
    const media = readMedia(wanted, mediaBody, { ownBucket, ownHosts });
    await ownership.bind(caller, wanted.job_id);
    return respond({ TaskId: await deliver({ jobId: wanted.job_id, requestId, media, deadline }) });
  };

const readMedia = (
  { media_url, is_duplicate }: v.InferOutput<typeof addMediaParameters>,
  body: Buffer | undefined,
  places: { ownBucket: string; ownHosts: readonly string[] },
): CallerMedia["media"] => {
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
  if (body !== undefined) throw invalidQuery("media_url must not be given where the body is the media.");
  const checked = checkMediaUrl(media_url, places);
  if ("refused" in checked) throw new ApiError("INVALID_URL", { comment: `media_url ${checked.refused}.` });
  return { kind: "url", mediaUrl: checked.url, isDuplicate: is_duplicate === "true" };
};
