import { dueTime, entryAfter, isOpen } from "../../lib/delivery/machine/open.ts";
import { decideWrite, type Row, type Write } from "../../lib/delivery/machine/row.ts";
import type { Reply, Command, Memory, OperatorDecision, Outcome } from "../../lib/delivery/machine/protocol.ts";
import type { admitUpload, cancelUpload } from "../../lib/delivery/machine/uploading.ts";
import type { step } from "../../lib/delivery/machine/machine.ts";
import type { Release } from "./last-release.ts";
import { TICK_MS, type Budgets, type Scenario } from "./scenario.ts";
import { mediaKey, type MediaRef } from "../../lib/media/key.ts";

/**
 * The world around the delivery machine as the explorer sees it: one job's row, its messages, the workers, cielo24 and
 * time. cielo24 enforces nothing: all media that reaches it whole may be accepted. Worlds are never changed, and share
 * their equal parts.
 */
export interface World {
  /** True time; clocks may be ahead of it. */
  readonly now: number;
  readonly row: Row | undefined;
  readonly messages: readonly Message[];
  readonly workers: readonly Worker[];
  /** Media that is out and may still be accepted. */
  readonly floating: readonly Floating[];
  /** What cielo24 took, and from when on job/info must show it. */
  readonly accepted: readonly { readonly mediaId: string; readonly shownAt: number }[];
  /** Table writes that may still happen. */
  readonly delayed: readonly Write[];
  /** The events that are out: state and medium. */
  readonly announced: readonly string[];
  /** Objects whose message died. */
  readonly deadLetters: readonly string[];
  /** Objects that a newer version has replaced. */
  readonly superseded: readonly string[];
  /** Objects behind a delete marker. */
  readonly withdrawn: readonly string[];
  /** How often a last chunk or a URL went out without a definite answer. */
  readonly doubts: number;
  /** Objects that the owner cancelled: all but those whose upload was signed after that, or that an operator sent again. */
  readonly cancelled: readonly string[];
  /** cielo24 definitely refused the media for good, or the object itself cannot be delivered. */
  readonly isRefused: boolean;
  /** An operator's decision was carried out on another state than the operator saw. */
  readonly isMisused: boolean;
  /** A write left the row open without an entry in the index of open rows, or ended with one, or with one that is late. */
  readonly isMisfiled: boolean;
  readonly budgets: Budgets;
  /** For fresh claim names. */
  readonly randoms: number;
  /** Whether the medium was sent again after an unknown answer. */
  readonly resent: boolean;
}

/** A medium that is out and may still be accepted. */
export interface Floating {
  readonly mediaId: string;
  readonly until: number;
  /** It is behind a capability URL, which cielo24 has to request first. */
  readonly capability?: string | undefined;
  /** cielo24 reads it at S3. It is no misfortune if cielo24 takes it. */
  readonly isPull?: true;
}

export interface Message {
  readonly role: "queue" | "reconcile" | "operator";
  readonly media?: MediaRef;
  readonly decision?: OperatorDecision;
  readonly visibleAt: number;
}

export interface Worker {
  readonly memory: Memory;
  /** What it is about to do. */
  readonly command: Command;
  /** When its invocation ends, in true time. */
  readonly deadline: number;
  readonly clockOffset: number;
  /** It runs the last release's code. */
  readonly isOfLastRelease?: boolean | undefined;
  /** The message that it was invoked for, unless that was a duplicate or dies with it; a caller has none. */
  readonly message: Message | undefined;
  /** cielo24's answer to a POST that is out, until the worker hears it. */
  readonly sent?: Reply | undefined;
  /** What was found out while the row was read, if it was found out that early. */
  readonly measured?: Outcome | undefined;
  readonly asked?: Outcome | undefined;
  /** What job/info said to a question whose answer is on its way. */
  readonly heard?: { readonly askedAt: number; readonly hasMedia: boolean } | undefined;
}

/** One thing that may happen next. */
export interface Transition {
  readonly label: string;
  /** Faults may happen, but nothing may depend on their happening. */
  readonly isFault: boolean;
  /** A worker that took too long is ended. It could have been quicker. */
  readonly isKill?: boolean;
  readonly world: World;
}

/** The machine's step, which mutants replace, and the other parts of the product that they may change. */
export interface Machine {
  readonly step: typeof step;
  /** The code of the last release, if both may run at the same time. */
  readonly lastRelease?: Release | undefined;
  /** Changes a write before it is carried out. */
  readonly alter?: (write: Write) => Write;
  /** Whether an owner may cancel, and the write that does. */
  readonly cancels?: typeof cancelUpload;
  /** Whether another upload may be signed, and the write that records it. */
  readonly admits?: typeof admitUpload;
  /** Whether an HTTP call puts a message that looks after its row into the queue first; it does. */
  readonly queuesCalls?: boolean;
  /** Whether media-source records that it redirects a pull, and does not redirect if that fails; it does. */
  readonly recordsRedirects?: boolean;
  /** Whether time to live may remove the row; with `expiresAt` it may. */
  readonly expires?: (row: Row) => boolean;
}

export const JOB_ID = "job";

const objectRef = (index: number, key: string): MediaRef => ({
  id: `object ${String.fromCharCode(65 + index)}`,
  kind: "object",
  key,
  versionId: String(index),
});

const upload = (digit: string, index: number, name: string) => {
  const id = digit.repeat(32);
  return { id, media: objectRef(index, mediaKey("0".repeat(32), id, name)) };
};
export const FIRST_UPLOAD = upload("1", 0, "a");
/** It is signed after a cancellation, and only then is its object dropped. */
export const SECOND_UPLOAD = upload("2", 1, "b");

const OBJECTS: readonly MediaRef[] = [FIRST_UPLOAD.media, ...["b", "c"].map((key, index) => objectRef(index + 1, key))];
/** The second is a version of the first one's key. */
const VERSIONS: readonly MediaRef[] = ["a", "a", "c"].map((key, index) => objectRef(index, key));

export const objectsOf = ({ objects, supersedes }: Scenario): readonly MediaRef[] =>
  (supersedes ? VERSIONS : OBJECTS).slice(0, objects);

/** What the next HTTP caller brings. */
export const callersMedia = ({ budgets, callWith }: Scenario, { budgets: left }: World): MediaRef => ({
  id: `the media of caller ${budgets.callers - left.callers + 1}`,
  kind: callWith,
});

export const startWorld = (scenario: Scenario): World => ({
  now: 0,
  row: undefined,
  messages: objectsOf(scenario).map((media) => ({ role: "queue" as const, media, visibleAt: 0 })),
  workers: [],
  floating: [],
  accepted: [],
  delayed: [],
  announced: [],
  deadLetters: [],
  superseded: [],
  withdrawn: [],
  doubts: 0,
  cancelled: [],
  isRefused: false,
  isMisused: false,
  isMisfiled: false,
  budgets: scenario.budgets,
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

/** The worker is gone; its message, if it has one, is visible again from then on, or dies after its last chance. */
export const endWorker = (world: World, index: number, { message, memory }: Worker, visibleAt: number): World => {
  const { lastChance, media } = memory.drop;
  return {
    ...(isUntold(world, memory) ? doubt(world) : world),
    workers: without(world.workers, index),
    messages: message ? [...world.messages, { ...message, visibleAt }] : world.messages,
    deadLetters: lastChance && media ? [...world.deadLetters, media.id].sort() : world.deadLetters,
  };
};

export const accept = (world: World, mediaId: string, { cielo24 }: Scenario): World => ({
  ...world,
  accepted: [...world.accepted, { mediaId, shownAt: world.now + cielo24.lateInfoTicks * TICK_MS }],
});

/** The row after a write. A row that needs review again has to be announced again. */
/** The world after a write; undefined if its condition does not hold. */
export const afterWrite = (world: World, write: Write): World | undefined => {
  const row = decideWrite(JOB_ID, world.row, write);
  if (row === undefined) return undefined;
  const kept = keep(world, row);
  return misfiles(world.row, write, row) ? { ...kept, isMisfiled: true } : kept;
};

const misfiles = (before: Row | undefined, write: Write, after: Row): boolean => {
  const entry = entryAfter(write);
  if (entry === "closed") return isOpen(after);
  if (entry === "kept") return isOpen(after) !== (before !== undefined && isOpen(before));
  // The life of an upload ends with a day.
  return !isOpen(after) || (after.state !== "UPLOADING" && entry > dueTime(after));
};

const keep = (world: World, row: Row): World => ({
  ...world,
  row,
  cancelled: cancelledAfter(world, row),
  messages: isSecondDropped(world.row, row)
    ? [...world.messages, { role: "queue", media: SECOND_UPLOAD.media, visibleAt: world.now }]
    : world.messages,
  announced:
    world.row?.state === "NEEDS_REVIEW" && row.state !== "NEEDS_REVIEW"
      ? world.announced.filter((event) => !event.startsWith("NEEDS_REVIEW"))
      : // Media that an operator sends again is no longer rejected.
        isReopened(world.row, row)
        ? world.announced.filter((event) => event !== `REJECTED ${row.media?.id ?? ""}`)
        : world.announced,
});

const cancelledAfter = ({ row: before, cancelled }: World, after: Row): readonly string[] => {
  const isNew =
    after.cancelledAt !== undefined && (before?.cancelledAt === undefined || before.signedAfter !== undefined);
  if (isNew && after.signedAfter === undefined) return OBJECTS.map(({ id }) => id);
  if (isReopened(before, after)) return cancelled.filter((id) => id !== after.media?.id);
  return isSecondDropped(before, after) ? cancelled.filter((id) => id !== SECOND_UPLOAD.media.id) : cancelled;
};

const isSecondDropped = (before: Row | undefined, after: Row): boolean =>
  after.signedAfter !== undefined && before?.signedAfter === undefined;

const isReopened = (before: Row | undefined, after: Row): boolean =>
  before?.state === "REJECTED" && after.state === "SENDING" && before.media?.id === after.media?.id;

/** The write may still happen, at any time or never. */
export const delay = (world: World, write: Write): World => ({ ...world, delayed: [...world.delayed, write] });

export const float = (world: World, floating: Floating): World => ({
  ...world,
  floating: [...world.floating, floating],
});

/** After a worker that dies in its own FINALIZING, the outcome is unknown. */
const isUntold = ({ row, doubts }: World, { claim }: Memory): boolean =>
  row?.state === "FINALIZING" &&
  row.claimId !== undefined &&
  row.claimId === claim?.claimId &&
  (row.posts ?? 0) > doubts;

/** cielo24 took it, and job/info may take its time to show it. */
export const acceptUnseen = (world: World, mediaId: string, ticks: number): World => ({
  ...world,
  accepted: [...world.accepted, { mediaId, shownAt: world.now + ticks * TICK_MS }],
});

/** The media went out whole, and the worker did not learn the outcome. */
export const doubt = (world: World): World => ({ ...world, doubts: world.doubts + 1 });

/**
 * media-source redirects a pull to the object if the row still holds its capability, after it has recorded that. From
 * then on the pull depends on no worker. Returns no world if media-source answers 404.
 */
export const redirect = (world: World, index: number, { recordsRedirects = true }: Machine): readonly World[] => {
  const { row } = world;
  const pull = world.floating[index];
  if (!pull?.capability || row?.state !== "FINALIZING" || row.capability !== pull.capability) return [];
  const floating = world.floating.map((each, at) =>
    at === index ? { mediaId: each.mediaId, until: each.until, isPull: true as const } : each,
  );
  return [{ ...world, floating, row: recordsRedirects ? { ...row, redirected: true } : row }];
};
