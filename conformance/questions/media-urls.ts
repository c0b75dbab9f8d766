import { readingOf } from "../account.ts";
import { untilShown } from "../media-shown.ts";
import type { Asking, Question } from "../question.ts";
import { Unanswered } from "../unanswered.ts";

/** A name that no server has (RFC 2606). */
const UNREACHABLE = "https://media.example.invalid/tone.wav";
/** How long a URL may take to fail. */
const FAILING_MS = 120_000;
const SHORTEST_PAUSE_MS = 1_000;
/** How long cielo24 may take to fetch or to answer, and how long the answer is waited for while its GET is. */
const BEGIN_MS = 20_000;
const HELD_MS = 5_000;

/** Sends media by body until the job takes it, for two minutes. @returns the description of the last answer, and whether it did */
const becomesFree = async ({ account, tone, clock, sleep, progress }: Asking, jobId: string) => {
  const since = clock();
  for (;;) {
    const exchange = await account.post(jobId, tone);
    const reading = readingOf(exchange);
    const afterMs = clock() - since;
    if (reading === "ACCEPTED" || afterMs >= FAILING_MS)
      return { isFree: reading === "ACCEPTED", said: account.describe(exchange), afterS: Math.round(afterMs / 1000) };
    if (reading !== "REFUSED") throw new Unanswered(`media by body gave ${account.describe(exchange)}`);
    progress(`the job is not free after ${Math.round(afterMs / 1000)} s`);
    await sleep(Math.max(SHORTEST_PAUSE_MS, afterMs / 10));
  }
};

const STAYS_TAKEN = "docs/operations.md and lib/delivery/machine: a hand-over whose URL failed cannot be made again";

const unreachableUrl: Question = {
  id: "unreachable-url",
  asks: "What becomes of a media_url that cannot be reached?",
  assumed: "400 INVALID_URL at once, and the job is free",
  stands: ["dev/cielo24/pull.ts", "docs/decisions/media-source.md"],
  jobs: 1,
  media: 1,
  takes: "up to 2 minutes",
  ask: async (asking) => {
    const { account } = asking;
    const jobId = await account.newJob("unreachable-url");
    const exchange = await account.call("job/add_media", { job_id: jobId, media_url: UNREACHABLE });
    const { isFree, said, afterS } = await becomesFree(asking, jobId);
    const { errorType } = readingOf(exchange) === "REFUSED" ? account.refusalOf(exchange) : {};
    const isInvalidUrl = errorType === "INVALID_URL";
    return {
      answer: `${account.describe(exchange)}; the job is ${isFree ? `free after ${afterS} s` : "not free after 2 minutes"}`,
      evidence: [`a host that does not exist: ${account.describe(exchange)}`, `then media by body: ${said}`],
      change:
        isInvalidUrl && isFree
          ? undefined
          : isFree
            ? "lib/delivery/machine, which looks for INVALID_URL to hand over again"
            : STAYS_TAKEN,
      facts: { unreachableUrl: account.outcomeOf(exchange), unreachableUrlFreesJob: isFree },
    };
  },
};

const mediaByUrl: Question = {
  id: "media-url",
  asks: "Does add_media by URL answer before it has fetched the media?",
  assumed: "yes, once it has reached the URL; then job/info shows the media",
  stands: ["dev/cielo24/server.ts", "docs/reliability.md#what-cannot-be-promised"],
  needs: "served",
  jobs: 1,
  media: 1,
  takes: "up to 30 minutes",
  ask: async (asking) => {
    const { account, mediaUrl, clock } = asking;
    const served = mediaUrl?.serve?.("held");
    if (!served) throw new Unanswered("no URL is served");
    const jobId = await account.newJob("media-url");
    const answering = account.call("job/add_media", { job_id: jobId, media_url: served.url });
    await account.http.within(BEGIN_MS, Promise.race([answering, served.asked]));
    const isBefore = (await account.http.within(HELD_MS, answering)) !== "late";
    const before = [...served.requests];
    served.release();
    const exchange = await answering;
    if (readingOf(exchange) !== "ACCEPTED") throw new Unanswered(`add_media by URL gave ${account.describe(exchange)}`);
    const shownAfterMs = await untilShown(asking, jobId, clock());
    return {
      answer: isBefore ? "yes" : "no: only once it has fetched it",
      evidence: [
        `add_media by URL: ${account.describe(exchange)}`,
        `requests before the answer: ${before.join(", ") || "none"}`,
        `all requests: ${served.requests.join(", ") || "none"}`,
        `job/info showed the media ${shownAfterMs === undefined ? "not within 30 minutes" : `after ${shownAfterMs / 1000} s`}`,
      ],
      change:
        shownAfterMs === undefined
          ? "the parameters settleS and longestPullS, which must be longer than this takes"
          : isBefore
            ? undefined
            : "the timeouts of calls in lib/delivery: an answer comes only after the whole fetch",
      facts: { answersBeforeFetch: isBefore },
      beyondSimulator:
        before.includes("HEAD") || before.length === 0 ? undefined : "the URL is not asked by HEAD first",
    };
  },
};

const brokenUrl: Question = {
  id: "broken-url",
  asks: "Is a job free again once the fetching of its media_url has failed?",
  assumed: "yes",
  stands: ["dev/cielo24/jobs.ts", "docs/decisions/media-source.md"],
  needs: "served",
  jobs: 1,
  media: 2,
  takes: "up to 2 minutes",
  ask: async (asking) => {
    const { account, mediaUrl } = asking;
    const served = mediaUrl?.serve?.("breaks off");
    if (!served) throw new Unanswered("no URL is served");
    const jobId = await account.newJob("broken-url");
    const exchange = await account.call("job/add_media", { job_id: jobId, media_url: served.url });
    const { isFree, said, afterS } = await becomesFree(asking, jobId);
    return {
      answer: isFree ? `yes, after ${afterS} s` : "no, not within 2 minutes",
      evidence: [
        `a URL whose GET breaks off: ${account.describe(exchange)}`,
        `requests: ${served.requests.join(", ") || "none"}`,
        `then media by body: ${said}`,
      ],
      change: isFree ? undefined : STAYS_TAKEN,
      facts: { brokenUrlFreesJob: isFree },
    };
  },
};

export const mediaUrls: readonly Question[] = [unreachableUrl, mediaByUrl, brokenUrl];
