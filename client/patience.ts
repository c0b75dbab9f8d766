import { orAborted } from "./abort.ts";
import type { Clock, Sleep } from "./clock.ts";
import { ProxyError } from "./errors.ts";
import { watchStandstill } from "./standstill.ts";
import type { OnWaiting } from "./waiting.ts";

/** How failures are repeated: with pauses that grow from half a second to fifteen seconds. */
export interface Repeats {
  /** How long failures are repeated while nothing arrives, ms. 10 min by default; 1 min at most for a single call. */
  readonly patienceMs: number;
  readonly sleep: Sleep;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** Called with a failure that is about to be repeated. */
  readonly onRepeat?: ((error: ProxyError, pauseMs: number) => void) | undefined;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
/** Before a probe of the network, which is a small call. */
const LONGEST_PROBE_PAUSE_MS = 5_000;
/** An address at which nothing has ever answered is more likely to be a wrong one than to be out of order. */
const PATIENCE_WITH_STRANGERS_MS = 15_000;
/** A pause that took so much longer than it should was the sleep of the whole machine, which is nobody's fault. */
const ASLEEP_MS = 30_000;

/** A failure after which the same may be attempted again. */
export interface Failure {
  readonly error: ProxyError;
  /** When the attempt began, after the pause before it. */
  readonly beganAt: number;
}

export type Outcome<T> = { readonly value: T; readonly beganAt: number } | Failure;

export interface AttemptOptions {
  /** Ends this attempt, in place of the operation's own. */
  readonly signal?: AbortSignal | undefined;
  /** Awaited after the pause, and no part of the attempt: it may take any time. Resolves with what undoes it. */
  readonly enter?: (() => Promise<() => void>) | undefined;
  /** Asked after a failure: whether the next attempt begins with a small call that tells whether the network is there. */
  readonly isInDoubt?: (() => boolean) | undefined;
}

/**
 * The one budget of an operation. Whatever fails in it uses up the same time, which begins anew with everything that
 * arrives. So nothing in it may have repeats of its own.
 */
export interface Patience {
  /**
   * Makes one attempt, after the pause that the last failure asked for, whosever failure that was.
   *
   * @throws what fails for good, what failed for too long, and the signal's reason
   */
  readonly attempt: <T>(run: () => Promise<T>, options?: AttemptOptions) => Promise<Outcome<T>>;
  /** Attempts until it succeeds. @throws like `attempt` */
  readonly repeat: <T>(run: () => Promise<T>, options?: AttemptOptions) => Promise<T>;
  /** Bytes have moved: new ones are something that arrives, ones that were sent before are not. */
  readonly moved: (areNew: boolean) => void;
}

export interface PatienceOptions {
  readonly signal: AbortSignal | undefined;
  readonly onWaiting?: OnWaiting | undefined;
  /** Whether attempts tell when they move, so that it is known when they stand still. */
  readonly isWatched?: boolean;
  /** Whether the API has ever answered. */
  readonly hasAnswered: () => boolean;
}

/** Begins the budget of an operation. A single call, for whose answer somebody waits, has less of it. */
export type BeginPatience = (options: Omit<PatienceOptions, "hasAnswered"> & { readonly isCall?: boolean }) => Patience;

export const createPatience = (
  { patienceMs, sleep, random, onRepeat }: Repeats,
  clock: Clock,
  { signal, onWaiting, isWatched = false, hasAnswered }: PatienceOptions,
): Patience => {
  const standstill = watchStandstill(clock, onWaiting);
  /** When the last thing arrived. */
  let since = clock.now();
  let failures = 0;
  let failedAt = 0;
  /** Until when no attempt may begin. */
  let pause: Promise<unknown> = Promise.resolve();

  const pauseFor = async (ms: number): Promise<void> => {
    const endsAt = clock.now() + ms;
    await sleep(ms, signal);
    const lateMs = clock.now() - endsAt;
    // And one that was shorter, as those of tests are, counts as it was asked for.
    if (lateMs > ASLEEP_MS || lateMs < 0) since += lateMs;
  };
  const addPause = (ms: number) => {
    pause = Promise.all([pause, pauseFor(ms)]);
    // It may be that nobody attempts anything any more.
    pause.catch(() => undefined);
  };

  const arrived = () => {
    since = clock.now();
    failures = 0;
    standstill.ended();
  };

  const failed = (error: ProxyError, beganAt: number, isInDoubt: boolean): void => {
    // What was sent at the same time fails at the same time: that is one failure, and one pause.
    if (beganAt < failedAt) {
      if (error.retryAfterMs !== undefined) addPause(error.retryAfterMs);
      return;
    }
    const now = clock.now();
    failures += 1;
    failedAt = now;
    const longestMs = hasAnswered() ? patienceMs : Math.min(patienceMs, PATIENCE_WITH_STRANGERS_MS);
    // Whatever took too long by itself is repeated all the same: perhaps the machine was asleep.
    if (failures === 1 && now - since > longestMs) since = now;
    const longestPauseMs = isInDoubt && error.source === "network" ? LONGEST_PROBE_PAUSE_MS : LONGEST_PAUSE_MS;
    const growing = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), longestPauseMs);
    // At random between half the pause and all of it, so that clients that failed together do not come back together.
    const pauseMs = Math.max(growing * (0.5 + random() / 2), error.retryAfterMs ?? 0);
    const waitedMs = now - since;
    if (waitedMs + pauseMs > longestMs) throw afterRepeats(error, { failures, waitedMs, hasAnswered: hasAnswered() });
    onRepeat?.(error, pauseMs);
    addPause(pauseMs);
    const { errorType, comment } = error;
    standstill.failed({ errorType, comment, nextAttemptAt: new Date(now + pauseMs).toISOString() });
  };

  const attempt: Patience["attempt"] = async (run, { signal: each = signal, enter, isInDoubt } = {}) => {
    each?.throwIfAborted();
    await orAborted(pause, each);
    const leave = await enter?.();
    const beganAt = clock.now();
    const end = isWatched ? standstill.begin() : () => {};
    try {
      const value = await run();
      arrived();
      return { value, beganAt };
    } catch (error) {
      each?.throwIfAborted();
      if (!(error instanceof ProxyError) || !error.isRetryable) throw error;
      end();
      failed(error, beganAt, isInDoubt?.() ?? false);
      return { error, beganAt };
    } finally {
      end();
      leave?.();
    }
  };

  return {
    attempt,
    repeat: async (run, options) => {
      for (;;) {
        const outcome = await attempt(run, options);
        if ("value" in outcome) return outcome.value;
      }
    },
    moved: (areNew) => {
      if (areNew) arrived();
      else standstill.moved();
    },
  };
};

const afterRepeats = (
  error: ProxyError,
  { failures, waitedMs, hasAnswered }: { failures: number; waitedMs: number; hasAnswered: boolean },
): ProxyError => {
  const isStranger = !hasAnswered && error.source === "network" && error.errorType !== "NOT_THE_API";
  if (failures < 2 && !isStranger) return error;
  const tried = failures < 2 ? "" : ` It was tried ${failures} times in ${inWords(waitedMs)}.`;
  return error.with({
    comment: `${error.comment}${tried}`,
    nextStep: isStranger ? "Check the address, and the connection: nothing has ever answered there." : error.nextStep,
  });
};

/** `15 s`, `10 min` */
const inWords = (ms: number): string => {
  const seconds = Math.max(1, Math.round(ms / 1000));
  return seconds < 100 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
};
