import * as v from "valibot";
import { apiVersion, jobId, plainText, wholeNumber } from "../../lib/http/fields.ts";

/** Far above what S3 takes, so that S3's limits can be answered with 413 and what to do instead. */
const contentLength = wholeNumber(1, 999_999_999_999_999);
const contentType = v.pipe(
  plainText,
  v.regex(/^[\w!#$&^.+-]{1,100}\/[\w!#$&^.+-]{1,100}(?:; ?[ -~]{1,100})?$/, "must be a media type such as video/mp4"),
);

/** `GET /api/job/request_upload_url`: cielo24's own action, and what we need to know of the file. */
export const requestUploadUrlParameters = v.object({
  v: apiVersion,
  job_id: jobId,
  filename: v.optional(plainText),
  content_length: v.optional(contentLength),
  content_type: v.optional(contentType),
});

/** `POST /api/job/sign_upload`: which request to S3 is to be signed. `v` may be left out, as it is no action of cielo24's. */
export const signUploadParameters = v.object({
  v: v.optional(apiVersion),
  job_id: jobId,
  method: v.pipe(
    v.string(),
    v.toUpperCase(),
    v.picklist(["GET", "PUT", "POST", "DELETE"], "must be GET, PUT, POST or DELETE"),
  ),
  key: v.optional(v.pipe(v.string(), v.maxLength(1024, "is too long"))),
  upload_id: v.optional(v.pipe(v.string(), v.regex(/^[!-~]{1,1024}$/, "must be as S3 answered it"))),
  /** With GET, where the list goes on: the last part of the page before. */
  part_number: v.optional(wholeNumber(1, 10_000)),
  filename: v.optional(plainText),
  content_length: v.optional(contentLength),
  content_type: v.optional(contentType),
});

export type SignUploadParameters = v.InferOutput<typeof signUploadParameters>;
