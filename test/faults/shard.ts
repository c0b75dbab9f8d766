import "./virtual-time.ts";
import fc from "fast-check";
import { createScanner } from "../leaks/scanner.ts";
import { isOver, judge, type Verdict } from "./judge.ts";
import { play, type Performance } from "./play.ts";
import { schedules, type Schedule } from "./schedule.ts";
import { addVerdict, emptyTally, type Tally } from "./tally.ts";
import { openTheatre, type Theatre } from "./theatre.ts";

/** A process that plays its share of the schedules. See `run.ts`. */

export interface Share {
  readonly seeds: readonly number[];
  readonly enforcement: boolean;
  /** `instance-process.ts`, bundled. */
  readonly program: string;
}

export interface Failure {
  readonly seed: number;
  readonly complaints: readonly string[];
  /** The shortest schedule that fails in this way. */
  readonly schedule: Schedule;
}

export type FromShard =
  | { readonly say: "progress"; readonly schedules: number }
  | { readonly say: "failure"; readonly failure: Failure }
  | { readonly say: "done"; readonly tally: Tally };

/** In one of this many schedules, the delivering code runs in a process of its own, which is killed. */
const KILLED_EVERY = 50;
/** A stack keeps all that it saw, so a fresh one replaces it after this many schedules. */
const SCHEDULES_PER_THEATRE = 500;
/** At most this many schedules are played in search of a shorter one that fails, too. */
const MAX_SHRINKS = 300;

const say = (message: FromShard): void => {
  process.send?.(message);
};

interface Judged {
  readonly verdict: Verdict;
  readonly performance: Performance;
  readonly leaks: readonly string[];
}

const playAndJudge = async (theatre: Theatre, schedule: Schedule, inChild: boolean): Promise<Judged> => {
  const { stack } = theatre;
  const before = { logs: stack.logs.length, events: stack.events.length };
  const performance = await play(theatre, schedule, { inChild, isOver });
  const { row } = performance;
  const verdict = judge(theatre, performance);
  const messages = [stack.queue, stack.deadLetterQueue].map((queue) => JSON.stringify(queue.inspect()));
  const texts = [
    ...stack.logs.slice(before.logs),
    JSON.stringify(stack.events.slice(before.events)),
    JSON.stringify({ ...row, capability: undefined }),
    ...messages,
  ];
  const leaks = findLeaks(theatre, texts.join("\n"));
  stack.queue.purge();
  stack.deadLetterQueue.purge();
  return { verdict, performance, leaks };
};

const findLeaks = ({ cielo24, secrets }: Theatre, text: string): string[] => {
  const tokens = cielo24.issuedTokens.slice(-3).map((token, index) => [`token ${index}`, token] as const);
  const scanner = createScanner({ ...secrets(), ...Object.fromEntries(tokens) });
  const found = scanner.scan(text).map(({ secret, encoding }) => `${secret} shows (${encoding})`);
  return /X-Amz-(Signature|Credential)=/i.test(text) ? [...found, "a signed URL shows"] : found;
};

const complain = ({ verdict, leaks }: Judged): string[] => [
  ...verdict.lost,
  ...verdict.givenUpWithoutDoubt.map((type) => `a person was asked although nothing was in doubt: ${type}`),
  ...(verdict.secondMedia > 0 ? ["a second medium was accepted"] : []),
  ...(verdict.secondPostAfterAcceptance > 0 ? ["media was offered after one had been accepted"] : []),
  ...leaks,
];

const runShare = async ({ seeds, ...how }: Share): Promise<Tally> => {
  const tally = emptyTally();
  let theatre = await openTheatre(how);
  let played = 0;
  const renew = async () => {
    await theatre.close();
    theatre = await openTheatre(how);
    played = 0;
  };

  for (const seed of seeds) {
    const inChild = seed % KILLED_EVERY === 0;
    let first: Judged | undefined;
    let tries = 0;
    const property = fc.asyncProperty(schedules({ isKilled: inChild }), async (schedule) => {
      if ((tries += 1) > MAX_SHRINKS) return;
      if (played >= SCHEDULES_PER_THEATRE) await renew();
      played += 1;
      await theatre.beginAnew(seed);
      const judged = await playAndJudge(theatre, schedule, inChild);
      first ??= judged;
      const complaints = complain(judged);
      if (complaints.length === 0) return;
      // What a failed schedule leaves behind must not disturb the next one.
      await renew();
      throw new Error(complaints.join("; "));
    });
    const details = await fc.check(property, { seed, numRuns: 1 });
    if (first) {
      addVerdict(tally, first.verdict);
      tally.faults += first.performance.faults;
      tally.leaks += first.leaks.length;
      if (first.performance.neededCensus) tally.mendedByCensus += 1;
      if (inChild) tally.killedProcesses += 1;
    }
    if (details.failed && details.counterexample) {
      const [schedule] = details.counterexample;
      const complaints = String((details.errorInstance as Error | undefined)?.message).split("; ");
      say({ say: "failure", failure: { seed, complaints, schedule } });
    }
    if (tally.schedules % 20 === 0) say({ say: "progress", schedules: tally.schedules });
  }
  await theatre.close();
  return tally;
};

process.on("message", (share: Share) => {
  runShare(share).then(
    (tally) => {
      say({ say: "done", tally });
      process.disconnect();
    },
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      process.exit(1);
    },
  );
});

// Without its parent there is no reason to go on.
process.on("disconnect", () => process.exit());
