import type { MediaRef, Row, Write } from "../../lib/delivery/row.ts";
import type { Command, Memory } from "../../lib/delivery/machine.ts";
import type { step } from "../../lib/delivery/state.ts";
import type { Budgets, Scenario } from "./scenario.ts";

/**
 * The world around the delivery machine as the explorer sees it: one job's row, its messages, the workers, cielo24 and
 * time. cielo24 enforces nothing: whatever reaches it whole may be accepted. Worlds are never changed, and share what
 * is the same in them.
 */
export interface World {
  /** True time; clocks may be ahead of it. */
  readonly now: number;
  readonly row: Row | undefined;
  readonly messages: readonly Message[];
  readonly workers: readonly Worker[];
  /** Media that is out and may still be accepted. */
  readonly floating: readonly { readonly mediaId: string; readonly until: number }[];
  readonly accepted: readonly { readonly mediaId: string; readonly at: number }[];
  /** Table writes that may still happen. */
  readonly delayed: readonly Write[];
  /** The events that are out: state and medium. */
  readonly announced: readonly string[];
  readonly budgets: Budgets;
  readonly callerWaits: boolean;
  readonly operatorWaits: boolean;
  /** For fresh claim names. */
  readonly randoms: number;
  /** Whether the medium was sent again after an answer that nobody knows. */
  readonly resent: boolean;
}

export interface Message {
  readonly role: "queue" | "reconcile" | "operator";
  readonly media?: MediaRef;
  readonly visibleAt: number;
}

export interface Worker {
  readonly memory: Memory;
  /** What it is about to do. */
  readonly command: Command;
  /** When its invocation ends, in true time. */
  readonly deadline: number;
  readonly clockOffset: number;
  /** The message that it was invoked for, unless that was a duplicate or dies with it; a caller has none. */
  readonly message: Message | undefined;
  /** What job/info said to a question whose answer is on its way. */
  readonly heard?: { readonly askedAt: number; readonly hasMedia: boolean } | undefined;
}

/** One thing that may happen next. */
export interface Transition {
  readonly label: string;
  /** Faults may happen, but nothing may depend on their happening. */
  readonly isFault: boolean;
  readonly world: World;
}

/** The machine's step, so that mutants can take its place, and what is made of a write before it is carried out. */
export interface Machine {
  readonly step: typeof step;
  readonly alter?: (write: Write) => Write;
}

export const JOB_ID = "job";

const objectRef = (index: number): MediaRef => ({
  id: `object ${String.fromCharCode(65 + index)}`,
  kind: "object",
  key: "key",
  versionId: String(index),
});

const OBJECTS: readonly MediaRef[] = Array.from({ length: 3 }, (_, index) => objectRef(index));

export const objectsOf = ({ objects }: Scenario): readonly MediaRef[] => OBJECTS.slice(0, objects);

export const CALLERS_MEDIA: MediaRef = { id: "the caller's URL", kind: "url" };

export const startWorld = (scenario: Scenario): World => ({
  now: 0,
  row: undefined,
  messages: objectsOf(scenario).map((media) => ({ role: "queue" as const, media, visibleAt: 0 })),
  workers: [],
  floating: [],
  accepted: [],
  delayed: [],
  announced: [],
  budgets: scenario.budgets,
  callerWaits: scenario.caller,
  operatorWaits: scenario.operator,
  randoms: 1,
  resent: false,
});

export const spend = (world: World, kind: keyof Budgets): World => ({
  ...world,
  budgets: { ...world.budgets, [kind]: world.budgets[kind] - 1 },
});

export const without = <T>(list: readonly T[], index: number): T[] => list.filter((_, at) => at !== index);

export const replaceWorker = (world: World, index: number, worker: Worker): World => ({
  ...world,
  workers: world.workers.map((each, at) => (at === index ? worker : each)),
});

/** The worker is gone; its message, if it has one, is visible again from then on. */
export const endWorker = (world: World, index: number, { message }: Worker, visibleAt: number): World => ({
  ...world,
  workers: without(world.workers, index),
  messages: message ? [...world.messages, { ...message, visibleAt }] : world.messages,
});

export const accept = (world: World, mediaId: string): World => ({
  ...world,
  accepted: [...world.accepted, { mediaId, at: world.now }],
});

export const float = (world: World, mediaId: string, until: number): World => ({
  ...world,
  floating: [...world.floating, { mediaId, until }],
});
