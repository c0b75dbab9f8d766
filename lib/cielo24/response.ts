import * as v from "valibot";
import { parseJson } from "../json.ts";
import { CIELO24_ERROR_TYPES, Cielo24Error } from "./api.ts";

/** A complete HTTP response of cielo24's; the body is cut at 64 KiB. */
export interface HttpResponse {
  readonly status: number;
  readonly body: string;
  readonly retryAfter?: string | undefined;
}

const ErrorBody = v.object({ ErrorType: v.string(), ErrorComment: v.optional(v.nullable(v.string())) });
/** Documented as 32 hex characters. Other ids pass as well: a TaskId that is not recognized would be a lost response. */
const Id = v.pipe(v.string(), v.regex(/^[0-9A-Za-z_-]{1,128}$/));

export const TaskResponse = v.object({ TaskId: Id });
export const LoginResponse = v.object({ ApiToken: Id });

/**
 * The fields of job/info that say whether the job has its media. "No media" may cause a delivery to be sent again, so it
 * is never concluded from a response about another job, or from a length that is not a number. Jobs without media may
 * have a length of null, "" or none: this is not documented. Tasks left the documentation in 2015 and may still be sent:
 * they are evidence if present, and never required.
 */
export const JobInfoResponse = v.object({
  /** Required: a response that does not name its job must not pass for "no media". */
  JobId: v.string(),
  MediaLengthSeconds: v.nullish(v.union([v.number(), v.pipe(v.string(), v.regex(/^(\d+(\.\d+)?)?$/))])),
  Tasks: v.optional(
    v.fallback(v.array(v.looseObject({ TaskType: v.optional(v.string()), TaskStatus: v.optional(v.string()) })), []),
  ),
});

/**
 * Statuses that cielo24's own servers send when they fail. A 408 or 504 comes from a gateway that gave up waiting, and
 * does not say what became of the request behind it.
 */
const SERVER_ERRORS: readonly number[] = [429, 500, 502, 503];

const MAX_COMMENT = 256;
const CONTROL_CHARACTERS = /[\p{Cc}\p{Cf}]+/gu;

/**
 * The content of a 200 of the expected form.
 *
 * @param scrub removes the credentials from a text
 * @throws {Cielo24Error} for every other response
 */
export const readResponse = <S extends v.GenericSchema>(
  response: HttpResponse,
  schema: S,
  scrub: (text: string) => string,
): v.InferOutput<S> => {
  // Some servers begin with a byte order mark, which is not part of the JSON.
  const json = parseJson(response.body.replace(/^\ufeff/, ""));
  if (response.status !== 200) throw toError(response, json, scrub);
  const parsed = v.safeParse(schema, json);
  if (!parsed.success) throw new Cielo24Error("UNINTELLIGIBLE");
  return parsed.output;
};

const toError = (
  { status, retryAfter }: HttpResponse,
  json: unknown,
  scrub: (text: string) => string,
): Cielo24Error => {
  const parsed = v.safeParse(ErrorBody, json);
  const errorType = parsed.success ? CIELO24_ERROR_TYPES.find((type) => type === parsed.output.ErrorType) : undefined;
  const errorComment = parsed.success ? clean(parsed.output.ErrorComment ?? "", scrub) : undefined;
  const details = { errorType, errorComment };
  const isUnhandled = status === 400 && errorType === "UNHANDLED_ERROR";
  if (isUnhandled || status === 408 || status === 429 || status >= 500)
    return new Cielo24Error("UNAVAILABLE", {
      ...details,
      isAnsweredError: isUnhandled || SERVER_ERRORS.includes(status),
      retryAfterMs: readRetryAfter(retryAfter),
    });
  if (status !== 400 || errorType === undefined) return new Cielo24Error("UNINTELLIGIBLE", details);
  const isOfLogin = errorType === "BAD_API_TOKEN" || errorType === "LOGIN_INVALID";
  return new Cielo24Error(isOfLogin ? errorType : "REFUSED", details);
};

const clean = (comment: string, scrub: (text: string) => string): string =>
  scrub(comment).replace(CONTROL_CHARACTERS, " ").slice(0, MAX_COMMENT);

/** Seconds, or an HTTP date relative to now. Anything else is ignored; nothing is clamped. */
const readRetryAfter = (value: string | undefined, now = Date.now()): number | undefined => {
  if (value === undefined) return undefined;
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1000;
  const date = /^[A-Za-z]{3},/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(date - now, 0);
};

/**
 * Whether job/info shows that the job has its media.
 *
 * @throws {Cielo24Error} UNINTELLIGIBLE if it describes another job
 */
export const showsMedia = (info: v.InferOutput<typeof JobInfoResponse>, jobId: string): boolean => {
  if (info.JobId.toLowerCase() !== jobId.toLowerCase()) throw new Cielo24Error("UNINTELLIGIBLE");
  return (
    Number(info.MediaLengthSeconds ?? 0) > 0 ||
    (info.Tasks ?? []).some(({ TaskType, TaskStatus }) => TaskType === "JOB_ADD_MEDIA" && TaskStatus === "COMPLETE")
  );
};
