import type { Command, OperatorDecision } from "../../lib/delivery/machine/protocol.ts";
import { TICK_MS, UNKNOWN_JOB_TICKS, UPLOAD_LIFE_TICKS } from "./scenario.ts";
import type { Worker, World } from "./job-world.ts";

/**
 * A text that is the same for worlds that behave the same: times relative to now and clipped, fences relative to the
 * row's, claims renamed in the order in which they appear, the order of workers and messages left out.
 */
export const canonical = (world: World): string => {
  const names = new Map<string, number>();
  const rename = ({ claimIds }: Shape): string => {
    let text = "";
    for (const claimId of claimIds) {
      let name = names.get(claimId);
      if (name === undefined) names.set(claimId, (name = names.size));
      text += `c${name}`;
    }
    return text;
  };
  const fence = world.row?.fence ?? 0;
  const show = (value: object) => showAt(shapeOf(value), world.now, fence);
  const list = (values: readonly object[]): string => {
    if (values.length === 0) return "|";
    const shown = values.map((value) => ({ text: show(value), shape: shapeOf(value) }));
    if (shown.length > 1) shown.sort((a, b) => (a.text < b.text ? -1 : 1));
    return shown.reduce((text, each) => text + each.text + rename(each.shape), "|");
  };

  const { row, workers, messages, delayed, floating, accepted, announced, deadLetters, budgets } = world;
  const { superseded, withdrawn, doubts, cancelled, isRefused, isMisused, isMisfiled } = world;
  let text = row ? show(row) + rename(shapeOf(row)) : "";
  text += list(workers) + list(delayed) + list(messages) + list(floating) + list(accepted) + "|";
  text += show(announced) + show(deadLetters) + show(cancelled) + show(budgets);
  text += `${superseded.length}w${withdrawn.length}d${doubts}${isRefused ? "n" : ""}${isMisused ? "m" : ""}${isMisfiled ? "f" : ""}`;
  return world.resent ? `${text}r` : text;
};

/**
 * The parts of an object that stay as time passes and claims are made, and those that change. Found once per object.
 */
interface Shape {
  /** The number of the text of all unchanging parts. */
  readonly id: number;
  /** Times, each followed by the ticks relative to now below which it makes no difference any more. */
  readonly times: readonly number[];
  readonly fences: readonly number[];
  readonly claimIds: readonly string[];
}

const showAt = ({ id, times, fences }: Shape, now: number, fence: number): string => {
  let text = `${id}`;
  for (let index = 0; index < times.length; index += 2) {
    const ticks = Math.ceil(((times[index] ?? 0) - now) / TICK_MS);
    text += `t${Math.max(ticks, times[index + 1] ?? 0)}`;
  }
  // Fences only grow: a fence below the row's is over, however far below it is.
  for (const each of fences) text += `f${Math.max(each - fence, -1)}`;
  return text + ";";
};

const shapes = new WeakMap<object, Shape>();
const ids = new Map<string, number>();

const shapeOf = (value: object): Shape => {
  const known = shapes.get(value);
  if (known) return known;
  const times: number[] = [];
  const fences: number[] = [];
  const claimIds: string[] = [];
  /** Parts that many objects share have their own shape. */
  const include = (shape: Shape): string => {
    times.push(...shape.times);
    fences.push(...shape.fences);
    claimIds.push(...shape.claimIds);
    return `#${shape.id}`;
  };
  const describe = (inner: unknown, name: string): string => {
    // Seconds, and months away: all that counts is whether the row may expire.
    if (name === "expiresAt") return "";
    // Whether it was claimed at all.
    if (name === "claims") return inner === 0 ? "0" : "";
    // Later than every drop.
    if (name === "cancelledAt") return "";
    if (typeof inner === "number") {
      const least = LEAST_TICKS[name];
      if (name === "fence") fences.push(inner);
      else if (least === undefined) return `${inner}`;
      else times.push(inner, least);
      return "";
    }
    if (typeof inner === "string" && (name === "claimId" || name === "capability" || name === "announcer")) {
      claimIds.push(inner);
      return "";
    }
    if (name === "decision") {
      // It matters whether two decisions name the same fence, however old that is.
      const { what, object, fence: of } = inner as OperatorDecision;
      claimIds.push(`decision ${of}`);
      fences.push(of);
      return `${what} ${object}`;
    }
    if (inner instanceof Object) return SHARED.has(name) ? include(shapeOf(inner)) : describeAll(inner, name);
    return String(inner);
  };
  const describeAll = (outer: object, name: string): string => {
    const forgotten = forgottenOf(outer, name);
    let text = "{";
    for (const [key, inner] of Object.entries(outer)) {
      if (inner === undefined || isLeftOut(key, outer) || forgotten.has(key)) continue;
      text += `${key}:${key === "heard" ? describeHeard(outer as Worker) : describe(inner, key)},`;
    }
    return text + "}";
  };
  const text = describeAll(value, "");
  let id = ids.get(text);
  if (id === undefined) ids.set(text, (id = ids.size));
  const shape = { id, times, fences, claimIds };
  shapes.set(value, shape);
  return shape;
};

/** The time of asking only decides whether "no media" may be believed, and that does not change. */
const describeHeard = ({ heard, memory }: Worker): string =>
  `${heard?.hasMedia ?? ""}${(heard?.askedAt ?? 0) >= (memory.row?.settledAt ?? 0) ? "late" : "early"}`;

/** The parts that the next step does not read. */
const forgottenOf = (value: object, name: string): ReadonlySet<string> => {
  // The row in a command is the row that the worker remembers.
  if (name === "command") return ROW;
  if ("command" in value && (value.command as Command).do === "acknowledge") return MEMORY;
  if ("phase" in value && value.phase === "reading") return AS_CLAIMANT;
  return NOTHING;
};
const ROW = new Set(["row"]);
const MEMORY = new Set(["memory"]);
// The last release calls the next visit `leave`, and remembers `handingOver`.
const AS_CLAIMANT = new Set(["row", "claim", "nextVisit", "leave", "verdict", "sizeBytes", "sentBytes", "handingOver"]);
const NOTHING = new Set<string>();

const LEAST_TICKS: Readonly<Record<string, number>> = {
  // A message comes back a tick after the deadline.
  deadline: -1,
  leaseUntil: 0,
  visibleAt: 0,
  until: 0,
  settledAt: 0,
  notBefore: 0,
  announcerUntil: 0,
  // No settling time lasts longer.
  arrivedAt: -3,
  settlingSince: -3,
  unknownSince: -UNKNOWN_JOB_TICKS,
  updatedAt: -UPLOAD_LIFE_TICKS,
  at: 0,
  shownAt: 0,
};

/** What has no bearing on what happens next, or follows from the rest. */
const LEFT_OUT = new Set([
  // Of a question that was asked ahead: only before a claim, where it does not count when that was.
  "askedAt",
  "by",
  // Only how long a wait is.
  "bytesInVain",
  "capabilityUntil",
  // What the worker remembers.
  "conflict",
  "why",
  // Only for metrics.
  "droppedAt",
  "error",
  "hoped",
  "jobId",
  "key",
  "late",
  "look",
  "reads",
  "reason",
  "receiveCount",
  "settings",
  "sha256",
  "signedAt",
  "updatedAt",
  "versionId",
  "waiting",
]);
/** Only of an upload it matters when the row was written. */
const isLeftOut = (name: string, outer: object): boolean =>
  LEFT_OUT.has(name) && !(name === "updatedAt" && "state" in outer && outer.state === "UPLOADING");
const SHARED = new Set(["memory", "row", "message", "media", "write"]);
