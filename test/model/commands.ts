import type { Row, Write } from "../../lib/delivery/machine/row.ts";
import type { Reply, Command, Failure, Input, Outcome } from "../../lib/delivery/machine/protocol.ts";
import { reportProgress } from "../../lib/delivery/machine/transitions.ts";
import type { MediaRef } from "../../lib/media/key.ts";
import type { Release } from "./last-release.ts";
import { CAPABILITY_TICKS, LONGEST_PULL_TICKS, TICK_MS, type Scenario } from "./scenario.ts";
import {
  accept,
  acceptUnseen,
  afterWrite,
  delay,
  doubt,
  endWorker,
  float,
  objectsOf,
  redirect,
  replaceWorker,
  spend,
  without,
  type Machine,
  type Transition,
  type Worker,
  type World,
} from "./job-world.ts";

const ACCEPTED: Reply = { is: "accepted", taskId: "task" };
const REFUSED: Failure = { is: "refused", error: { type: "INVALID_QUERY", comment: "" } };
const BAD_TOKEN: Reply = { is: "badToken" };
const LOGIN_INVALID: Failure = { is: "loginInvalid" };
const UNAVAILABLE: Failure = { is: "unavailable" };
const ACCOUNT_REFUSED: Failure = { is: "accountRefused", error: { type: "ACCOUNT_UNPRIVILEGED", comment: "" } };
const UNKNOWN_JOB: Failure = { is: "refused", error: { type: "ITEM_NOT_FOUND", comment: "" } };
const INVALID_URL: Failure = { is: "refused", error: { type: "INVALID_URL", comment: "" } };
const ANSWERED_ERROR: Reply = { is: "unavailable", isAnsweredError: true };
const UNINTELLIGIBLE: Failure = { is: "unintelligible", error: { type: "UNKNOWN", comment: "" } };

const NO_MEDIA = { type: "NOT_MEDIA", comment: "" };
const CUT_OFF = { type: "MEDIA_INCOMPLETE", comment: "" };

type Of<Do extends Command["do"]> = Extract<Command, { do: Do }>;

/** Every way in which the command of a worker can end. */
export function* carryOut(
  world: World,
  index: number,
  worker: Worker,
  machine: Machine,
  scenario: Scenario,
): Generator<Transition> {
  const by = { world, index, worker, machine, scenario };
  const { command } = worker;
  if (worker.sent) {
    yield end(by, `hears of its POST: ${worker.sent.is}`, world, answered(worker.sent));
    return;
  }
  switch (command.do) {
    case "read":
      if (command.ahead) yield* askAhead(by, command.ahead);
      yield end(by, "reads the row", world, { type: "row", row: world.row });
      if (world.budgets.calls > 0) yield fault(by, "cannot read the row", spend(world, "calls"), { type: "unread" });
      return;
    case "inspect":
      yield* inspect(by, command);
      return;
    case "ask":
      yield* ask(by, command);
      return;
    case "recheck": {
      const isWithdrawn = world.withdrawn.includes(command.media.id);
      const after = isWithdrawn ? refused(world) : world;
      yield end(by, `finds the object ${isWithdrawn ? "withdrawn" : "there still"}`, after, {
        type: "checked",
        isWithdrawn,
      });
      return;
    }
    case "compare": {
      const isSuperseded = [world.superseded, world.withdrawn].flat().includes(command.media.id);
      const sameness = isSuperseded ? "superseded" : "other";
      yield end(by, `compares the objects: ${sameness}`, world, { type: "compared", sameness });
      return;
    }
    case "announceConflict":
      yield end(by, "announces the conflict", world, { type: "announced" });
      if (world.budgets.calls > 0)
        yield fault(by, "cannot announce the conflict", spend(world, "calls"), { type: "unannounced" });
      return;
    case "write":
      yield* write(by, command);
      return;
    case "stream":
      yield* stream(by, command);
      return;
    case "finish":
      if (world.budgets.refusals > 0)
        yield fault(
          by,
          "is cut off with the last chunk still in hand",
          spend(world, "refusals"),
          answered({ is: "unavailable", isUnsent: true }),
        );
      yield* send(by);
      return;
    case "handOver":
      yield* command.row.media?.kind === "object" ? handOver(by) : send(by);
      return;
    case "abort":
      // Like `later`: see `tell`.
      return;
    case "announce":
      yield* announce(by, command);
      return;
    case "acknowledge":
      yield {
        label: `worker ${index} acknowledges (${command.reason})`,
        isFault: false,
        world: { ...world, workers: without(world.workers, index) },
      };
      return;
    case "later":
      // Only the worker itself knows when it is done: see `tell`.
      return;
  }
}

interface Actor {
  /** It does this ahead, and keeps the outcome for later. */
  readonly ahead?: "measured" | "asked";
  readonly world: World;
  readonly index: number;
  readonly worker: Worker;
  readonly machine: Machine;
  readonly scenario: Scenario;
}

/** The world after the worker has heard the outcome and decided what to do next. */
const tell = ({ ahead, index, worker, machine }: Actor, from: World, outcome: Outcome): World => {
  if (ahead) return replaceWorker(from, index, { ...worker, [ahead]: outcome });
  const input = {
    ...outcome,
    now: from.now + worker.clockOffset,
    timeLeftMs: Math.max(worker.deadline - from.now, 0),
    // Only the last digits differ, so every jitter is zero.
    random: from.randoms.toString(16).padStart(32, "0"),
  };
  const step = worker.isOfLastRelease && machine.lastRelease ? stepOfLastRelease(machine.lastRelease) : machine.step;
  let { memory, command } = step(worker.memory, input);
  if (command.do === "abort") ({ memory, command } = step(memory, { ...input, type: "aborted" }));
  if (command.do === "later")
    return endWorker(from, index, leaving(worker, command), Math.max(command.at - worker.clockOffset, from.now));
  const { measured, asked } = stillAhead(worker, command);
  const heard = { sent: undefined, heard: undefined, measured, asked };
  const next = replaceWorker(from, index, { ...worker, memory, command, ...heard });
  return { ...next, randoms: from.randoms + 1 };
};

/** What was found out ahead, if it may still be used. */
const stillAhead = ({ measured, asked }: Worker, next: Command): Pick<Worker, "measured" | "asked"> => {
  if (next.do === "inspect" && next.wasAhead) return { measured, asked };
  return next.do === "ask" && next.wasAhead ? { asked } : {};
};

/**
 * What a worker does ahead is done at any moment from here until it is wanted. Done after the read, it is as good as done when
 * it is wanted. Which of the two questions comes first makes no difference to anybody.
 */
function* askAhead(by: Actor, media: MediaRef): Generator<Transition> {
  const { measured, asked } = by.worker;
  if (!asked) yield* ask({ ...by, ahead: "asked" }, { do: "ask" });
  else if (!measured) yield* inspect({ ...by, ahead: "measured" }, { do: "inspect", media });
}

/** The last release called replies "answers", and its runner took refusals of the account for refusals of the media. */
const stepOfLastRelease =
  ({ step }: Release): Release["step"] =>
  (memory, input) => {
    if (input.type !== "answered" && input.type !== "noInfo") return step(memory, input);
    const { reply, ...more } = input;
    const answer = reply.is === "accountRefused" ? { ...reply, is: "refused" } : reply;
    return step(memory, { ...more, answer } as unknown as Input);
  };

/** An operator's decision counts once: a row that it reopened is looked after by a reconcile message. */
const leaving = (worker: Worker, { row }: Of<"later">): Worker =>
  worker.message?.decision && row && row.fence !== worker.message.decision.fence
    ? { ...worker, message: { role: "reconcile", visibleAt: worker.message.visibleAt } }
    : worker;

/** The same world after a definite refusal. After a lost answer, a refusal is not definite, but one more doubt. */
const refused = (world: World, row?: Row): World => ({
  ...(row?.everUnknown ? doubt(world) : world),
  isRefused: true,
});

const end = (by: Actor, label: string, from: World, outcome: Outcome): Transition => ({
  label: `worker ${by.index} ${label}`,
  isFault: false,
  world: tell(by, from, outcome),
});

const fault = (by: Actor, label: string, from: World, outcome: Outcome): Transition => ({
  ...end(by, label, from, outcome),
  isFault: true,
});

const answered = (reply: Reply): Outcome => ({ type: "answered", reply });

/** cielo24 answers a POST; the worker receives the answer now, or at any time until its deadline. */
const replied = (by: Actor, label: string, from: World, reply: Reply): Transition =>
  by.scenario.slowAnswers
    ? {
        label: `worker ${by.index} ${label}`,
        isFault: false,
        world: replaceWorker(from, by.index, { ...by.worker, sent: reply }),
      }
    : end(by, label, from, answered(reply));

const repliedBadly = (by: Actor, label: string, from: World, reply: Reply): Transition => ({
  ...replied(by, label, from, reply),
  isFault: true,
});

function* inspect(by: Actor, command: Of<"inspect">): Generator<Transition> {
  const { world, scenario, worker } = by;
  const { media } = command;
  if (command.wasAhead && worker.measured) {
    yield end(by, "has measured the object", world, worker.measured);
    return;
  }
  if (world.withdrawn.includes(media.id)) {
    const sent = by.worker.memory.row?.everUnknown === true;
    yield end(by, "finds the object withdrawn", sent ? world : refused(world), {
      type: "object",
      status: "deleted",
      sizeBytes: 5,
    });
    return;
  }
  const [first, second] = objectsOf(scenario);
  const isFirst = scenario.supersedes && media.id === first?.id;
  // Once anybody has seen the newer version, nobody finds the older one current.
  const seen = scenario.supersedes && media.id === second?.id ? supersede(world, first?.id ?? "") : world;
  if (!isFirst || !world.superseded.includes(media.id))
    yield end(by, "measures the object", seen, { type: "object", status: "current", sizeBytes: 5 });
  if (world.budgets.refusals > 0)
    yield fault(by, "finds the object gone", refused(spend(world, "refusals")), {
      type: "object",
      status: "gone",
      sizeBytes: 0,
    });
  if (isFirst) {
    const found = { type: "object", status: "superseded", sizeBytes: 5 } as const;
    const isKnown = world.superseded.includes(media.id);
    yield { ...end(by, "finds a newer version", supersede(world, media.id), found), isFault: !isKnown };
  }
  if (world.budgets.calls > 0)
    yield fault(by, "cannot measure the object", spend(world, "calls"), { type: "uninspected", code: "READ_FAILED" });
}

const supersede = (world: World, id: string): World =>
  world.superseded.includes(id) ? world : { ...world, superseded: [id] };

/** job/info must show media that was accepted at least D ago, and may show it earlier. */
function* ask(by: Actor, { look, wasAhead }: Of<"ask">): Generator<Transition> {
  const { world, index, worker } = by;
  if (wasAhead && worker.asked) {
    yield end(by, "has asked job/info", world, worker.asked);
    if (worker.asked.type === "info" && !worker.asked.hasMedia) yield* lookAt(by, look, worker.asked);
    return;
  }
  if (worker.heard) {
    yield end(by, "hears the answer", world, { type: "info", ...worker.heard });
    return;
  }
  const isAccepted = world.accepted.length > 0;
  const mustShow = world.accepted.some(({ shownAt }) => world.now >= shownAt);
  const askedAt = world.now + worker.clockOffset;
  for (const hasMedia of isAccepted ? (mustShow ? [true] : [true, false]) : [false]) {
    const label = `worker ${index} asks job/info, which ${hasMedia ? "shows media" : "shows none"}`;
    const isFault = isAccepted && !hasMedia;
    // How long the answer takes matters only if the absence of media may be believed.
    const after =
      worker.memory.phase === "settling" && !hasMedia
        ? replaceWorker(world, index, { ...worker, heard: { askedAt, hasMedia } })
        : tell(by, world, { type: "info", askedAt, hasMedia });
    yield { label, isFault, world: after };
  }
  if (!isAccepted) yield* lookAt(by, look, { type: "info", askedAt, hasMedia: false });
  if (world.budgets.calls > 0) {
    const spent = spend(world, "calls");
    yield fault(by, "cannot ask job/info", spent, { type: "noInfo", reply: UNAVAILABLE });
    yield fault(by, "cannot log in to ask", spent, { type: "noInfo", reply: LOGIN_INVALID });
    yield fault(by, "does not understand job/info", spent, { type: "noInfo", reply: UNINTELLIGIBLE });
    yield fault(by, "is refused by job/info", refused(spent), { type: "noInfo", reply: REFUSED });
    yield fault(by, "is told that the account may not", spent, { type: "noInfo", reply: ACCOUNT_REFUSED });
    // At first the secret may be another account's; an answer that stays the same for long is believed.
    const isLong = worker.memory.row?.unknownSince !== undefined;
    yield fault(by, "is told that there is no such job", isLong ? refused(spent) : spent, {
      type: "noInfo",
      reply: UNKNOWN_JOB,
    });
  }
}

/** What a look at the bytes may show, beside what job/info says. */
function* lookAt(by: Actor, look: Of<"ask">["look"], info: Outcome & { type: "info" }): Generator<Transition> {
  const { world, scenario } = by;
  if (!look || world.budgets.refusals === 0) return;
  // The cut-off object of a scenario is the first one.
  const isCutOff = scenario.truncatedPatienceTicks > 0 && look.media.id === objectsOf(scenario)[0]?.id;
  if (isCutOff) yield fault(by, "sees that the object is cut off", refused(world), { ...info, verdict: CUT_OFF });
  else
    yield fault(by, "sees that the object is no media", refused(spend(world, "refusals")), {
      ...info,
      verdict: NO_MEDIA,
    });
}

function* write(by: Actor, command: Of<"write">): Generator<Transition> {
  const { world, machine } = by;
  const made = machine.alter ? machine.alter(command.write) : command.write;
  const after = afterWrite(countDecision(by, made), made);
  const label = `writes ${made.set.state ?? Object.keys(made.set).join(" and ")}`;
  const done = after ?? world;
  if (after) yield end(by, label, done, { type: "written" });
  else yield end(by, `${label}, which is refused`, world, { type: "unwritten" });
  if (world.budgets.writes === 0) return;
  const { budgets } = spend(world, "writes");
  yield fault(by, `${label}, which is lost`, { ...world, budgets }, { type: "unwritten" });
  if (after) yield fault(by, `${label}, but the answer is lost`, { ...done, budgets }, { type: "unwritten" });
  yield fault(by, `${label}, which is delayed`, delay({ ...world, budgets }, made), { type: "unwritten" });
  if (!after) return;
  const repeated = delay({ ...done, budgets }, made);
  yield fault(by, `${label}, which may happen once more`, repeated, { type: "written" });
  yield fault(by, `${label}, but the answer is lost, and it may happen once more`, repeated, { type: "unwritten" });
}

/** A decision holds only for the medium and the fence that the operator saw. */
const countDecision = ({ world, worker }: Actor, made: Write): World => {
  const { decision } = worker.memory.drop;
  if (!made.set.decision || !decision) return world;
  const isMeant = world.row?.media?.id === decision.object && world.row.fence === decision.fence;
  return isMeant ? world : { ...world, isMisused: true };
};

function* stream(by: Actor, command: Of<"stream">): Generator<Transition> {
  const { world, index, machine, scenario } = by;
  yield end(by, "sends all but the last chunk", world, { type: "held", sha256: "" });
  if (scenario.progress) {
    const report = reportProgress(command.claim, { now: world.now, sentBytes: 3 });
    const made = machine.alter ? machine.alter(report) : report;
    const after = afterWrite(world, made);
    const label = `worker ${index} reports progress`;
    if (after && world.row?.sentBytes !== 3) yield { label, isFault: true, world: after };
    if (world.budgets.writes > 0)
      yield { label: `${label}, which is delayed`, isFault: true, world: delay(spend(world, "writes"), made) };
  }
  if (scenario.mode === "auto" && command.row.media?.kind === "object")
    yield fault(by, "finds that it is too slow", world, { type: "tooSlow" });
  if (world.budgets.refusals > 0) {
    const spent = spend(world, "refusals");
    yield fault(by, "is refused before the last chunk", refused(spent, command.row), answered(REFUSED));
    yield fault(by, "is told before the last chunk that the account may not", spent, answered(ACCOUNT_REFUSED));
    yield fault(by, "has its token refused before the last chunk", spent, answered(BAD_TOKEN));
    yield fault(by, "is cut off before the last chunk", spent, answered(UNAVAILABLE));
    yield fault(by, "does not understand an answer before the last chunk", spent, answered(UNINTELLIGIBLE));
    yield fault(by, "finds the object gone while it reads", refused(spent, command.row), {
      type: "broken",
      code: "OBJECT_GONE",
    });
  }
  if (world.budgets.answers > 0)
    yield fault(by, "gets a 200 before the last chunk", doubt(spend(world, "answers")), answered(ACCEPTED));
}

/** The last chunk goes out, or a URL that cielo24 reads while the call waits. */
function* send(by: Actor): Generator<Transition> {
  const { world, scenario } = by;
  const { lateAcceptanceTicks, enforcesOneMedium } = scenario.cielo24;
  if (enforcesOneMedium && world.accepted.length > 0) {
    yield replied(by, "sends the end, which is refused: the job has its media", doubt(world), REFUSED);
    return;
  }
  const sent = countResend(by);
  const mediaId = by.worker.memory.row?.media?.id ?? "";
  const accepted = accept(sent, mediaId, scenario);
  const floating = float(sent, { mediaId, until: world.now + lateAcceptanceTicks * TICK_MS });
  yield replied(by, "sends the end, which is accepted", accepted, ACCEPTED);
  yield* beRefused(by);
  if (world.budgets.errors > 0) {
    const behind = spend(sent, "errors");
    const { serverErrorSettleTicks, cielo24 } = scenario;
    const late = acceptUnseen(behind, mediaId, Math.max(serverErrorSettleTicks, cielo24.lateInfoTicks));
    yield repliedBadly(by, "sends the end, and an error is answered", doubt(behind), ANSWERED_ERROR);
    yield repliedBadly(by, "sends the end, which is accepted, and an error is answered", doubt(late), ANSWERED_ERROR);
  }
  yield* loseAnswer(by, [
    ["is accepted", accepted],
    ["may be accepted later", floating],
  ]);
}

/** cielo24 takes a capability URL, and pulls within the URL's life; the pull takes its time. */
function* handOver(by: Actor): Generator<Transition> {
  const { world, scenario } = by;
  const pullTicks = CAPABILITY_TICKS + LONGEST_PULL_TICKS + scenario.cielo24.lateAcceptanceTicks;
  const { media, capability } = by.worker.memory.row ?? {};
  const until = world.now + pullTicks * TICK_MS;
  const pulling = doubt(float(countResend(by), { mediaId: media?.id ?? "", until, capability }));
  yield replied(by, "hands the object over", pulling, ACCEPTED);
  yield* beRefused(by);
  // The last release took every such answer as definite.
  if (world.budgets.refusals > 0 && !by.worker.isOfLastRelease) {
    // cielo24 may say so and then try again, or say so after a pull.
    yield repliedBadly(by, "hands over a URL that cannot be fetched", spend(pulling, "refusals"), INVALID_URL);
    const [pulled] = redirect(pulling, pulling.floating.length - 1, by.machine);
    if (pulled)
      yield repliedBadly(
        by,
        "hands over a URL that is fetched and called invalid",
        spend(pulled, "refusals"),
        INVALID_URL,
      );
  }
  yield* loseAnswer(by, [["may be pulled", pulling]]);
}

function* beRefused(by: Actor): Generator<Transition> {
  if (by.world.budgets.refusals === 0) return;
  const spent = spend(by.world, "refusals");
  yield repliedBadly(by, "sends the end, which is refused", refused(spent, by.worker.memory.row), REFUSED);
  yield repliedBadly(by, "sends the end, and the account may not", spent, ACCOUNT_REFUSED);
  yield repliedBadly(by, "sends the end, and its token is refused", spent, BAD_TOKEN);
}

/** Media that goes out after an unknown answer is a resend. */
const countResend = ({ world, worker }: Actor): World =>
  worker.memory.row?.everUnknown ? { ...world, resent: true } : world;

/** It was sent, but the worker does not learn the outcome, or dies first. */
function* loseAnswer(by: Actor, ways: readonly (readonly [string, World])[]): Generator<Transition> {
  const { world, index, worker } = by;
  for (const [what, whole] of ways) {
    const sent = whole.doubts > world.doubts ? whole : doubt(whole);
    if (world.budgets.answers > 0)
      yield fault(by, `sends the end, which ${what}; no answer`, spend(sent, "answers"), answered(UNAVAILABLE));
    if (world.budgets.crashes > 0)
      yield {
        label: `worker ${index} sends the end, which ${what}, and crashes`,
        isFault: true,
        world: endWorker(spend(sent, "crashes"), index, worker, worker.deadline + TICK_MS),
      };
  }
}

function* announce(by: Actor, { row }: Of<"announce">): Generator<Transition> {
  const { world } = by;
  const event = `${row.state} ${row.media?.id ?? ""}`;
  const announced = world.announced.includes(event) ? world.announced : [...world.announced, event].sort();
  yield end(by, `announces ${event}`, { ...world, announced }, { type: "announced" });
  if (world.budgets.calls > 0)
    yield fault(by, `cannot announce ${event}`, spend(world, "calls"), { type: "unannounced" });
}
