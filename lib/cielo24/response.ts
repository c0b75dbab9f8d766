import * as v from "valibot";
import { CIELO24_ERROR_TYPES, Cielo24Error } from "./errors.ts";

/** A whole HTTP answer of cielo24's; the body is cut at 64 KiB. */
export interface HttpResponse {
  readonly status: number;
  readonly body: string;
  readonly retryAfter?: string | undefined;
}

const ErrorBody = v.object({ ErrorType: v.string(), ErrorComment: v.optional(v.nullable(v.string())) });
/** Documented as 32 hex characters; read generously, since a TaskId that is not recognized is an answer lost. */
const Id = v.pipe(v.string(), v.regex(/^[0-9A-Za-z_-]{1,128}$/));

export const TaskResponse = v.object({ TaskId: Id });
export const LoginResponse = v.object({ ApiToken: Id });

/**
 * What says whether a job has its media. "No media" may let a delivery be sent again: it is not read out of an answer
 * about another job, nor out of a length that is no number. Whether a job without media has a length of null, "" or none
 * at all is not documented. Tasks left the documentation in 2015 and may still be answered: evidence where present,
 * never required.
 */
export const JobInfoResponse = v.object({
  /** Required: an answer that does not say of which job it speaks must not pass for "no media". */
  JobId: v.string(),
  MediaLengthSeconds: v.nullish(v.union([v.number(), v.pipe(v.string(), v.regex(/^(\d+(\.\d+)?)?$/))])),
  Tasks: v.optional(
    v.fallback(v.array(v.looseObject({ TaskType: v.optional(v.string()), TaskStatus: v.optional(v.string()) })), []),
  ),
});

/**
 * What cielo24's own servers answer when they fail. A 408 or 504 is the word of a gateway that waited in vain: what
 * became of the request behind it, it does not know.
 */
const SERVER_ERRORS: readonly number[] = [429, 500, 502, 503];

const MAX_COMMENT = 256;
const CONTROL_CHARACTERS = /[\p{Cc}\p{Cf}]+/gu;

/**
 * What cielo24 answered, if it is a 200 of the expected form.
 *
 * @param scrub removes the credentials from a text
 * @throws {Cielo24Error}
 */
export const readResponse = <S extends v.GenericSchema>(
  answer: HttpResponse,
  schema: S,
  scrub: (text: string) => string,
): v.InferOutput<S> => {
  const json = parseJson(answer.body);
  if (answer.status === 200) {
    const parsed = v.safeParse(schema, json);
    if (parsed.success) return parsed.output;
    throw new Cielo24Error("UNINTELLIGIBLE");
  }
  throw classify(answer, json, scrub);
};

/** The error that an answer other than the expected 200 stands for. */
const classify = (answer: HttpResponse, json: unknown, scrub: (text: string) => string): Cielo24Error => {
  const parsed = v.safeParse(ErrorBody, json);
  const errorType = parsed.success ? knownType(parsed.output.ErrorType) : undefined;
  const errorComment = parsed.success ? clean(parsed.output.ErrorComment ?? "", scrub) : undefined;
  const details = { errorType, errorComment };
  const passing = (isAnsweredError: boolean) =>
    new Cielo24Error("UNAVAILABLE", { ...details, isAnsweredError, retryAfterMs: readRetryAfter(answer.retryAfter) });
  if (answer.status === 400) {
    if (errorType === undefined) return new Cielo24Error("UNINTELLIGIBLE", details);
    if (errorType === "UNHANDLED_ERROR") return passing(true);
    if (errorType === "BAD_API_TOKEN" || errorType === "LOGIN_INVALID") return new Cielo24Error(errorType, details);
    return new Cielo24Error("REFUSED", details);
  }
  if (answer.status === 408 || answer.status === 429 || answer.status >= 500)
    return passing(SERVER_ERRORS.includes(answer.status));
  return new Cielo24Error("UNINTELLIGIBLE", details);
};

const knownType = (type: string): string | undefined => CIELO24_ERROR_TYPES.find((known) => known === type);

const clean = (comment: string, scrub: (text: string) => string): string =>
  scrub(comment).replace(CONTROL_CHARACTERS, " ").slice(0, MAX_COMMENT);

const parseJson = (text: string): unknown => {
  try {
    // Some servers put a byte order mark before what they say: it is no part of it.
    return JSON.parse(text.replace(/^\ufeff/, "")) as unknown;
  } catch {
    return undefined;
  }
};

/** Seconds, or an HTTP date relative to now; garbage is ignored. Not clamped. */
const readRetryAfter = (value: string | undefined, now = Date.now()): number | undefined => {
  if (value === undefined) return undefined;
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1000;
  const date = /^[A-Za-z]{3},/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(date - now, 0);
};

/**
 * Whether job/info shows that the job has its media.
 *
 * @throws {Cielo24Error} UNINTELLIGIBLE where it speaks of another job
 */
export const showsMedia = (info: v.InferOutput<typeof JobInfoResponse>, jobId: string): boolean => {
  if (info.JobId.toLowerCase() !== jobId.toLowerCase()) throw new Cielo24Error("UNINTELLIGIBLE");
  return (
    Number(info.MediaLengthSeconds ?? 0) > 0 ||
    (info.Tasks ?? []).some(({ TaskType, TaskStatus }) => TaskType === "JOB_ADD_MEDIA" && TaskStatus === "COMPLETE")
  );
};
