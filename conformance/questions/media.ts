import type { ClientRequest } from "node:http";
import type { Outcome } from "../../dev/cielo24/facts.ts";
import { bodyOf, errorTypeOf, readingOf } from "../account.ts";
import type { Exchange } from "../http.ts";
import { untilShown, SHOWN_LIMIT_MS } from "../media-shown.ts";
import type { Asking, Finding, Question } from "../question.ts";
import { Unanswered } from "../unanswered.ts";

/** As many as a stage of production sends at once by default (`maximumConcurrency`). */
const AT_ONCE = 10;
/** How long all of them are held back before their last bytes: what is written has not arrived yet. */
const HELD_MS = 1_000;
/** How long a body that was cut short may take to be answered. */
const CUT_TIMEOUT_MS = 30_000;
/** How long `Expect: 100-continue` may take to be answered: after that, clients send the body. */
const CONTINUE_MS = 5_000;

const mediaShown: Question = {
  id: "media-shown",
  asks: "How long after the last byte does job/info show the media?",
  assumed: "within 30 minutes (settleS, in seconds)",
  stands: ["lib/config.ts", "docs/parameters.md", "docs/reliability.md#what-it-rests-on"],
  shares: "jobWithMedia",
  takes: "up to 30 minutes",
  ask: async (asking) => {
    const { jobId, sentAt, answer } = await asking.jobWithMedia();
    const shownAfterMs = await untilShown(asking, jobId, sentAt);
    const evidence = [`add_media with a body: ${answer}`];
    if (shownAfterMs === undefined)
      return {
        answer: "not within 30 minutes",
        evidence: [...evidence, "job/info showed no media for 30 minutes"],
        change: "the parameters settleS and serverErrorSettleS, which must be longer than this takes",
        facts: { mediaShownAfterMs: SHOWN_LIMIT_MS },
        beyondSimulator: "that it may take still longer",
      };
    const info = bodyOf(await asking.account.call("job/info", { job_id: jobId })) as Readonly<Record<string, unknown>>;
    return {
      answer: `${shownAfterMs / 1000} s`,
      evidence: [
        ...evidence,
        `job/info showed the media after ${shownAfterMs / 1000} s`,
        `MediaLengthSeconds: ${JSON.stringify(info["MediaLengthSeconds"])}, fields: ${Object.keys(info).join(", ")}`,
      ],
      facts: { mediaShownAfterMs: shownAfterMs, showsTasks: "Tasks" in info },
    };
  },
};

const secondMedia: Question = {
  id: "second-media",
  asks: "How is second media for a job reported?",
  assumed: "400 with a documented ErrorType, for the same bytes, other bytes, and a media_url",
  stands: ["lib/cielo24/api.ts", "docs/reliability.md#what-it-rests-on", "dev/cielo24/jobs.ts"],
  shares: "jobWithMedia",
  media: 3,
  ask: async (asking) => {
    const { account, tone, otherTone, mediaUrl } = asking;
    const { jobId } = await asking.jobWithMedia();
    const same = await account.post(jobId, tone, { isAnyAnswer: true });
    const other = await account.post(jobId, otherTone, { isAnyAnswer: true });
    const byUrl = mediaUrl
      ? await account.call(
          "job/add_media",
          { job_id: jobId, media_url: mediaUrl.url, is_duplicate: "true" },
          { isAnyAnswer: true },
        )
      : undefined;
    const asked = [same, other, ...(byUrl ? [byUrl] : [])];
    const accepted = asked.some((exchange) => readingOf(exchange) === "ACCEPTED");
    const refused = asked.every((exchange) => readingOf(exchange) === "REFUSED");
    return {
      answer: accepted ? "it is accepted" : account.describe(other),
      evidence: [
        `the same bytes: ${account.describe(same)}`,
        `other bytes: ${account.describe(other)}`,
        `a media_url: ${byUrl ? account.describe(byUrl) : "not asked (--media-url)"}`,
      ],
      change: refused
        ? undefined
        : accepted
          ? "nothing in the proxy, but only its ledger now prevents second media: leave resendAfterUnknown at false"
          : "lib/cielo24/api.ts, the list of ErrorTypes: such a response leaves an outcome unknown, for a person to settle",
      facts: {
        secondMediaSameBytes: account.outcomeOf(same),
        secondMediaOtherBytes: account.outcomeOf(other),
        ...(byUrl ? { secondMediaByUrl: account.outcomeOf(byUrl) } : {}),
      },
    };
  },
};

const expectContinue: Question = {
  id: "expect-continue",
  asks: "What does Expect: 100-continue lead to?",
  assumed: "to 100 Continue; the proxy never sends it, clients of cielo24's do",
  stands: ["dev/cielo24/server.ts"],
  shares: "jobWithMedia",
  media: 1,
  ask: async (asking) => {
    const { account, tone } = asking;
    const { jobId } = await asking.jobWithMedia();
    const seen = { isContinued: false };
    const exchange = await account.post(jobId, tone, {
      headers: { expect: "100-continue" },
      send: (request) => {
        const timer = setTimeout(() => request.end(tone), CONTINUE_MS);
        request.on("continue", () => {
          clearTimeout(timer);
          seen.isContinued = true;
          request.end(tone);
        });
        request.on("response", () => {
          clearTimeout(timer);
        });
        request.on("close", () => {
          clearTimeout(timer);
        });
        request.flushHeaders();
      },
    });
    const { isContinued } = seen;
    const isExpectation = exchange.status === 417;
    const answer = isContinued ? "continued" : isExpectation ? account.refusalOf(exchange) : "ignored";
    return {
      answer: isContinued ? "100 Continue" : isExpectation ? account.describe(exchange) : "no 100 Continue",
      evidence: [
        isContinued ? "100 Continue came before the body was sent" : "no 100 Continue within 5 s",
        `in the end: ${account.describe(exchange)}`,
      ],
      change: isContinued ? undefined : "nothing in the proxy, which does not send it",
      facts: { expectContinue: answer },
    };
  },
};

const contentType: Question = {
  id: "media-content-type",
  asks: "May media be sent with a Content-Type?",
  assumed: "yes; the proxy sends none, cielo24's own clients send video/mp4",
  stands: ["dev/cielo24/server.ts"],
  jobs: 1,
  media: 1,
  ask: async ({ account, tone }) => {
    const jobId = await account.newJob("media-content-type");
    const exchange = await account.post(jobId, tone, { headers: { "content-type": "video/mp4" } });
    const isAccepted = readingOf(exchange) === "ACCEPTED";
    return {
      answer: isAccepted ? "yes" : `no: ${account.describe(exchange)}`,
      evidence: [`add_media with Content-Type video/mp4: ${account.describe(exchange)}`],
      change: isAccepted ? undefined : "nothing in the proxy, which sends none",
      facts: { mediaWithContentType: account.outcomeOf(exchange) },
    };
  },
};

const emptyMedia: Question = {
  id: "empty-media",
  asks: "How is media of zero bytes answered?",
  assumed: "it is refused and leaves the job free; the proxy refuses it first",
  stands: ["dev/cielo24/server.ts", "lib/media/no-media.ts"],
  jobs: 1,
  media: 2,
  ask: async ({ account, tone }) => {
    const jobId = await account.newJob("empty-media");
    const exchange = await account.post(jobId, new Uint8Array());
    const isRefused = readingOf(exchange) !== "ACCEPTED";
    const whole = await account.post(jobId, tone);
    const isFree = readingOf(whole) === "ACCEPTED";
    return {
      answer: isRefused
        ? `${account.describe(exchange)}; the job is ${isFree ? "free" : "not free"}`
        : "it is accepted",
      evidence: [`zero bytes: ${account.describe(exchange)}`, `then whole media: ${account.describe(whole)}`],
      change: isRefused && isFree ? undefined : "nothing in the proxy, which sends no empty media",
      facts: { emptyMedia: account.outcomeOf(exchange) },
      beyondSimulator: isRefused && !isFree ? "a job that refused media of zero bytes is not free" : undefined,
    };
  },
};

/** Sends half of the body, and ends the connection. */
const cut =
  (body: Uint8Array, by: "an end" | "a reset") =>
  (request: ClientRequest): void => {
    request.write(body.subarray(0, body.byteLength / 2), () => {
      if (by === "an end") request.socket?.end();
      else request.socket?.resetAndDestroy();
    });
  };

/** Waits until what cielo24 may have taken would show, and finds out whether the job is free. */
const judgeCut = async (
  { account, tone, sleep, facts, progress }: Asking,
  jobId: string,
  exchanges: readonly { readonly how: string; readonly exchange: Exchange }[],
): Promise<{ readonly isTaken: boolean; readonly isFree: boolean; readonly evidence: readonly string[] }> => {
  const waitMs = 2 * (facts().mediaShownAfterMs ?? 0) + 2_000;
  progress(`${Math.ceil(waitMs / 1000)} s to wait for media that must not show`);
  await sleep(Math.min(waitMs, SHOWN_LIMIT_MS));
  const isShown = await account.hasMedia(jobId);
  const whole = await account.post(jobId, tone);
  const isFree = readingOf(whole) === "ACCEPTED";
  if (!isFree && readingOf(whole) !== "REFUSED")
    throw new Unanswered(`whole media for the same job gave ${account.describe(whole)}`);
  return {
    isTaken: isShown || exchanges.some(({ exchange }) => readingOf(exchange) === "ACCEPTED"),
    isFree,
    evidence: [
      ...exchanges.map(({ how, exchange }) => `${how}: ${account.describe(exchange)}`),
      `job/info ${waitMs / 1000} s later: ${isShown ? "media" : "no media"}`,
      `then whole media for the same job: ${account.describe(whole)}`,
    ],
  };
};

const ON_SAFE_TO_SEND_AGAIN =
  'do not let this account be sent bodies: set deliveryMode to "url". "Safe to send again" rests on it (docs/reliability.md)';

const findingOfCut = (
  judged: Awaited<ReturnType<typeof judgeCut>>,
  response: string,
): Pick<Finding, "answer" | "evidence" | "change" | "beyondSimulator"> => ({
  answer: judged.isTaken
    ? "it is taken for the media"
    : judged.isFree
      ? `it is refused (${response}), and the job is free`
      : "it is not taken, but the job is not free either",
  evidence: judged.evidence,
  change: judged.isTaken || !judged.isFree ? ON_SAFE_TO_SEND_AGAIN : undefined,
  beyondSimulator: judged.isTaken || judged.isFree ? undefined : "a body that is cut short leaves the job not free",
});

const cutShort: Question = {
  id: "cut-short",
  asks: "What becomes of a body that ends before its Content-Length?",
  assumed: "it is refused, and the job is free",
  stands: ["docs/reliability.md#what-it-rests-on", "lib/cielo24/api.ts", "lib/cielo24/transport/held-post.ts"],
  jobs: 1,
  media: 3,
  takes: "twice as long as media-shown",
  ask: async (asking) => {
    const { account, tone } = asking;
    const jobId = await account.newJob("cut-short");
    const exchanges = [];
    for (const by of ["a reset", "an end"] as const)
      exchanges.push({
        how: `half of a body, then ${by} of the connection`,
        exchange: await account.post(jobId, tone, {
          send: cut(tone, by),
          timeoutMs: CUT_TIMEOUT_MS,
          isAnyAnswer: true,
        }),
      });
    const judged = await judgeCut(asking, jobId, exchanges);
    const response = exchanges.map(({ exchange }) => exchange.status).find((status) => status !== "closed");
    const finding = findingOfCut(judged, response === undefined ? "no response" : String(response));
    return {
      ...finding,
      facts: { bodyCutShort: judged.isTaken ? "accepted" : "closed" },
      beyondSimulator:
        finding.beyondSimulator ?? (response === undefined || judged.isTaken ? undefined : `the response ${response}`),
    };
  },
};

const cutShortChunked: Question = {
  id: "cut-short-chunked",
  asks: "What becomes of a chunked body that lacks its last chunk?",
  assumed: "it is refused, and the job is free; the proxy always sends a Content-Length",
  stands: ["dev/cielo24/server.ts", "docs/reliability.md#what-it-rests-on"],
  jobs: 1,
  media: 2,
  takes: "twice as long as media-shown",
  ask: async (asking) => {
    const { account, tone } = asking;
    const jobId = await account.newJob("cut-short-chunked");
    const exchange = await account.call(
      "job/add_media",
      { job_id: jobId },
      {
        method: "POST",
        headers: { "transfer-encoding": "chunked" },
        send: cut(tone, "an end"),
        timeoutMs: CUT_TIMEOUT_MS,
        isAnyAnswer: true,
      },
    );
    const judged = await judgeCut(asking, jobId, [{ how: "chunks, then an end of the connection", exchange }]);
    const outcome: Outcome = judged.isTaken
      ? "accepted"
      : exchange.status === "timed out"
        ? "closed"
        : account.outcomeOf(exchange);
    return {
      ...findingOfCut(judged, String(exchange.status)),
      facts: { chunkedBodyCutShort: outcome },
    };
  },
};

const uploadsAtOnce: Question = {
  id: "uploads-at-once",
  asks: "How many uploads can run at once?",
  assumed: `at least ${AT_ONCE}, the default of maximumConcurrency in production`,
  stands: ["params.example.yml", "docs/parameters.md"],
  jobs: AT_ONCE,
  media: AT_ONCE,
  ask: async ({ account, tone, progress }) => {
    const jobIds: string[] = [];
    while (jobIds.length < AT_ONCE) {
      progress(`job ${jobIds.length + 1} of ${AT_ONCE}`);
      jobIds.push(await account.newJob("uploads-at-once"));
    }
    // Each sends its last byte only once all have sent the others.
    let underWay = 0;
    const { promise: all, resolve: goOn } = Promise.withResolvers<undefined>();
    const arrived = () => {
      underWay += 1;
      if (underWay === AT_ONCE) goOn(undefined);
    };
    // If the program is to end, the requests end by themselves.
    const goesOn = all
      .then(() => account.http.within(HELD_MS, new Promise<never>(() => undefined)))
      .catch(() => undefined);
    const exchanges = await Promise.all(
      jobIds.map((jobId) => {
        let isCounted = false;
        const count = () => {
          if (!isCounted) arrived();
          isCounted = true;
        };
        return account
          .post(jobId, tone, {
            isAnyAnswer: true,
            send: (request) => {
              request.write(tone.subarray(0, -1), () => {
                count();
                void goesOn.then((isLate) => {
                  if (isLate) request.end(tone.subarray(-1));
                });
              });
            },
          })
          .finally(count);
      }),
    );
    const refused = exchanges.filter((exchange) => readingOf(exchange) !== "ACCEPTED");
    const most = AT_ONCE - refused.length;
    const [first] = refused;
    return {
      answer: first ? `${most}; one more: ${account.describe(first)}` : `at least ${AT_ONCE}`,
      evidence: [
        `${AT_ONCE} bodies at once: ${most} accepted`,
        ...refused.map((exchange) => `not accepted: ${account.describe(exchange)}`),
      ],
      change: first ? `the parameter maximumConcurrency: at most ${Math.max(most, 2)}` : undefined,
      facts: { uploadsAtOnce: first ? { most, more: account.outcomeOf(first) } : null },
      beyondSimulator:
        new Set(refused.map((exchange) => errorTypeOf(exchange) ?? exchange.status)).size > 1
          ? "they are refused in several ways"
          : undefined,
    };
  },
};

export const media: readonly Question[] = [
  mediaShown,
  secondMedia,
  expectContinue,
  contentType,
  emptyMedia,
  cutShort,
  cutShortChunked,
  uploadsAtOnce,
];
