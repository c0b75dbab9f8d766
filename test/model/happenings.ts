import { hasEnded, type Row } from "../../lib/delivery/machine/row.ts";
import type { Drop } from "../../lib/delivery/machine/protocol.ts";
import { start } from "../../lib/delivery/machine/machine.ts";
import { admitUpload, cancelUpload, isTimedOut } from "../../lib/delivery/machine/uploading.ts";
import { carryOut } from "./commands.ts";
import { callSettingsOf, settingsOf, TICK_MS, UPLOAD_LIFE_TICKS, type Scenario } from "./scenario.ts";
import {
  accept,
  callersMedia,
  delay,
  doubt,
  endWorker,
  afterWrite,
  JOB_ID,
  objectsOf,
  redirect,
  spend,
  FIRST_UPLOAD,
  SECOND_UPLOAD,
  without,
  type Machine,
  type Message,
  type Transition,
  type Worker,
  type World,
} from "./job-world.ts";

/** Everything that may happen next in this world. */
export function* happenings(world: World, scenario: Scenario, by: Machine): Generator<Transition> {
  yield passTime(world, scenario);
  if (world.workers.length < scenario.workers) {
    yield* receive(world, scenario, by);
    if (world.budgets.callers > 0) yield* call(world, scenario, by);
  }
  if (world.budgets.operators > 0) yield* sendAgain(world);
  if (world.budgets.withdrawals > 0) yield* withdraw(world, scenario);
  if (world.budgets.signings > 0) yield* signUpload(world, by);
  if (world.budgets.cancels > 0) yield* cancel(world, scenario, by);
  yield* announceCancelled(world);
  if (scenario.census) yield* takeCensus(world, scenario);
  if (scenario.rowsExpire) yield* expire(world, by);
  for (const [index, worker] of world.workers.entries()) {
    yield* carryOut(world, index, worker, by, scenario);
    if (world.budgets.crashes > 0)
      yield {
        label: `worker ${index} crashes before it can ${worker.command.do}`,
        isFault: true,
        world: endWorker(spend(world, "crashes"), index, worker, worker.deadline + TICK_MS),
      };
  }
  yield* settle(world, scenario, by);
}

const passTime = (world: World, { killsAtDeadline }: Scenario): Transition => {
  const now = world.now + TICK_MS;
  let after: World = { ...world, now, floating: world.floating.filter(({ until }) => until >= now) };
  for (let index = world.workers.length - 1; index >= 0; index -= 1) {
    const worker = world.workers[index];
    if (worker && killsAtDeadline && now > worker.deadline) after = endWorker(after, index, worker, now);
  }
  return { label: "time passes", isFault: false, isKill: after.workers.length < world.workers.length, world: after };
};

const clockOffsets = ({ clockSkewTicks }: Scenario) => (clockSkewTicks ? [0, clockSkewTicks * TICK_MS] : [0]);

/** New code may take over at any time, and old code may continue what new code has left. */
const kindsOfWorkers = (scenario: Scenario): Pick<Worker, "clockOffset" | "isOfLastRelease">[] =>
  clockOffsets(scenario).flatMap((clockOffset) =>
    scenario.mixesReleases ? [{ clockOffset }, { clockOffset, isOfLastRelease: true }] : [{ clockOffset }],
  );

const invoke = (
  world: World,
  { lastRelease }: Machine,
  scenario: Scenario,
  drop: Pick<Drop, "role" | "lastChance"> & Partial<Pick<Drop, "media" | "decision" | "arrivedAt" | "isOperators">>,
  { clockOffset, message, isOfLastRelease }: Pick<Worker, "clockOffset" | "message" | "isOfLastRelease">,
): World => {
  const settings = drop.role === "caller" ? callSettingsOf(scenario) : settingsOf(scenario);
  const begin = isOfLastRelease && lastRelease ? lastRelease.start : start;
  const started = begin({ jobId: JOB_ID, receiveCount: 1, ...drop }, settings);
  const worker = {
    ...started,
    deadline: world.now + scenario.invocationTicks * TICK_MS,
    clockOffset,
    message,
    isOfLastRelease,
  };
  return { ...world, workers: [...world.workers, worker] };
};

function* receive(world: World, scenario: Scenario, by: Machine): Generator<Transition> {
  for (const [index, message] of world.messages.entries()) {
    if (message.visibleAt > world.now) continue;
    const { role, media, decision } = message;
    // Everything was dropped when the world began.
    const dropped = media && { media, arrivedAt: 0, isOperators: settlesDrops(scenario) };
    const drop = { role, lastChance: false, ...dropped, ...(decision ? { decision } : {}) };
    const taken = { ...world, messages: without(world.messages, index) };
    for (const { clockOffset, isOfLastRelease } of kindsOfWorkers(scenario)) {
      const kind = `${clockOffset ? " with a clock ahead" : ""}${isOfLastRelease ? " of the last release" : ""}`;
      const label = `a worker${kind} takes the message of ${media?.id ?? role}`;
      const taker = { clockOffset, isOfLastRelease, message };
      yield { label, isFault: false, world: invoke(taken, by, scenario, drop, taker) };
      if (world.budgets.duplicates > 0)
        yield {
          label: `${label}, which stays in the queue`,
          isFault: true,
          world: invoke(spend(world, "duplicates"), by, scenario, drop, { ...taker, message: undefined }),
        };
      if (world.budgets.lastChances > 0)
        yield {
          label: `${label} for the last time`,
          isFault: true,
          world: invoke(
            spend(taken, "lastChances"),
            by,
            scenario,
            { ...drop, lastChance: true },
            { ...taker, message: undefined },
          ),
        };
    }
  }
}

/** The message that looks after the row is in the queue before the row is claimed, and hidden while the call lives. */
function* call(world: World, scenario: Scenario, by: Machine): Generator<Transition> {
  const { queuesCalls = true } = by;
  const reconcile: Message = { role: "reconcile", visibleAt: world.now + (scenario.invocationTicks + 1) * TICK_MS };
  const messages = queuesCalls ? [...world.messages, reconcile] : world.messages;
  const called = { ...spend(world, "callers"), messages };
  const drop = { role: "caller", media: callersMedia(scenario, world), lastChance: false } as const;
  for (const clockOffset of clockOffsets(scenario))
    yield {
      label: `a caller brings ${drop.media.id}`,
      isFault: false,
      world: invoke(called, by, scenario, drop, { clockOffset, message: undefined }),
    };
}

function* sendAgain(world: World): Generator<Transition> {
  const { row } = world;
  if (!row?.media || (row.state !== "NEEDS_REVIEW" && row.state !== "REJECTED")) return;
  const { fence, media } = row;
  for (const what of ["resend", "reject", "delivered"] as const) {
    // An operator says that the media is there who has seen it at cielo24, whatever job/info shows.
    if (what === "delivered" && world.accepted.length === 0) continue;
    const decision = { what, object: media.id, fence, by: "", why: "" };
    const messages: Message[] = [...world.messages, { role: "operator", decision, visibleAt: world.now }];
    yield { label: `an operator says "${what}"`, isFault: true, world: { ...spend(world, "operators"), messages } };
  }
}

const settlesDrops = ({ dropSettleTicks, truncatedPatienceTicks }: Scenario): boolean =>
  dropSettleTicks > 0 || truncatedPatienceTicks > 0;

/** Somebody deletes the first object; its version stays, behind a delete marker. */
function* withdraw(world: World, scenario: Scenario): Generator<Transition> {
  const { id = "" } = objectsOf(scenario)[0] ?? {};
  yield { label: `${id} is withdrawn`, isFault: true, world: { ...spend(world, "withdrawals"), withdrawn: [id] } };
}

/** Signing reads the row, and writes it at any time after that. */
function* signUpload(world: World, { admits = admitUpload }: Machine): Generator<Transition> {
  const { id: uploadId } = world.row?.cancelledAt === undefined ? FIRST_UPLOAD : SECOND_UPLOAD;
  const admission = admits(world.row, { uploadId, now: world.now, expiryMs: TICK_MS });
  if (!admission.admitted || !admission.write) return;
  yield { label: "an upload is signed", isFault: true, world: delay(spend(world, "signings"), admission.write) };
}

/** So does a cancellation. */
function* cancel(world: World, scenario: Scenario, { cancels = cancelUpload }: Machine): Generator<Transition> {
  const admission = world.row && cancels(world.row, { now: world.now, expiryMs: settingsOf(scenario).expiryMs });
  if (!admission?.admitted || !admission.write) return;
  yield { label: "the owner cancels", isFault: true, world: delay(spend(world, "cancels"), admission.write) };
}

/** The function that cancelled announces it, unless it dies first. */
function* announceCancelled(world: World): Generator<Transition> {
  const { row, announced } = world;
  if (row?.state !== "REJECTED" || row.cancelledAt === undefined || row.announced) return;
  const event = `REJECTED ${row.media?.id ?? ""}`;
  const told = announced.includes(event) ? announced : [...announced, event].sort();
  const label = "the cancellation is announced";
  yield { label, isFault: true, world: { ...world, announced: told, row: { ...row, announced: true } } };
}

/**
 * The census puts back what is stuck, silent or was never announced. It certainly does so if no worker is alive and no
 * message looks after it. Beside workers it may come later, and beside such messages it may make duplicates.
 */
function* takeCensus(world: World, scenario: Scenario): Generator<Transition> {
  const { row, now } = world;
  const mayRepeat = world.budgets.duplicates > 0;
  if (world.workers.length > 0 && !mayRepeat) return;
  const found: Message[] = objectsOf(scenario)
    .filter(({ id }) => !isKnown(row, id))
    .map((media) => ({ role: "queue", media, visibleAt: now }));
  if (row && (isStuck(row, now) || isSilent(row))) found.push({ role: "reconcile", visibleAt: now });
  const left = found.filter(({ role, media }) =>
    world.messages.every((message) => message.role !== role || message.media?.id !== media?.id),
  );
  if (left.length > 0 && world.workers.length === 0)
    yield {
      label: "the census puts back what is left over",
      isFault: false,
      world: { ...world, messages: [...world.messages, ...left] },
    };
  else if (found.length > 0 && mayRepeat)
    yield {
      label: "the census puts back what is looked after",
      isFault: true,
      world: { ...spend(world, "duplicates"), messages: [...world.messages, ...found] },
    };
}

const isKnown = (row: Row | undefined, id: string): boolean => {
  if (row === undefined || row.state === "UPLOADING") return false;
  if (row.state === "REJECTED") return row.media?.id === id || [row.rejected, row.conflicts].flat().includes(id);
  return true;
};

const isStuck = (row: Row, now: number): boolean =>
  isOverdue(row, now) || isTimedOut(row, now, UPLOAD_LIFE_TICKS * TICK_MS);

const isOverdue = ({ state, leaseUntil = 0, settledAt = 0, notBefore = 0 }: Row, now: number): boolean =>
  now >= notBefore && ((state === "SENDING" && now >= leaseUntil) || (state === "FINALIZING" && now >= settledAt));

const isSilent = (row: Row): boolean => hasEnded(row) && !row.announced;

/** Time to live is counted in months: by then nothing is on its way any more. */
function* expire(world: World, { expires = mayExpire }: Machine): Generator<Transition> {
  const { row, workers, messages, delayed, floating } = world;
  const isQuiet = [workers, messages, delayed, floating].every((each) => each.length === 0);
  if (row && isQuiet && expires(row))
    yield { label: "the row expires", isFault: true, world: { ...world, row: undefined } };
}

const mayExpire = ({ expiresAt }: Row): boolean => expiresAt !== undefined;

/** Something that is on its way arrives, or is lost for good. */
function* settle(world: World, scenario: Scenario, by: Machine): Generator<Transition> {
  for (const [index, { mediaId, capability, isPull }] of world.floating.entries()) {
    const left = { ...world, floating: without(world.floating, index) };
    if (capability !== undefined)
      for (const pulled of redirect(world, index, by))
        yield { label: `a pull of ${mediaId} is redirected`, isFault: false, world: pulled };
    else if (!scenario.cielo24.enforcesOneMedium || world.accepted.length === 0)
      yield { label: `cielo24 accepts ${mediaId} late`, isFault: !isPull, world: accept(left, mediaId, scenario) };
    yield { label: `${mediaId} is never accepted`, isFault: false, world: left };
  }
  for (const [index, write] of world.delayed.entries()) {
    const left = { ...world, delayed: without(world.delayed, index) };
    const after = afterWrite(left, write);
    yield { label: "a delayed write never happens", isFault: false, world: left };
    if (after?.row)
      yield {
        label: `a delayed write to ${after.row.state} happens`,
        isFault: true,
        world: after.row.state === "FINALIZING" ? doubt(after) : after,
      };
  }
}
