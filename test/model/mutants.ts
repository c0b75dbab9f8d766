import type { Write } from "../../lib/delivery/row.ts";
import { step, type DeliveryEvent, type Memory, type Step } from "../../lib/delivery/state.ts";
import type { Machine } from "./world.ts";
import { TICK_MS } from "./world.ts";

/** A machine that is wrong in one place. Each must be caught by one of the scenarios. */
export interface Mutant extends Machine {
  readonly name: string;
  /** The scenario that shows it soonest. */
  readonly caughtBy: string;
}

const onStep = (change: (memory: Memory, event: DeliveryEvent) => Step): Machine => ({ step: change });
const onWrite = (alter: (write: Write) => Write): Machine => ({ step, alter });
const settlesEarlier = (ticks: number): Machine =>
  onWrite((write) =>
    write.set.settledAt === undefined
      ? write
      : { ...write, set: { ...write.set, settledAt: write.set.settledAt - ticks * TICK_MS } },
  );

export const MUTANTS: readonly Mutant[] = [
  {
    name: "a claim is recognized by its fence alone",
    caughtBy: "a refusal and a duplicate",
    ...onStep((memory, event) =>
      memory.phase.startsWith("readingBack") &&
      event.type === "row" &&
      event.row?.claimId &&
      memory.claim?.fence === event.row.fence
        ? step({ ...memory, claim: { ...memory.claim, claimId: event.row.claimId } }, event)
        : step(memory, event),
    ),
  },
  {
    name: "the last chunk goes out although FINALIZING was refused",
    caughtBy: "a caller with a URL, alone, with every misfortune",
    ...onStep((memory, event) =>
      memory.phase === "finalizing" && event.type === "unwritten"
        ? step(memory, { ...event, type: "written" })
        : step(memory, event),
    ),
  },
  { name: "settledAt lacks a term", caughtBy: "clocks five minutes apart, with sending again", ...settlesEarlier(1) },
  {
    name: "settledAt lacks two terms",
    caughtBy: "a refusal, a lost answer and a crash, with sending again",
    ...settlesEarlier(2),
  },
  {
    name: "absence is believed at once",
    caughtBy: "a refusal, a lost answer and a crash, with sending again",
    ...onStep((memory, event) =>
      step(memory, event.type === "info" ? { ...event, askedAt: Number.MAX_SAFE_INTEGER } : event),
    ),
  },
  {
    name: "a live lease is acknowledged",
    caughtBy: "clocks five minutes apart, with sending again",
    ...onStep((memory, event) => {
      const next = step(memory, event);
      return next.command.do === "later" && next.command.reason === "underWay"
        ? { ...next, command: { do: "acknowledge", reason: "nothingToDo" } }
        : next;
    }),
  },
  {
    name: "an end is acknowledged without its event",
    caughtBy: "two calls that fail and a crash",
    ...onStep((memory, event) => {
      const next = step(memory, event);
      return next.command.do === "announce" ? { ...next, command: { do: "acknowledge", reason: "delivered" } } : next;
    }),
  },
  {
    name: "a write asks for no source state",
    caughtBy: "workers that freeze and thaw",
    ...onWrite((write) => ({
      ...write,
      if: {
        ...write.if,
        state: ["none", "UPLOADING", "SENDING", "FINALIZING", "DELIVERED", "REJECTED", "NEEDS_REVIEW"],
      },
    })),
  },
  {
    name: "a claimant's write asks for no claim and no fence",
    caughtBy: "a refusal and a duplicate",
    ...onWrite(({ if: { state }, ...write }) => ({ ...write, if: { state } })),
  },
  {
    name: "a lost answer is taken for a refusal of the token",
    caughtBy: "a refusal, a lost answer and a crash, with sending again",
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
    name: "a 200 before the last chunk is taken for a success",
    caughtBy: "a refusal, a lost answer and a crash, with sending again",
    ...onStep((memory, event) =>
      memory.phase === "streaming" && event.type === "answered" && event.answer.is === "accepted"
        ? step({ ...memory, phase: "finishing" }, event)
        : step(memory, event),
    ),
  },
];
