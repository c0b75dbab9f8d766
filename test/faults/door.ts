import { CIELO24_ERROR_TYPES } from "../../lib/cielo24/api.ts";
import type { Chunk, Treatment } from "../harness/network.ts";

/** Media that an instance offered to cielo24, as its socket shows it. */
export interface Offer {
  readonly jobId: string;
  /** `handOver`: a URL of ours. `mediaUrl`: a caller's. */
  readonly via: "body" | "handOver" | "mediaUrl";
  /** When its first byte left the instance. */
  readonly begunAt: number;
  /** cielo24 had accepted media by then. */
  readonly isRepeated: boolean;
  /** When its last byte left the instance, even if it was lost on its way; undefined if it never left. */
  readonly leftAt: number | undefined;
  /** The answer that the instance received; undefined if it received none, or perhaps none. */
  readonly heard: Answer | undefined;
  /** The instance was killed before it heard anything. */
  readonly isKilled: boolean;
}

interface Answer {
  readonly status: number;
  readonly errorType: string | undefined;
  readonly hasTaskId: boolean;
}

/** Something after which no worker could know whether cielo24 has accepted media. */
export interface Doubt {
  readonly at: number;
  readonly cause: string;
  readonly offer?: Offer;
}

/**
 * Watches what instances say to cielo24 and to the ledger, and what they hear. It sees chunks as they leave an
 * instance. A chunk that the network swallows later counts as sent, since the worker cannot know that it was lost.
 */
export interface Door {
  /** @param treatment what the network makes of the chunk: only with `pass` it arrives unharmed and at once */
  readonly see: (chunk: Chunk, instance: object, treatment: Treatment["do"]) => void;
  readonly kill: (instance: object) => void;
  readonly offers: (jobId: string) => readonly Offer[];
  /** In the order in which they arose. */
  readonly doubts: (jobId: string) => readonly Doubt[];
  readonly forget: () => void;
}

interface OpenOffer {
  readonly offer: Omit<Offer, "heard" | "leftAt" | "isKilled">;
  readonly instance: object;
  leftBytes: number;
  leftAt: number | undefined;
  /**
   * When the instance told the ledger FINALIZING, and did not take it back: it has handed the last chunk to its socket.
   * The chunk may lie in the system's buffers, and is not seen until cielo24 reads.
   */
  finalizingAt: number | undefined;
  answer: string;
  isAnswerLost: boolean;
  isKilled: boolean;
}

/** What an instance last said to the ledger about a job. */
interface Word {
  readonly jobId: string;
  /** When it told the ledger FINALIZING: from then on the row may say so. */
  readonly saidAt: number;
  /** When it tried to write another state; undefined once the ledger has answered that write. */
  withdrawsSince: number | undefined;
  killedAt: number | undefined;
}

const MAX_HEAD = 4_096;
/** A caller's request lives no longer: what comes later finds the function's socket closed. */
const LONGEST_CALL_MS = 30_000;
const MAX_ANSWER = 4_096;

export const createDoor = (hasMedia: (jobId: string) => boolean): Door => {
  let open = new Map<number, OpenOffer>();
  let offered: OpenOffer[] = [];
  let words = new Map<object, Word>();
  let requests = new Map<number, { text: string; isWithdrawal: boolean }>();

  const seeOffer = ({ connection, direction, bytes }: Chunk, instance: object, treatment: Treatment["do"]): void => {
    const isPassed = treatment === "pass";
    const known = open.get(connection);
    if (direction === "down") {
      if (!known) return;
      const isTooLate = known.offer.via === "mediaUrl" && Date.now() - known.offer.begunAt > LONGEST_CALL_MS;
      if (!isPassed || isTooLate) known.isAnswerLost = true;
      if (known.answer.length < MAX_ANSWER) known.answer += bytes.toString("latin1");
      return;
    }
    if (known && known.leftBytes > 0) {
      known.leftBytes -= bytes.length;
      // Chunks behind a held chunk wait in the system's buffers, but the instance has sent them.
      if (known.leftBytes <= 0 || treatment === "hold") known.leftAt ??= Date.now();
      return;
    }
    open.delete(connection);
    const head = bytes.toString("latin1", 0, MAX_HEAD);
    const [, method, query = ""] = /^(GET|POST) \/api\/job\/add_media\?(\S*)/.exec(head) ?? [];
    if (method === undefined) return;
    const parameters = new URLSearchParams(query);
    const jobId = parameters.get("job_id") ?? "";
    const url = parameters.get("media_url");
    const bodyBytes = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
    const leftBytes = bodyBytes - (bytes.length - (bytes.indexOf("\r\n\r\n") + 4));
    const made: OpenOffer = {
      offer: {
        jobId,
        via: url === null ? "body" : url.includes(`/media/${jobId}.`) ? "handOver" : "mediaUrl",
        begunAt: Date.now(),
        isRepeated: hasMedia(jobId),
      },
      instance,
      leftBytes,
      leftAt: leftBytes <= 0 || treatment === "hold" ? Date.now() : undefined,
      finalizingAt: undefined,
      answer: "",
      isAnswerLost: false,
      isKilled: false,
    };
    open.set(connection, made);
    offered.push(made);
  };

  const offersOf = (instance: object, jobId: string) =>
    offered.filter((each) => each.instance === instance && each.offer.jobId === jobId);

  const seeWord = ({ connection, direction, bytes }: Chunk, instance: object, isPassed: boolean): void => {
    const text = bytes.toString("latin1");
    if (direction === "up") {
      const request = text.startsWith("POST ")
        ? { text, isWithdrawal: false }
        : { text: (requests.get(connection)?.text ?? "") + text, isWithdrawal: false };
      requests.set(connection, request);
      const jobId = /"job_id":\{"S":"([0-9a-f]{32})"\}/.exec(request.text)?.[1];
      const state = /":set_state":\{"S":"([A-Z_]+)"\}/.exec(request.text)?.[1];
      if (jobId === undefined || state === undefined) return;
      if (state === "FINALIZING") {
        words.set(instance, { jobId, saidAt: Date.now(), withdrawsSince: undefined, killedAt: undefined });
        for (const each of offersOf(instance, jobId)) each.finalizingAt ??= Date.now();
        return;
      }
      const word = words.get(instance);
      if (!word) return;
      request.isWithdrawal = true;
      word.withdrawsSince ??= Date.now();
      return;
    }
    const request = requests.get(connection);
    requests.delete(connection);
    const word = words.get(instance);
    if (!request?.isWithdrawal || !word || !isPassed) return;
    // It was written, or the row belongs to another claim already: the ledger says 400 if a condition does not hold.
    if (!/^HTTP\/1\.1 [24]/.test(text) || /Throttling/.test(text)) return;
    words.delete(instance);
    // Only a claimant's write takes FINALIZING back, not a reader's.
    if (request.text.includes(":if_claimId"))
      for (const each of offersOf(instance, word.jobId)) each.finalizingAt = undefined;
  };

  const describe = ({ offer, leftAt, finalizingAt, answer, isAnswerLost, isKilled }: OpenOffer): Offer => ({
    ...offer,
    leftAt: leftAt ?? (isKilled ? undefined : finalizingAt),
    isKilled,
    heard: isAnswerLost || isKilled ? undefined : parseAnswer(answer),
  });
  const offers = (jobId: string) => offered.filter(({ offer }) => offer.jobId === jobId).map(describe);

  const sentBy = (instance: object, since: number): Offer[] =>
    offered
      .filter((each) => each.instance === instance)
      .map(describe)
      .filter(({ leftAt }) => leftAt !== undefined && leftAt >= since);

  const wordDoubts = (jobId: string): Doubt[] =>
    [...words]
      // Media that was sent whole is judged by its answer, unless the process died before it recorded a refusal.
      .map(([instance, word]) => ({ word, sent: sentBy(instance, word.saidAt) }))
      .filter(({ word, sent }) => word.jobId === jobId && sent.every(isRefusal))
      .flatMap(({ word: { killedAt, withdrawsSince }, sent }) => {
        const wasRefused = sent.length > 0;
        if (killedAt !== undefined)
          return [
            {
              at: killedAt,
              cause: wasRefused
                ? "process killed behind a refusal, before that was on record"
                : "process killed behind FINALIZING, before the last chunk",
            },
          ];
        if (withdrawsSince !== undefined)
          return [
            {
              at: withdrawsSince,
              cause: wasRefused
                ? "a refusal, and the ledger could not be told"
                : "nothing was sent, and the ledger could not be told",
            },
          ];
        return [];
      });

  return {
    see: (chunk, instance, treatment) => {
      if (chunk.upstream === "cielo24") seeOffer(chunk, instance, treatment);
      if (chunk.upstream === "aws") seeWord(chunk, instance, treatment === "pass");
    },
    kill: (instance) => {
      for (const each of offered) if (each.instance === instance && each.answer === "") each.isKilled = true;
      const word = words.get(instance);
      if (word) word.killedAt ??= Date.now();
    },
    offers,
    doubts: (jobId) =>
      [
        ...wordDoubts(jobId),
        ...offers(jobId).flatMap((offer) =>
          offer.leftAt === undefined || isRefusal(offer)
            ? []
            : [{ at: offer.leftAt, cause: describeDoubt(offer), offer }],
        ),
      ].sort((a, b) => a.at - b.at),
    forget: () => {
      open = new Map();
      offered = [];
      words = new Map();
      requests = new Map();
    },
  };
};

const parseAnswer = (text: string): Answer | undefined => {
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1];
  return status === undefined
    ? undefined
    : {
        status: Number(status),
        errorType: /"ErrorType": ?"(\w+)"/.exec(text)?.[1],
        hasTaskId: /"TaskId": ?"[0-9a-f]{32}"/.test(text),
      };
};

/** A 400 of a known type proves that nothing was accepted. */
const isRefusal = ({ via, heard }: Offer): boolean =>
  heard?.status === 400 &&
  heard.errorType !== "UNHANDLED_ERROR" &&
  CIELO24_ERROR_TYPES.some((type) => type === heard.errorType) &&
  // It says that a URL of ours could not be fetched; another worker's fetch may have begun.
  !(via === "handOver" && heard.errorType === "INVALID_URL");

const ERRORS: readonly number[] = [429, 500, 502, 503];
const TIMEOUTS: readonly number[] = [408, 504];

/** Whether cielo24 itself answered the whole body with an error. Such a doubt settles by itself in time. */
export const isAnsweredError = ({ via, heard }: Offer): boolean =>
  via === "body" &&
  heard !== undefined &&
  (ERRORS.includes(heard.status) || (heard.status === 400 && heard.errorType === "UNHANDLED_ERROR"));

const describeDoubt = (offer: Offer): string => {
  const { via, heard, isKilled } = offer;
  const what = { body: "behind the body", handOver: "to a hand-over", mediaUrl: "to a caller's media_url" }[via];
  if (isKilled) return via === "body" ? "process killed behind the last chunk" : `process killed, no answer ${what}`;
  if (heard === undefined) return `answer lost ${what}`;
  if (heard.status === 200 && !heard.hasTaskId) return `a 200 that is of no use ${what}`;
  if (heard.status === 200) return via === "body" ? "success never on record" : "hand-over taken, and no medium showed";
  if (isAnsweredError(offer)) return `answered error ${what}`;
  if (TIMEOUTS.includes(heard.status)) return `a gateway's timeout ${what}`;
  return heard.status >= 500 || heard.status === 429 ? `an error ${what}` : `an answer that nobody understands ${what}`;
};
