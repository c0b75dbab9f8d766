import { decideWrite, type Row } from "../../lib/delivery/row.ts";
import type { Drop } from "../../lib/delivery/machine.ts";
import { start } from "../../lib/delivery/state.ts";
import { carryOut } from "./commands.ts";
import { settingsOf, TICK_MS, type Scenario } from "./scenario.ts";
import {
  accept,
  CALLERS_MEDIA,
  endWorker,
  JOB_ID,
  objectsOf,
  spend,
  without,
  type Machine,
  type Message,
  type Transition,
  type Worker,
  type World,
} from "./world.ts";

/** Everything that may happen next in this world. */
export function* happenings(world: World, scenario: Scenario, by: Machine): Generator<Transition> {
  yield passTime(world, scenario);
  if (world.workers.length < scenario.workers) {
    yield* receive(world, scenario);
    if (world.callerWaits) yield* call(world, scenario);
  }
  if (world.operatorWaits && world.row?.state === "NEEDS_REVIEW") yield sendAgain(world);
  if (scenario.census) yield* takeCensus(world, scenario);
  for (const [index, worker] of world.workers.entries()) {
    yield* carryOut(world, index, worker, by, scenario);
    if (world.budgets.crashes > 0)
      yield {
        label: `worker ${index} crashes before it can ${worker.command.do}`,
        isFault: true,
        world: endWorker(spend(world, "crashes"), index, worker, worker.deadline + TICK_MS),
      };
  }
  yield* settle(world, scenario);
}

const passTime = (world: World, { killsAtDeadline }: Scenario): Transition => {
  const now = world.now + TICK_MS;
  let after: World = { ...world, now, floating: world.floating.filter(({ until }) => until >= now) };
  for (let index = world.workers.length - 1; index >= 0; index -= 1) {
    const worker = world.workers[index];
    if (worker && killsAtDeadline && now > worker.deadline) after = endWorker(after, index, worker, now);
  }
  return { label: "time passes", isFault: false, world: after };
};

const clockOffsets = ({ clockSkewTicks }: Scenario) => (clockSkewTicks ? [0, clockSkewTicks * TICK_MS] : [0]);

const invoke = (
  world: World,
  scenario: Scenario,
  drop: Pick<Drop, "role" | "lastChance"> & Partial<Pick<Drop, "media">>,
  { clockOffset, message }: Pick<Worker, "clockOffset" | "message">,
): World => {
  const started = start({ jobId: JOB_ID, receiveCount: 1, ...drop }, settingsOf(scenario));
  const worker = { ...started, deadline: world.now + scenario.invocationTicks * TICK_MS, clockOffset, message };
  return { ...world, workers: [...world.workers, worker] };
};

function* receive(world: World, scenario: Scenario): Generator<Transition> {
  for (const [index, message] of world.messages.entries()) {
    if (message.visibleAt > world.now) continue;
    const { role, media } = message;
    const drop = { role, lastChance: false, ...(media ? { media } : {}) };
    const taken = { ...world, messages: without(world.messages, index) };
    for (const clockOffset of clockOffsets(scenario)) {
      const label = `a worker${clockOffset ? " with a clock ahead" : ""} takes the message of ${media?.id ?? role}`;
      yield { label, isFault: false, world: invoke(taken, scenario, drop, { clockOffset, message }) };
      if (world.budgets.duplicates > 0)
        yield {
          label: `${label}, which stays in the queue`,
          isFault: true,
          world: invoke(spend(world, "duplicates"), scenario, drop, { clockOffset, message: undefined }),
        };
      if (world.budgets.lastChances > 0)
        yield {
          label: `${label} for the last time`,
          isFault: true,
          world: invoke(
            spend(taken, "lastChances"),
            scenario,
            { ...drop, lastChance: true },
            { clockOffset, message: undefined },
          ),
        };
    }
  }
}

/** The message that looks after the row is in the queue before the row is claimed, and hidden while the call lives. */
function* call(world: World, scenario: Scenario): Generator<Transition> {
  const reconcile: Message = { role: "reconcile", visibleAt: world.now + (scenario.invocationTicks + 1) * TICK_MS };
  const called = { ...world, callerWaits: false, messages: [...world.messages, reconcile] };
  const drop = { role: "caller", media: CALLERS_MEDIA, lastChance: false } as const;
  for (const clockOffset of clockOffsets(scenario))
    yield {
      label: "a caller comes with a URL",
      isFault: false,
      world: invoke(called, scenario, drop, { clockOffset, message: undefined }),
    };
}

const sendAgain = (world: World): Transition => ({
  label: 'an operator says "send again"',
  isFault: true,
  world: {
    ...world,
    operatorWaits: false,
    resent: true,
    messages: [...world.messages, { role: "operator", visibleAt: world.now }],
  },
});

/** Where the queue is empty and nobody works, the census puts back what is stuck, silent or was never announced. */
function* takeCensus(world: World, scenario: Scenario): Generator<Transition> {
  const { row, now } = world;
  if (world.messages.length > 0 || world.workers.length > 0) return;
  const forgotten = objectsOf(scenario).filter(
    ({ id }) => row === undefined || (row.state === "REJECTED" && row.media?.id !== id && !row.rejected?.includes(id)),
  );
  const messages: Message[] = forgotten.map((media) => ({ role: "queue", media, visibleAt: now }));
  if (row && (isStuck(row, now) || isSilent(row))) messages.push({ role: "reconcile", visibleAt: now });
  if (messages.length > 0)
    yield { label: "the census puts back what is left over", isFault: false, world: { ...world, messages } };
}

const isStuck = ({ state, leaseUntil = 0, settledAt = 0 }: Row, now: number): boolean =>
  (state === "SENDING" && now >= leaseUntil) || (state === "FINALIZING" && now >= settledAt);

const isSilent = ({ state, announced }: Row): boolean =>
  !announced && (state === "DELIVERED" || state === "REJECTED" || state === "NEEDS_REVIEW");

/** What is on its way arrives, or never will. */
function* settle(world: World, { cielo24 }: Scenario): Generator<Transition> {
  for (const [index, { mediaId }] of world.floating.entries()) {
    const left = { ...world, floating: without(world.floating, index) };
    if (!cielo24.enforcesOneMedium || world.accepted.length === 0)
      yield { label: `cielo24 accepts ${mediaId} late`, isFault: true, world: accept(left, mediaId) };
    yield { label: `${mediaId} is never accepted`, isFault: false, world: left };
  }
  for (const [index, write] of world.delayed.entries()) {
    const left = { ...world, delayed: without(world.delayed, index) };
    const row = decideWrite(JOB_ID, world.row, write);
    yield { label: "a delayed write never happens", isFault: false, world: left };
    if (row) yield { label: `a delayed write to ${row.state} happens`, isFault: true, world: { ...left, row } };
  }
}
