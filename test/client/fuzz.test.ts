import { afterAll, describe, expect, it } from "@jest/globals";
import { finished } from "node:stream/promises";
import { createHttp } from "../../cli/http.ts";
import { createSendMedia } from "../../cli/send-media.ts";
import { createClient, ProxyError, type UploadState } from "../../client/index.ts";
import { createTestClock } from "./clock.ts";
import { makeMedia, MIB, PART_BYTES, sha256 } from "./media.ts";
import { startStore, type Behaviour, type StoreRequest } from "./store-server.ts";

const JOB = "0123456789abcdef0123456789abcdef";
const MINUTE_MS = 60_000;
/** `FUZZ_SEEDS=100-300` tries others. */
const [FIRST = 0, LAST = 39] = (process.env["FUZZ_SEEDS"] ?? "0-39").split("-").map(Number);
const SEEDS = Array.from({ length: LAST - FIRST + 1 }, (_, at) => FIRST + at);

const http = createHttp({});
afterAll(() => {
  http[Symbol.dispose]();
});

/** Numbers from 0 up to 1 that are always the same for a seed (mulberry32). */
const createRandom = (seed: number) => {
  let state = seed * 0x9e3779b9;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

const TROUBLES = [
  "reset",
  "reset after the body",
  "answer lost",
  "refused",
  "refused at once",
  "page",
  "empty",
  "sign-in",
  "frozen",
  "swallowed",
  "slow",
] as const;
type Trouble = (typeof TROUBLES)[number];
/** These take minutes each. With more of them in a row, the patience may rightly be over. */
const LONG: readonly Trouble[] = ["frozen", "swallowed", "slow"];
const MOST_TROUBLES = 14;
const MOST_LONG = 3;

describe("an upload on a network that does whatever it likes", () => {
  it.each(SEEDS)("ends, with one object and the right bytes (%i)", async (seed) => {
    const random = createRandom(seed);
    const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
    const share = pick([0.1, 0.3, 0.6, 1]);
    const isInParts = random() < 0.75;
    /** After so many requests, nothing answers any more. */
    const darkAfter = random() < 0.2 ? Math.floor(random() * 20) : Infinity;
    const clock = createTestClock();
    const troubles: string[] = [];
    let long = 0;
    let requests = 0;
    let hasSigned = false;
    let signedBefore = 0;

    const trouble = async (what: Trouble, { message, response, kind }: StoreRequest) => {
      const answer = async (status: number, body: string, headers = {}) => {
        await finished(message.resume());
        response.writeHead(status, headers).end(body);
        return true;
      };
      switch (what) {
        case "reset":
          message.socket.resetAndDestroy();
          return true;
        case "reset after the body":
          await finished(message.resume());
          message.socket.resetAndDestroy();
          return true;
        case "answer lost":
          return "answer is lost";
        case "refused": {
          const later = random() < 0.3 ? { "retry-after": String(Math.ceil(random() * 20)) } : {};
          return answer(pick([500, 503, 429]), pick(["", "<Error><Code>SlowDown</Code></Error>"]), later);
        }
        case "refused at once":
          response.writeHead(503, { connection: "close" }).end(() => {
            message.socket.destroySoon();
          });
          return true;
        case "page":
          return answer(pick([200, 502, 407, 511]), "<html>Sign in!</html>");
        case "empty":
          // Of a PUT's, the tag is missing.
          return kind === "sign" ? false : answer(200, "");
        case "sign-in":
          return answer(302, "", { location: "http://127.0.0.1:9/" });
        case "frozen":
          message.pause();
          return true;
        case "swallowed":
          await finished(message.resume());
          return true;
        case "slow":
          await new Promise<void>((resolve) => clock.after(random() * 5 * MINUTE_MS, resolve));
          return false;
      }
    };

    const behave: Behaviour = async (request) => {
      requests += 1;
      if (requests > darkAfter) return true;
      hasSigned ||= store.signed() > signedBefore;
      if (random() >= share || troubles.length >= MOST_TROUBLES) return false;
      // Of an address where nothing has ever answered, less is thought.
      if (request.kind === "sign" && !hasSigned) return false;
      const what = pick(TROUBLES);
      if (LONG.includes(what) && (long += 1) > MOST_LONG) return false;
      troubles.push(`${request.kind} ${request.partNumber}: ${what}`);
      return trouble(what, request);
    };

    await using store = await startStore(behave);
    const size = Math.floor((isInParts ? 1 + random() * 2.5 : 0.2 + random() * 0.7) * PART_BYTES) + 1;
    const media = makeMedia(size);
    let told = "";
    let wasInterrupted = false;
    let state: UploadState | undefined;
    const run = (signal?: AbortSignal) => {
      told = "";
      hasSigned = false;
      signedBefore = store.signed();
      const client = createClient({
        baseUrl: store.url,
        token: "t",
        clock,
        repeats: { random },
        ...(random() < 0.6 && { sendMedia: createSendMedia(http.exchange) }),
      });
      return client.uploadMedia({
        jobId: JOB,
        source: new Blob([media]),
        partBytes: pick([5, 6, 8]) * MIB,
        parallelParts: pick([1, 2, 6]),
        resume: state,
        onState: (next) => void (state = next),
        onWaiting: (waiting) => void (told = waiting?.errorType ?? ""),
        signal,
      });
    };
    const began = clock.now();
    const outcome = await clock.runUntil(
      (async (): Promise<unknown> => {
        if (random() < 0.3) {
          // It is interrupted, and goes on later.
          const ending = new AbortController();
          const cancel = clock.after(random() * MINUTE_MS, () => {
            ending.abort(new Error("interrupted"));
          });
          const first: unknown = await run(ending.signal).catch((error: unknown) => error);
          cancel();
          wasInterrupted = ending.signal.aborted;
          if (!wasInterrupted || !(first instanceof Error)) return first;
        }
        return run().catch((error: unknown) => error);
      })(),
    );
    const wrong = store.objects.filter((bytes) => sha256(bytes) !== sha256(media)).length;
    // One that was given up may arrive after all, under another name. The proxy takes the first for the job.
    const mayBeTwo = troubles.some((what) => what === "put 0: slow");
    expect({ wrong, objects: store.objects.length <= (mayBeTwo ? 2 : 1) }).toEqual({ wrong: 0, objects: true });
    expect(store.seen.length).toBeLessThan(60);
    expect(clock.now() - began).toBeLessThan(60 * MINUTE_MS);
    const isThere = store.objects.length > 0;
    if (outcome instanceof ProxyError && requests > darkAfter)
      expect(outcome).toMatchObject({ source: "network", isRetryable: true });
    // Of what was interrupted before it was in parts, nothing is known later.
    else if (outcome instanceof ProxyError && outcome.status === 409)
      expect({ wasInterrupted, isThere }).toEqual({ wasInterrupted: true, isThere: true });
    else {
      if (outcome instanceof Error) throw outcome;
      expect({ isThere, state, told }).toEqual({ isThere: true, state: undefined, told: "" });
    }
  });
});
