import type { DeliveryEvent, Memory, Step } from "../../lib/delivery/machine.ts";
import { step } from "../../lib/delivery/state.ts";
import type { State, Write } from "../../lib/delivery/row.ts";
import { TICK_MS } from "./scenario.ts";
import type { Machine } from "./world.ts";

/** The machine with one rule left out. */
export interface Mutant extends Machine {
  readonly name: string;
  /** The name of the scenario that shows what the rule is there for. */
  readonly caughtBy: string;
  /** What breaks without it. */
  readonly breaks: "S1" | "S2" | "S3" | "S4" | "S5";
}

const onStep = (change: (memory: Memory, event: DeliveryEvent) => Step): Machine => ({ step: change });
const onWrite = (alter: (write: Write) => Write): Machine => ({ step, alter });

const settlesEarlier = (ticks: number): Machine =>
  onWrite((write) => {
    const { settledAt } = write.set;
    if (settledAt === undefined) return write;
    return { ...write, set: { ...write.set, settledAt: settledAt - ticks * TICK_MS } };
  });

const ANY_STATE: State[] = ["UPLOADING", "SENDING", "FINALIZING", "DELIVERED", "REJECTED", "NEEDS_REVIEW"];

const CRASH = "a crash and a duplicate";
const CRASH_AND_RESEND = "a crash and a duplicate, sending again";
const LOST_ANSWER = "two objects, a refusal and a lost answer, sending again";
const LATE_WRITE = "a lost or late write and a crash, sending again";
const EARLY_LEASE = "clocks so far apart that a lease is over too early";
const LATE_CIELO24 = "a cielo24 that is later than promised but takes one medium a job, sending again";
const CLOCKS = "clocks apart, a lost answer and a crash, sending again";

export const MUTANTS: readonly Mutant[] = [
  {
    name: "FINALIZING is written without asking for the claim",
    caughtBy: EARLY_LEASE,
    breaks: "S1",
    ...onWrite((write) =>
      write.set.state === "FINALIZING" ? { ...write, if: { state: [...write.if.state] } } : write,
    ),
  },
  {
    name: "the last chunk goes out although FINALIZING was refused",
    caughtBy: EARLY_LEASE,
    breaks: "S1",
    ...onStep((memory, event) =>
      memory.phase === "finalizing" && event.type === "unwritten"
        ? step(memory, { ...event, type: "written" })
        : step(memory, event),
    ),
  },
  {
    name: "settledAt lacks D",
    caughtBy: CRASH_AND_RESEND,
    breaks: "S1",
    ...settlesEarlier(1),
  },
  {
    name: "settledAt lacks S",
    caughtBy: CLOCKS,
    breaks: "S1",
    ...settlesEarlier(1),
  },
  {
    name: "settledAt of a hand-over lacks the pull",
    caughtBy: "an object handed over by URL, sending again",
    breaks: "S1",
    ...settlesEarlier(2),
  },
  {
    name: "the absence of media is believed at once",
    caughtBy: LOST_ANSWER,
    breaks: "S1",
    ...onStep((memory, event) =>
      step(memory, event.type === "info" ? { ...event, askedAt: Number.MAX_SAFE_INTEGER } : event),
    ),
  },
  {
    name: "a live lease is acknowledged",
    caughtBy: CRASH,
    breaks: "S2",
    ...onStep((memory, event) => {
      const next = step(memory, event);
      if (next.command.do !== "later" || next.command.reason !== "underWay") return next;
      return { ...next, command: { do: "acknowledge", reason: "nothingToDo" } };
    }),
  },
  {
    name: "an end is acknowledged without its event",
    caughtBy: CRASH,
    breaks: "S2",
    ...onStep((memory, event) => {
      const next = step(memory, event);
      return next.command.do === "announce" ? { ...next, command: { do: "acknowledge", reason: "delivered" } } : next;
    }),
  },
  {
    name: "a refusal rejects although an answer was lost before",
    caughtBy: LATE_CIELO24,
    breaks: "S4",
    ...onStep((memory, event) =>
      step(
        event.type === "answered" && memory.row ? { ...memory, row: { ...memory.row, everUnknown: false } } : memory,
        event,
      ),
    ),
  },
  {
    name: "a lost answer is taken for a refusal of the token",
    caughtBy: CLOCKS,
    breaks: "S1",
    ...onStep((memory, event) =>
      step(
        memory,
        event.type === "answered" && event.answer.is === "unavailable"
          ? { ...event, answer: { is: "badToken" } }
          : event,
      ),
    ),
  },
  {
    name: "a 200 before the last chunk is a success",
    caughtBy: LOST_ANSWER,
    breaks: "S3",
    ...onStep((memory, event) =>
      memory.phase === "streaming" && event.type === "answered" && event.answer.is === "accepted"
        ? step({ ...memory, phase: "finishing" }, event)
        : step(memory, event),
    ),
  },
  {
    name: "writes do not ask for the state they come from",
    caughtBy: LATE_WRITE,
    breaks: "S5",
    ...onWrite((write) => ({ ...write, if: { state: [...ANY_STATE, "none"] } })),
  },
];
