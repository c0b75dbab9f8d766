import { readFile } from "node:fs/promises";
import * as v from "valibot";

/** A response that accepts nothing. Without `errorType` it is not cielo24's JSON. */
const Refusal = v.strictObject({
  status: v.pipe(v.number(), v.integer(), v.minValue(200), v.maxValue(599)),
  errorType: v.optional(v.string()),
  errorComment: v.optional(v.string()),
});
export type Refusal = v.InferOutput<typeof Refusal>;

/** How a call ends: with a 200 that has what is documented, otherwise, or without a response. */
const Outcome = v.union([v.literal("accepted"), v.literal("closed"), Refusal]);
export type Outcome = v.InferOutput<typeof Outcome>;

const Milliseconds = v.pipe(v.number(), v.integer(), v.minValue(0));

/** What one account at cielo24 does, as far as the simulated cielo24 can do the same. */
const AllFacts = v.strictObject({
  /** How a token that is wrong or has expired is refused. */
  invalidToken: Refusal,
  /** How long an unused token is valid. Null: no end was seen. */
  tokenLifeMs: v.nullable(Milliseconds),
  /** A login ends the sessions that the account already has. */
  loginEndsEarlierTokens: v.boolean(),
  /** The account's securekey is taken where a token is asked for. */
  securekeyIsToken: v.boolean(),
  /** The Content-Type of errors. */
  errorContentType: v.string(),
  missingParameter: Refusal,
  /** `v` is there and is not 1. */
  wrongVersion: Refusal,
  unknownAction: Refusal,
  /** A call with a parameter that no documentation has. */
  unknownParameter: Outcome,
  unknownJob: Refusal,
  upperCaseJobId: Outcome,
  hyphenatedJobId: Outcome,
  /** MediaLengthSeconds of a job without media. "absent": job/info does not have the field. */
  lengthWithoutMedia: v.nullable(v.picklist(["", 0, "absent"])),
  /** job/info has Tasks. */
  showsTasks: v.boolean(),
  updateMetadata: Outcome,
  /** How long after it was accepted job/info shows the media. */
  mediaShownAfterMs: Milliseconds,
  secondMediaSameBytes: Outcome,
  secondMediaOtherBytes: Outcome,
  secondMediaByUrl: Outcome,
  emptyMedia: Outcome,
  /** Media that is sent with a Content-Type. */
  mediaWithContentType: Outcome,
  /** A body that ends before its Content-Length. "accepted": what came is taken for the media. */
  bodyCutShort: v.picklist(["accepted", "closed"]),
  /** A chunked body without its last chunk. */
  chunkedBodyCutShort: Outcome,
  /** What `Expect: 100-continue` is answered with, before the body comes. */
  expectContinue: v.union([v.picklist(["continued", "ignored"]), Refusal]),
  /** From this number of bodies at once, how one more is answered. Null: all were taken. */
  uploadsAtOnce: v.nullable(v.strictObject({ most: v.pipe(v.number(), v.integer(), v.minValue(0)), more: Outcome })),
  /** A media_url that cannot be reached. "accepted": it gets a TaskId all the same. */
  unreachableUrl: Outcome,
  unreachableUrlFreesJob: v.boolean(),
  /** add_media by URL is answered before the media is fetched. */
  answersBeforeFetch: v.boolean(),
  /** A job can have other media once the fetching of a URL has failed. */
  brokenUrlFreesJob: v.boolean(),
  /** How long an idle connection stays open. Null: no end was seen. */
  keepAliveMs: v.nullable(Milliseconds),
});
type AllFacts = v.InferOutput<typeof AllFacts>;
export type Facts = Readonly<Partial<AllFacts>>;

const HOUR_MS = 3_600_000;
const SECOND_MEDIA = { status: 400, errorType: "INVALID_QUERY", errorComment: "The job already has media." };
const MALFORMED_JOB_ID = { status: 400, errorType: "INVALID_QUERY", errorComment: "job_id must be hex." };

/** What the simulator does unless facts say otherwise: what cielo24's documentation says, or what is guessed where it is silent. */
export const DEFAULT_FACTS: Readonly<AllFacts> = {
  invalidToken: {
    status: 400,
    errorType: "BAD_API_TOKEN",
    errorComment: "The API token is invalid or has expired.",
  },
  tokenLifeMs: HOUR_MS,
  loginEndsEarlierTokens: false,
  securekeyIsToken: false,
  errorContentType: "application/json",
  missingParameter: { status: 400, errorType: "MISSING_PARAMETER" },
  wrongVersion: { status: 400, errorType: "INVALID_OPTION" },
  unknownAction: { status: 404 },
  unknownParameter: "accepted",
  unknownJob: { status: 400, errorType: "ITEM_NOT_FOUND", errorComment: "The job does not exist." },
  upperCaseJobId: MALFORMED_JOB_ID,
  hyphenatedJobId: MALFORMED_JOB_ID,
  lengthWithoutMedia: null,
  showsTasks: false,
  updateMetadata: "accepted",
  mediaShownAfterMs: 0,
  secondMediaSameBytes: SECOND_MEDIA,
  secondMediaOtherBytes: SECOND_MEDIA,
  secondMediaByUrl: SECOND_MEDIA,
  emptyMedia: { status: 400, errorType: "INVALID_QUERY", errorComment: "The media's size is not allowed." },
  mediaWithContentType: "accepted",
  bodyCutShort: "closed",
  chunkedBodyCutShort: { status: 411 },
  expectContinue: "continued",
  uploadsAtOnce: null,
  unreachableUrl: {
    status: 400,
    errorType: "INVALID_URL",
    errorComment: "The media URL could not be reached.",
  },
  unreachableUrlFreesJob: true,
  answersBeforeFetch: true,
  brokenUrlFreesJob: true,
  /** Node's five seconds, and the one that it adds to what it announces. */
  keepAliveMs: 6_000,
};

/** The facts of one account with where and when they were found, as `npm run conformance` writes them. */
const FactsFile = v.strictObject({
  version: v.literal(1),
  /** When cielo24 was asked. */
  date: v.pipe(v.string(), v.isoTimestamp()),
  baseUrl: v.pipe(v.string(), v.url()),
  facts: v.partial(AllFacts),
});
export type FactsFile = Omit<v.InferOutput<typeof FactsFile>, "facts"> & { readonly facts: Facts };

/** A facts file cannot be used. The message names the file and what is wrong with it. */
export class FactsError extends Error {
  override readonly name = "FactsError";
}

/** @throws {FactsError} */
export const readFacts = async (file: string): Promise<FactsFile> => {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw new FactsError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown"}).`);
  });
  return parseFacts(text, file);
};

const parseFacts = (text: string, file: string): FactsFile => {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new FactsError(`${file} is no JSON. npm run conformance writes such files.`);
  }
  const parsed = v.safeParse(FactsFile, json);
  if (parsed.success) return parsed.output as FactsFile;
  const [issue] = parsed.issues;
  throw new FactsError(`${file} is no facts file of version 1: ${v.getDotPath(issue) ?? "it"}: ${issue.message}.`);
};
