import * as v from "valibot";
import { JOB_ID_SPELLINGS, normalJobId } from "../job-id.ts";

/** cielo24 knows one version of its API. */
export const apiVersion = v.picklist(["1"], "must be 1");

/** A job's id, however it is spelt; comes out in its normal form. */
export const jobId = v.pipe(
  v.string(),
  v.regex(JOB_ID_SPELLINGS, "must be 32 hex characters, with or without the hyphens of a UUID"),
  v.transform((text) => normalJobId(text) ?? text),
);

/** Text that cielo24 stores for a client. */
export const plainText = v.pipe(
  v.string(),
  v.maxLength(2048, "must be at most 2,048 characters long"),
  // eslint-disable-next-line no-control-regex -- control characters are what it looks for
  v.regex(/^[^\u0000-\u001f\u007f]*$/, "must be text without control characters"),
  v.check((text) => text.isWellFormed(), "must be text without control characters"),
);

export const wholeNumber = (min: number, max: number) =>
  v.pipe(
    v.string(),
    v.regex(/^\d{1,15}$/, "must be a whole number"),
    v.transform(Number),
    v.minValue(min, `must be at least ${min}`),
    v.maxValue(max, `must be at most ${max}`),
  );
