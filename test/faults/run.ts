import { fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { bundleProgram } from "../../bench/bundled.ts";
import type { Failure, FromShard, Share } from "./shard.ts";
import { addTally, emptyTally, type Tally } from "./tally.ts";

const HELP = `Plays random schedules of faults through the real functions on the local stack, in virtual time.

  npm run test:faults -- [options]

  --count <n>          schedules to play (1000)
  --seed <n>           seed of the first; the following ones have the following seeds (1)
  --no-enforcement     the simulated cielo24 takes a second medium for a job, too
  --processes <n>      processes to share the work (one more than there are cores, as each waits now and then)
  --help               this text

The last line is JSON. The exit code is 1 where a drop was lost, a person was asked although nothing was in doubt, a job
got a second medium or a second POST after its acceptance, or a secret showed. secondMediaLate and secondPostLate are the
price of resendAfterServerError with a cielo24 that shows what it accepted later than that assumes: they are counted apart,
and no failure. Each such schedule is printed with its seed, and as short as it could be made;
\`--count 1 --seed <its seed>\` plays it again.
`;

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    "no-enforcement": { type: "boolean", default: false },
    processes: { type: "string", default: String(availableParallelism() + 1) },
    help: { type: "boolean", default: false },
  },
});

const wholeNumber = (name: "count" | "seed" | "processes"): number => {
  const value = Number(values[name]);
  if (Number.isSafeInteger(value) && value > 0) return value;
  process.stderr.write(`--${name} must be a whole number from 1. See --help.\n`);
  return process.exit(2);
};

const PROGRESS_MS = 10_000;

/** Resolves with the share's tally, or rejects if its process broke down. */
const playShare = (
  share: Share,
  { onProgress, onFailure }: { onProgress: (schedules: number) => void; onFailure: (failure: Failure) => void },
): Promise<Tally> =>
  new Promise((resolve, reject) => {
    const shard = fork(new URL("shard.ts", import.meta.url), { execArgv: ["--disable-warning=ExperimentalWarning"] });
    let tally: Tally | undefined;
    shard.on("message", (message: FromShard) => {
      if (message.say === "progress") onProgress(message.schedules);
      if (message.say === "failure") onFailure(message.failure);
      if (message.say === "done") tally = message.tally;
    });
    shard.on("exit", (code, signal) => {
      if (tally) resolve(tally);
      else reject(new Error(`A process ended with ${signal ?? String(code)} before its share was played`));
    });
    shard.send(share);
  });

const describe = ({ seed, complaints, schedule }: Failure): string =>
  `\nseed ${seed}: ${complaints.join("; ")}\n${JSON.stringify(schedule, undefined, 2)}\n`;

const main = async (): Promise<void> => {
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const count = wholeNumber("count");
  const seed = wholeNumber("seed");
  const processes = Math.min(wholeNumber("processes"), count);
  const startedAt = Date.now();
  const done: number[] = Array.from({ length: processes }, () => 0);
  const progress = setInterval(() => {
    process.stderr.write(`${done.reduce((sum, each) => sum + each, 0)} of ${count} schedules\n`);
  }, PROGRESS_MS);

  const program = await bundleProgram(new URL("instance-process.ts", import.meta.url));
  const sum = emptyTally();
  const shares = done.map((_, index) =>
    playShare(
      {
        seeds: Array.from({ length: count }, (_each, at) => seed + at).filter((each) => each % processes === index),
        enforcement: !values["no-enforcement"],
        program,
      },
      {
        onProgress: (schedules) => {
          done[index] = schedules;
        },
        onFailure: (failure) => process.stderr.write(describe(failure)),
      },
    ),
  );
  try {
    for (const tally of await Promise.all(shares)) addTally(sum, tally);
  } finally {
    clearInterval(progress);
  }
  for (const [cause, times] of Object.entries(sum.needsReviewByCause).sort(([, a], [, b]) => b - a))
    process.stdout.write(`a person was asked: ${((100 * times) / count).toFixed(2)} %, ${cause}\n`);
  process.stdout.write(`${JSON.stringify({ ...sum, seconds: Math.round((Date.now() - startedAt) / 1000) })}\n`);
  if (sum.lost + sum.givenUpWithoutDoubt + sum.secondMedia + sum.secondPostAfterAcceptance + sum.leaks > 0)
    process.exitCode = 1;
};

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  // The other processes end as soon as this one is gone.
  process.exit(1);
});
