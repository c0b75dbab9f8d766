import type { Input, Memory, Settings, Step } from "../../lib/delivery/machine/protocol.ts";
import type { Row, State, Write } from "../../lib/delivery/machine/row.ts";
import { step } from "../../lib/delivery/machine/machine.ts";
import { reopen } from "../../lib/delivery/machine/transitions.ts";
import { admitUpload, cancelUpload } from "../../lib/delivery/machine/uploading.ts";
import { isTimedOut } from "./ends.ts";
import { TICK_MS } from "./scenario.ts";
import type { Machine } from "./job-world.ts";

/** The machine, or what is around it, with one rule left out. */
export interface Mutant extends Machine {
  readonly name: string;
  /** The name of the scenario that shows why the rule is needed. */
  readonly caughtBy: string;
  /** What breaks without it. */
  readonly breaks: "S1" | "S2" | "S3" | "S4" | "S5" | "S6" | "S7" | "S8" | "S9";
}

const onStep = (change: (memory: Memory, input: Input) => Step): Machine => ({ step: change });
const onWrite = (alter: (write: Write) => Write): Machine => ({ step, alter });
/** The machine's step, with its command changed after the fact. */
const afterStep = (change: (next: Step, memory: Memory, input: Input) => Step): Machine =>
  onStep((memory, input) => change(step(memory, input), memory, input));
/** The machine under other settings. */
const under = (settings: (own: Settings) => Partial<Settings>): Machine =>
  onStep((memory, input) => step({ ...memory, settings: { ...memory.settings, ...settings(memory.settings) } }, input));

const rewrite = (next: Step, change: (write: Write) => Write): Step =>
  next.command.do === "write" ? { ...next, command: { do: "write", write: change(next.command.write) } } : next;
/** Asks a person about the media at hand instead of what the machine would do. */
const review = (next: Step, memory: Memory): Step => {
  const media = memory.drop.media ?? memory.row?.media;
  if (!media) return next;
  return {
    memory: { ...memory, phase: "ending" },
    command: {
      do: "write",
      write: {
        if: memory.row ? { state: [memory.row.state], fence: memory.row.fence } : { state: ["none"] },
        set: { state: "NEEDS_REVIEW", fence: (memory.row?.fence ?? 0) + 1, media },
        remove: ["claimId", "leaseUntil"],
      },
    },
  };
};
const believe = (row: Row, change: Partial<Row>): Row => ({ ...row, ...change });

const ANY_STATE: State[] = ["UPLOADING", "SENDING", "FINALIZING", "DELIVERED", "REJECTED", "NEEDS_REVIEW"];
const isClaim = ({ set }: Write) => set.claimId !== undefined;
const isProgress = ({ set }: Write) => set.sentBytes !== undefined && set.state === undefined;

const CRASH = "a crash and a duplicate";
const LOST_ANSWER = "two objects, a refusal and a lost answer, sending again";
const LATE_WRITE = "a lost, late or repeated write and a crash, sending again";

const EARLY_LEASE = "clocks so far apart that a lease is over too early";
const LATE_CIELO24 = "a cielo24 that is later than promised but takes one medium a job, sending again";
const CLOCKS = "clocks apart, a lost answer and a crash, sending again";
const HAND_OVER = "an object handed over by URL, sending again";
const TWO_OBJECTS = "two objects and a refusal";
const OPERATOR = 'an operator who says "send again" after the last chance of a message';
const ERROR_BEHIND = "an error behind the whole body, and a crash";
const LATE_ERROR = "an error behind which cielo24 accepts, and is later than promised but takes one medium a job";
const BAD_URL = "a capability URL that cielo24 cannot fetch, or says so";
const CALLS = "two calls that fail and a crash";
const WITHDRAWALS = "calls that fail, withdrawals and a duplicate";
const LATE_DECISION = "an operator who decides twice, and whose first decision comes again";
const REJECTING = "an operator who rejects where an answer was lost";
const NEWER_VERSION = "a newer version of an object that waits";
const WITHDRAWN = "an object that is withdrawn after a lost answer, while cielo24 is later than promised";
const SETTLING_WAITS = "a newer version of an object that settles, and a duplicate";
const LATE_OPERATOR = 'an operator who says "send again" while cielo24 is later than promised';

const CANCELLED_LATE = "an owner who cancels after a lost answer, while cielo24 is later than promised";
const CANCELLED_BETWEEN = "an owner who cancels, two objects and a refusal";
const CANCELLED = "an owner who cancels, and a crash";
const SIGNED_AGAIN = "an owner who signs, cancels and signs again";
const TOO_LATE = "an upload that arrives too late, and a crash";

const CLAIMS: readonly Mutant[] = [
  {
    name: "a claim asks for the fence alone, not for the state",
    caughtBy: EARLY_LEASE,
    breaks: "S5",
    ...onWrite((write) =>
      isClaim(write) && write.if.fence !== undefined
        ? { ...write, if: { state: ANY_STATE, fence: write.if.fence } }
        : write,
    ),
  },
  {
    name: "writes do not ask for the state they come from",
    caughtBy: LATE_WRITE,
    breaks: "S5",
    ...onWrite((write) => ({ ...write, if: { state: [...ANY_STATE, "none"] } })),
  },
  {
    name: "FINALIZING is written without asking for the claim",
    caughtBy: EARLY_LEASE,
    breaks: "S1",
    ...onWrite((write) => (write.set.state === "FINALIZING" ? { ...write, if: { state: write.if.state } } : write)),
  },
  {
    name: "the last chunk goes out although FINALIZING was refused",
    caughtBy: EARLY_LEASE,
    breaks: "S1",
    ...onStep((memory, input) =>
      memory.phase === "finalizing" && input.type === "unwritten"
        ? step(memory, { ...input, type: "written" })
        : step(memory, input),
    ),
  },
  {
    name: "a claim is read back by its fence alone",
    caughtBy: CRASH,
    breaks: "S1",
    ...onStep((memory, input) =>
      input.type === "row" && input.row && memory.claim && memory.phase !== "reading"
        ? step(memory, { ...input, row: believe(input.row, { claimId: memory.claim.claimId }) })
        : step(memory, input),
    ),
  },
  {
    name: "a row that is being finished is taken over once its lease is over",
    caughtBy: CRASH,
    breaks: "S4",
    ...onStep((memory, input) =>
      memory.phase === "reading" &&
      input.type === "row" &&
      input.row?.state === "FINALIZING" &&
      input.now >= (input.row.leaseUntil ?? 0)
        ? rewrite(step(memory, { ...input, row: believe(input.row, { state: "SENDING" }) }), (write) => write)
        : step(memory, input),
    ),
    alter: (write) =>
      isClaim(write) ? { ...write, if: { ...write.if, state: [...write.if.state, "FINALIZING"] } } : write,
  },
  {
    name: "progress writes the state",
    caughtBy: "a lost, late or repeated write and a duplicate, with progress",
    breaks: "S4",
    ...onWrite((write) =>
      isProgress(write)
        ? { ...write, if: { ...write.if, state: ANY_STATE }, set: { ...write.set, state: "SENDING" } }
        : write,
    ),
  },
];

/** Each makes "no media" believed too early by one of the terms of settledAt. */
const TERMS: readonly Mutant[] = [
  {
    name: "settledAt lacks the time until the deadline",
    caughtBy: CLOCKS,
    breaks: "S1",
    ...afterStep((next, _memory, input) =>
      rewrite(next, (write) =>
        write.set.state === "FINALIZING" && write.set.settledAt !== undefined
          ? { ...write, set: { ...write.set, settledAt: write.set.settledAt - input.timeLeftMs } }
          : write,
      ),
    ),
  },
  { name: "settledAt lacks S", caughtBy: CLOCKS, breaks: "S1", ...under(() => ({ clockSkewMs: 0 })) },
  {
    name: "settledAt lacks T",
    caughtBy: CLOCKS,
    breaks: "S1",
    ...under(({ settleMs }) => ({ settleMs: Math.min(settleMs, TICK_MS) })),
  },
  {
    name: "settledAt lacks D",
    caughtBy: CLOCKS,
    breaks: "S1",
    ...under(({ settleMs }) => ({ settleMs: Math.min(settleMs, 2 * TICK_MS) })),
  },
  {
    name: "settledAt of a hand-over lacks the life of the capability URL",
    caughtBy: HAND_OVER,
    breaks: "S1",
    ...under(() => ({ capabilityLifetimeMs: 0 })),
  },
  {
    name: "settledAt of a hand-over lacks the longest pull",
    caughtBy: HAND_OVER,
    breaks: "S1",
    ...under(() => ({ longestPullMs: 0 })),
  },
  {
    name: "the absence of media is believed at once",
    caughtBy: LOST_ANSWER,
    breaks: "S1",
    ...onStep((memory, input) =>
      step(memory, input.type === "info" ? { ...input, askedAt: Number.MAX_SAFE_INTEGER } : input),
    ),
  },
  {
    name: 'an operator\'s "send again" does not wait for settledAt',
    caughtBy: OPERATOR,
    breaks: "S1",
    ...onStep((memory, input) =>
      step(
        memory,
        input.type === "info" && memory.row?.state === "NEEDS_REVIEW"
          ? { ...input, askedAt: Number.MAX_SAFE_INTEGER }
          : input,
      ),
    ),
  },
];

const ANSWERS: readonly Mutant[] = [
  {
    name: "a lost answer is taken for a refusal of the token",
    caughtBy: CLOCKS,
    breaks: "S1",
    ...onStep((memory, input) =>
      step(
        memory,
        input.type === "answered" && input.reply.is === "unavailable" ? { ...input, reply: { is: "badToken" } } : input,
      ),
    ),
  },
  {
    name: "a 200 before the last chunk is a success",
    caughtBy: LOST_ANSWER,
    breaks: "S3",
    ...onStep((memory, input) =>
      memory.phase === "streaming" && input.type === "answered" && input.reply.is === "accepted"
        ? step({ ...memory, phase: "finishing" }, input)
        : step(memory, input),
    ),
  },
  {
    name: "the TaskId of a hand-over is a success",
    caughtBy: HAND_OVER,
    breaks: "S3",
    ...onStep((memory, input) =>
      step(
        input.type === "answered" && input.reply.is === "accepted"
          ? { ...memory, settings: { ...memory.settings, mode: "stream" } }
          : memory,
        input,
      ),
    ),
  },
  {
    name: "a refusal rejects although an answer was lost before",
    caughtBy: LATE_CIELO24,
    breaks: "S4",
    ...onStep((memory, input) =>
      step(
        input.type === "answered" && memory.row
          ? { ...memory, row: believe(memory.row, { everUnknown: false }) }
          : memory,
        input,
      ),
    ),
  },
  {
    name: "a reader rejects where job/info is refused",
    caughtBy: "the last chance of a message",
    breaks: "S4",
    ...afterStep((next, memory, input) =>
      memory.phase === "settling" && input.type === "noInfo" && input.reply.is === "refused"
        ? {
            memory: { ...memory, phase: "ending" },
            command: {
              do: "write",
              write: {
                if: { state: ["FINALIZING"], fence: memory.row.fence },
                set: { state: "REJECTED", fence: memory.row.fence + 1 },
              },
            },
          }
        : next,
    ),
  },
  {
    name: '"send again" forgets that an answer was lost',
    caughtBy: LATE_OPERATOR,
    breaks: "S4",
    ...onWrite((write) => {
      if (write.set.state !== "SENDING" || write.set.posts !== 0) return write;
      return { ...write, set: { ...write.set, everUnknown: false } };
    }),
  },
];

const ENDS: readonly Mutant[] = [
  {
    name: "a live lease is acknowledged",
    caughtBy: CRASH,
    breaks: "S2",
    ...afterStep((next) =>
      next.command.do === "later" && next.command.reason === "underWay"
        ? { ...next, command: { do: "acknowledge", reason: "nothingToDo" } }
        : next,
    ),
  },
  {
    name: "an end is acknowledged without its event",
    caughtBy: CRASH,
    breaks: "S2",
    ...afterStep((next) =>
      next.command.do === "announce" ? { ...next, command: { do: "acknowledge", reason: "delivered" } } : next,
    ),
  },
  {
    name: "a rejection is claimed over before its event is out",
    caughtBy: TWO_OBJECTS,
    breaks: "S2",
    ...onStep((memory, input) =>
      memory.phase === "reading" &&
      input.type === "row" &&
      input.row?.state === "REJECTED" &&
      memory.drop.media?.id !== input.row.media?.id
        ? step(memory, { ...input, row: believe(input.row, { announced: true }) })
        : step(memory, input),
    ),
  },
  {
    name: "another object is a conflict while the first is under way",
    caughtBy: TWO_OBJECTS,
    breaks: "S2",
    ...afterStep((next, memory, input) => {
      if (memory.phase !== "reading" || input.type !== "row" || !input.row || next.command.do !== "later") return next;
      const { media } = memory.drop;
      if (!media || input.row.media?.id === media.id) return next;
      const { state, fence, conflicts = [], conflictCount = 0 } = input.row;
      return {
        memory: { ...memory, phase: "recordingConflict", row: input.row },
        command: {
          do: "write",
          write: {
            if: { state: [state], fence, conflictCount },
            set: { conflicts: [...conflicts, media.id], conflictCount: conflictCount + 1 },
          },
        },
      };
    }),
  },
  {
    name: "whoever settles another's row puts its own medium in its place",
    caughtBy: TWO_OBJECTS,
    breaks: "S2",
    ...afterStep((next, memory) =>
      rewrite(next, (write) =>
        write.set.state === "NEEDS_REVIEW" && memory.drop.media
          ? { ...write, set: { ...write.set, media: memory.drop.media } }
          : write,
      ),
    ),
  },
  {
    name: "no message is behind an HTTP call",
    caughtBy: "a caller with a URL and a crash, without a census",
    breaks: "S2",
    step,
    queuesCalls: false,
  },
  {
    name: "nothing is put before a person on a message's last chance",
    caughtBy: "the last chance of a message whose worker lives on, without a census",
    breaks: "S2",
    ...onStep((memory, input) => step({ ...memory, drop: { ...memory.drop, lastChance: false } }, input)),
  },
  {
    name: "DELIVERED expires",
    caughtBy: "rows that expire",
    breaks: "S5",
    step,
    expires: () => true,
  },
  {
    name: "a claim leaves the expiry of what it claims",
    caughtBy: "rows that expire",
    breaks: "S5",
    ...onWrite((write) =>
      write.remove ? { ...write, remove: write.remove.filter((name) => name !== "expiresAt") } : write,
    ),
  },
];

/** What waits, what counts as an attempt, and what is given up. */
const WAITS: readonly Mutant[] = [
  {
    name: "a row is claimed before its notBefore",
    caughtBy: WITHDRAWALS,
    breaks: "S7",
    ...onStep((memory, input) =>
      step(memory, input.type === "row" && input.row ? { ...input, row: believe(input.row, { notBefore: 0 }) } : input),
    ),
  },
  {
    name: "a definite withdrawal costs an attempt",
    caughtBy: WITHDRAWALS,
    breaks: "S7",
    ...onWrite((write) =>
      write.set.state === "SENDING" && write.set.claimId === undefined && write.set.posts !== undefined
        ? { ...write, set: { ...write.set, posts: write.set.posts + 1 } }
        : write,
    ),
  },
  {
    name: "a cielo24 that nobody understands before the POST is put before a person",
    caughtBy: CALLS,
    breaks: "S2",
    ...afterStep((next, memory, input) =>
      memory.phase === "prechecking" && input.type === "noInfo" && input.reply.is === "unintelligible"
        ? review(next, memory)
        : next,
    ),
  },
  {
    name: "an answer that nobody understands before the last chunk is put before a person",
    caughtBy: WITHDRAWALS,
    breaks: "S2",
    ...afterStep((next, memory, input) =>
      memory.phase === "streaming" && input.type === "answered" && input.reply.is === "unintelligible"
        ? review(next, memory)
        : next,
    ),
  },
  {
    name: "what is wrong with the account rejects the medium",
    caughtBy: CALLS,
    breaks: "S2",
    ...onStep((memory, input) =>
      step(
        memory,
        input.type === "noInfo" && input.reply.is === "accountRefused"
          ? { ...input, reply: { is: "refused", error: input.reply.error } }
          : input,
      ),
    ),
  },
  {
    name: "a job that cielo24 does not know is rejected at once",
    caughtBy: CALLS,
    breaks: "S2",
    ...under(() => ({ unknownJobMs: 0 })),
  },
  {
    name: "a version that only waited keeps the row when a newer one supersedes it",
    caughtBy: NEWER_VERSION,
    breaks: "S2",
    ...afterStep((next, memory) =>
      memory.phase === "inspecting" && next.memory.phase === "releasing"
        ? { ...next, command: { do: "acknowledge", reason: "superseded" } }
        : next,
    ),
  },
  {
    name: "an error behind the whole body is taken for a withdrawal",
    caughtBy: ERROR_BEHIND,
    breaks: "S4",
    ...onStep((memory, input) =>
      step(
        memory,
        input.type === "answered" && input.reply.is === "unavailable" && input.reply.isAnsweredError
          ? { ...input, reply: { is: "unavailable", isUnsent: true } }
          : input,
      ),
    ),
  },
  {
    name: "an error behind the whole body is settled too early",
    caughtBy: ERROR_BEHIND,
    breaks: "S1",
    ...under(({ serverErrorSettleMs }) => ({ serverErrorSettleMs: serverErrorSettleMs - TICK_MS })),
  },
  {
    name: "an error behind the whole body is forgotten when the medium is sent again",
    caughtBy: LATE_ERROR,
    breaks: "S4",
    ...onWrite((write) =>
      write.set.everUnknown && write.set.state === "SENDING"
        ? { ...write, set: { ...write.set, everUnknown: false } }
        : write,
    ),
  },
  {
    name: "a pull is redirected without a record of it",
    caughtBy: BAD_URL,
    breaks: "S4",
    step,
    recordsRedirects: false,
  },
  {
    name: "a URL that was fetched and called invalid is withdrawn",
    caughtBy: BAD_URL,
    breaks: "S4",
    ...onWrite((write) => {
      const { redirected, ...condition } = write.if;
      return redirected === undefined ? write : { ...write, if: condition };
    }),
  },
  {
    name: "an operator's decision does not ask for the fence",
    caughtBy: LATE_DECISION,
    breaks: "S6",
    ...afterStep((next, memory, input) => {
      const { decision } = memory.drop;
      if (next.command.do !== "acknowledge" || next.command.reason !== "notMeant" || !decision) return next;
      if (input.type !== "row" || input.row?.state !== "REJECTED") return next;
      const write = reopen(input.row, { now: input.now, decision: { ...decision, at: input.now } });
      const reader = { ...memory, row: input.row, drop: { ...memory.drop, role: "reconcile" as const } };
      return { memory: { ...reader, phase: "ending" }, command: { do: "write", write } };
    }),
  },
  {
    name: "an operator's rejection frees a job whose medium may have been accepted",
    caughtBy: REJECTING,
    breaks: "S4",
    ...afterStep((next) =>
      rewrite(next, (write) =>
        write.set.closed
          ? { ...write, set: { ...write.set, state: "REJECTED", closed: false }, remove: ["announced"] }
          : write,
      ),
    ),
  },
];

/** Versions that settle, objects that are withdrawn or not worth a job. */
const LOOKS: readonly Mutant[] = [
  {
    name: "a newer version does not wait for what the job waits for",
    caughtBy: SETTLING_WAITS,
    breaks: "S7",
    ...onStep((memory, input) =>
      memory.phase === "reading" && input.type === "row" && input.row?.state === "SENDING" && !input.row.claimId
        ? step(memory, { ...input, row: believe(input.row, { settlingSince: 0 }) })
        : step(memory, input),
    ),
  },
  {
    name: "an older version does not give way",
    caughtBy: SETTLING_WAITS,
    breaks: "S2",
    ...afterStep((next, memory, input) =>
      memory.phase === "inspecting" && input.type === "object" && input.status === "superseded"
        ? { ...next, memory: { ...memory, phase: "done" }, command: { do: "later", reason: "settling", at: input.now } }
        : next,
    ),
  },
  {
    name: "an object is withdrawn although cielo24 may have it",
    caughtBy: WITHDRAWN,
    breaks: "S4",
    ...onStep((memory, input) =>
      step(
        input.type === "object" && input.status === "deleted" && memory.row
          ? { ...memory, row: believe(memory.row, { everUnknown: false }) }
          : memory,
        input,
      ),
    ),
  },
];

/** What an owner cancels. */
const CANCELS: readonly Mutant[] = [
  {
    name: "an upload is cancelled while its last chunk is on its way",
    caughtBy: CANCELLED,
    breaks: "S4",
    step,
    cancels: (row, at) => {
      const admission = cancelUpload(row.state === "FINALIZING" ? { ...row, state: "SENDING" } : row, at);
      if (!admission.admitted || !admission.write) return admission;
      return { admitted: true, write: { ...admission.write, if: { ...admission.write.if, state: [row.state] } } };
    },
  },
  {
    name: "an upload is cancelled although an earlier answer was lost",
    caughtBy: CANCELLED_LATE,
    breaks: "S4",
    step,
    cancels: (row, at) => cancelUpload({ ...row, everUnknown: false }, at),
  },
  {
    name: "a cancellation leaves the fence as it is",
    caughtBy: CANCELLED_BETWEEN,
    breaks: "S9",
    step,
    cancels: (row, at) => {
      const admission = cancelUpload(row, at);
      if (!admission.admitted || !admission.write) return admission;
      return { admitted: true, write: { ...admission.write, set: { ...admission.write.set, fence: row.fence } } };
    },
  },
  {
    name: "a claim forgets that the upload was cancelled",
    caughtBy: SIGNED_AGAIN,
    breaks: "S9",
    ...onWrite((write) => (isClaim(write) ? { ...write, remove: [...(write.remove ?? []), "cancelledAt"] } : write)),
  },
  {
    name: "another upload that is signed undoes the cancellation",
    caughtBy: SIGNED_AGAIN,
    breaks: "S9",
    step,
    admits: (row, at) => {
      const admission = admitUpload(row, at);
      if (!admission.admitted || !admission.write?.set.signedAfter) return admission;
      const set = { ...admission.write.set };
      Reflect.deleteProperty(set, "signedAfter");
      return { admitted: true, write: { ...admission.write, set, remove: ["cancelledAt", "signedAfter"] } };
    },
  },
  {
    name: "what arrives after a time-out is not sent",
    caughtBy: TOO_LATE,
    breaks: "S2",
    ...onStep((memory, input) =>
      step(
        memory,
        input.type === "row" && input.row && isTimedOut(input.row) && memory.drop.media
          ? { ...input, row: believe(input.row, { cancelledAt: input.now }) }
          : input,
      ),
    ),
  },
];

export const MUTANTS: readonly Mutant[] = [...CLAIMS, ...TERMS, ...ANSWERS, ...ENDS, ...WAITS, ...LOOKS, ...CANCELS];
