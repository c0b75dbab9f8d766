import * as v from "valibot";

/** cielo24 knows one version of its API. */
export const apiVersion = v.picklist(["1"], "must be 1");

/** cielo24's ids. Upper case is refused rather than converted: the id is part of keys and compared as it is. */
export const jobId = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/, "must be 32 hex characters, in lower case"));

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
