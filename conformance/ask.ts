import type { Facts } from "../dev/cielo24/facts.ts";
import { Unreachable } from "./http.ts";
import type { Asking, Finding, Need, Question } from "./question.ts";
import { makeTone } from "./sample.ts";
import { Interrupted, Unanswered } from "./unanswered.ts";

export type Verdict = "as assumed" | "other than assumed" | "not answered";

export interface Result {
  readonly question: Question;
  readonly verdict: Verdict;
  readonly finding?: Finding;
  /** Why there is no answer. */
  readonly why?: string;
}

/** What the questions are asked with. */
export interface AskOptions extends Pick<Asking, "account" | "clock" | "sleep" | "progress" | "agrees" | "mediaUrl"> {
  readonly questions: readonly Question[];
  readonly isLong: boolean;
  readonly signal: AbortSignal;
  /** Called with each result as it is known. */
  readonly onResult: (result: Result) => void;
}

const WHY: Readonly<Record<Need, string>> = {
  login: "it needs CIELO24_USERNAME with CIELO24_SECUREKEY or CIELO24_PASSWORD",
  securekey: "it needs CIELO24_USERNAME with CIELO24_SECUREKEY",
  long: "it takes an hour: --long",
  served: "cielo24 has to fetch from this machine: --media-url and --serve",
};

/** Asks one question after another. Once the signal aborts, the rest is not answered. */
export const ask = async (
  options: AskOptions,
): Promise<{ readonly results: readonly Result[]; readonly facts: Facts }> => {
  const { account, questions, signal, onResult } = options;
  const results: Result[] = [];
  let facts: Facts = {};
  const tone = makeTone(440);
  const asking: Asking = {
    ...options,
    facts: () => facts,
    tone,
    otherTone: makeTone(880),
    plainJob: once(() => account.newJob("no media")),
    jobWithMedia: once(async () => {
      const jobId = await account.newJob("media");
      const exchange = await account.post(jobId, tone);
      if (account.outcomeOf(exchange) !== "accepted")
        throw new Unanswered(`media by body gave ${account.describe(exchange)}`);
      return { jobId, sentAt: exchange.sentAt, answer: account.describe(exchange) };
    }),
  };
  for (const question of questions) {
    const result = await answer(question, asking, lacks(question, options) ?? reasonOf(signal));
    facts = { ...facts, ...result.finding?.facts };
    results.push(result);
    onResult(result);
  }
  return { results, facts };
};

const answer = async (question: Question, asking: Asking, why: string | undefined): Promise<Result> => {
  if (why !== undefined) return { question, verdict: "not answered", why };
  try {
    const finding = await question.ask(asking);
    return { question, finding, verdict: finding.change === undefined ? "as assumed" : "other than assumed" };
  } catch (error) {
    if (error instanceof Unanswered || error instanceof Unreachable || error instanceof Interrupted)
      return { question, verdict: "not answered", why: error.message };
    // A defect of this program must not take the other answers with it.
    return { question, verdict: "not answered", why: `this program failed: ${asking.account.clean(String(error))}` };
  }
};

const reasonOf = ({ aborted, reason }: AbortSignal): string | undefined =>
  aborted ? (reason as Error).message : undefined;

/** How many jobs the questions make at most, and how often they send media if nothing is tried again. */
export const planOf = (questions: readonly Question[]): { readonly jobs: number; readonly media: number } => {
  const sum = (of: "jobs" | "media") => questions.reduce((total, question) => total + (question[of] ?? 0), 0);
  const shared = new Set(questions.flatMap(({ shares }) => shares ?? []));
  return { jobs: sum("jobs") + shared.size, media: sum("media") + (shared.has("jobWithMedia") ? 1 : 0) };
};

/** Why the question cannot be asked. */
export const lacks = (
  { needs }: Question,
  { account, isLong, mediaUrl }: Pick<AskOptions, "account" | "isLong" | "mediaUrl">,
): string | undefined => {
  if (needs === undefined) return undefined;
  const has: Readonly<Record<Need, boolean>> = {
    login: account.credentials !== undefined,
    securekey: account.credentials?.by === "securekey",
    long: isLong,
    served: mediaUrl?.serve !== undefined,
  };
  return has[needs] ? undefined : WHY[needs];
};

/** Makes a thing when it is first wanted. What could not be made is tried again. */
const once = <T>(make: () => Promise<T>): (() => Promise<T>) => {
  let made: Promise<T> | undefined;
  return () =>
    (made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    }));
};
