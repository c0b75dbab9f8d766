import * as v from "valibot";
import { JOB_ID_SPELLINGS, normalJobId } from "../job-id.ts";
import type { Parameters } from "./endpoint.ts";
import { ApiError, invalidQuery, quoteName } from "./errors.ts";

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

/** A schema over parameters: an object whose messages continue the parameter's name ("must be 1"). */
type ParameterSchema = v.GenericSchema<unknown, unknown> & { readonly entries: Readonly<Record<string, unknown>> };

/**
 * The parameters that the schema names, checked and converted; drops all others. Refuses a misspelt parameter, because
 * dropping it would silently ignore what the caller asked for.
 *
 * @throws {ApiError} MISSING_PARAMETER, INVALID_OPTION or INVALID_QUERY; the comment names every parameter at fault
 */
export const validate = <S extends ParameterSchema>(schema: S, parameters: Parameters): v.InferOutput<S> => {
  refuseMisspelt(Object.keys(schema.entries), parameters);
  const result = v.safeParse(schema, parameters, { abortPipeEarly: true });
  if (result.success) return result.output;
  const [first] = result.issues;
  throw new ApiError(codeOf(first), { comment: result.issues.map(describe).join(" ") });
};

const refuseMisspelt = (known: readonly string[], parameters: Parameters): void => {
  const missing = known.filter((name) => !(name in parameters));
  for (const name of Object.keys(parameters)) {
    if (known.includes(name)) continue;
    // A parameter that is also given under its own name was not misspelt.
    const meant = meantParameter(name, missing);
    if (meant !== undefined)
      throw invalidQuery(`${quoteName(name)} is no parameter of this call: did you mean ${meant}?`);
  }
};

type Issue = v.BaseIssue<unknown>;

const isMissing = (issue: Issue): boolean => issue.input === undefined;

const codeOf = (issue: Issue) => {
  if (isMissing(issue)) return "MISSING_PARAMETER";
  return issue.type === "picklist" ? "INVALID_OPTION" : "INVALID_QUERY";
};

const describe = (issue: Issue): string =>
  `${v.getDotPath(issue) ?? "The request"} ${isMissing(issue) ? "is missing" : issue.message}.`;

/**
 * Other names that callers use for a parameter, without case and separators. Slips of one letter need no entry here.
 */
const SYNONYMS: Readonly<Record<string, readonly string[]>> = {
  v: ["version", "apiversion"],
  job_id: ["job", "jobuuid"],
  media_url: ["url", "uri", "mediauri", "medialink", "link", "src"],
  is_duplicate: ["duplicate", "allowduplicate", "allowduplicates"],
  reference_id: ["reference"],
  requestor_id: ["requestor", "requester"],
  content_length: ["size", "filesize", "sizebytes", "length", "mediasize", "contentsize"],
  content_type: ["filetype", "mimetype", "mediatype"],
  upload_id: ["upload", "multipartuploadid"],
  part_number: ["part", "partno", "partnr", "partnum", "partid"],
  wait: ["waitseconds"],
};
/** In a shorter name, one slip leaves too little to tell which parameter was meant. */
const SHORTEST_FOR_A_SLIP = 4;

/**
 * The parameter that an unknown name was almost certainly meant to be: the same but for case and separators (`jobId`,
 * `media-url`), a known synonym, or one letter added, missing, wrong or swapped with its neighbour. Undefined for all
 * other names, since clients may send more than this API reads.
 */
export const meantParameter = (name: string, known: readonly string[]): string | undefined => {
  const written = fold(name);
  return (
    known.find((each) => fold(each) === written) ??
    known.find((each) => SYNONYMS[each]?.includes(written)) ??
    known.find((each) => isOneSlipFrom(written, fold(each)))
  );
};

const fold = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, "");

const isOneSlipFrom = (written: string, meant: string): boolean => {
  if (meant.length < SHORTEST_FOR_A_SLIP || Math.abs(written.length - meant.length) > 1) return false;
  let at = 0;
  while (at < written.length && written[at] === meant[at]) at += 1;
  const [rest, itsRest] = [written.slice(at), meant.slice(at)];
  return (
    rest.slice(1) === itsRest.slice(1) ||
    rest.slice(1) === itsRest ||
    rest === itsRest.slice(1) ||
    (rest[0] === itsRest[1] && rest[1] === itsRest[0] && rest.slice(2) === itsRest.slice(2))
  );
};
