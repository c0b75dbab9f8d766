import { ApiError } from "../../lib/http/errors.ts";

/** S3 takes 5 GiB in one request, a single PUT or a part. */
const MAX_REQUEST_BYTES = 5_368_709_120;

const GROUPED = new Intl.NumberFormat("en");

/** @throws {ApiError} MEDIA_TOO_LARGE */
export const checkMediaSize = (sizeBytes: number | undefined, maxMediaBytes: number): void => {
  if (sizeBytes !== undefined && sizeBytes > maxMediaBytes)
    throw new ApiError("MEDIA_TOO_LARGE", {
      comment: `The media has ${GROUPED.format(sizeBytes)} bytes; at most ${GROUPED.format(maxMediaBytes)} can be delivered. Make it smaller, or cut it up for several jobs.`,
    });
};

/** @throws {ApiError} MEDIA_TOO_LARGE */
export const checkRequestSize = (sizeBytes: number | undefined): void => {
  if (sizeBytes !== undefined && sizeBytes > MAX_REQUEST_BYTES)
    throw new ApiError("MEDIA_TOO_LARGE", {
      comment: `One request to S3 takes at most ${GROUPED.format(MAX_REQUEST_BYTES)} bytes: upload in parts, signed by /api/job/sign_upload.`,
    });
};
