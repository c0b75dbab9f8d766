import { createFaultList, type Spell } from "../fault-list.ts";

/** Stands for the TaskId in the pieces of a raw answer, and is as long. */
export const TASK_ID = "<TaskId>".padStart(32, "-");

/** A misbehaviour of the simulated cielo24, for calls of one action, a number of times or for a while. */
export type Fault = Spell & {
  /** For example `job/add_media`; `POST job/add_media` for the raw body alone; {@link ANY_ACTION}. */
  readonly action: string;
  readonly jobId?: string;
} & FaultKind;

export const ANY_ACTION = "*";

type FaultKind =
  /** Answers with this instead of doing anything; a POST's body is read first. */
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly body?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly afterMs?: number;
    }
  /** Resets the connection at once, and does nothing. */
  | { readonly kind: "away" }
  /** Answers a POST before its body is read; with `reset`, then resets the connection. */
  | {
      readonly kind: "earlyAnswer";
      readonly status: number;
      readonly body: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly reset?: boolean;
    }
  /** Accepts, and answers this error all the same. job/info shows the medium so much later, if given. */
  | {
      readonly kind: "acceptsBehindError";
      readonly status: number;
      readonly body?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly shownAfterMs?: number;
    }
  /** Resets the connection once so much of the body has come (0 to 1), or ends it orderly; nothing is accepted. */
  | { readonly kind: "resetAt"; readonly fraction: number; readonly orderly?: boolean }
  /** Reads the whole body, accepts it or not, and resets the connection instead of answering. */
  | { readonly kind: "resetAfterBody"; readonly accepts: boolean }
  /** Stops reading the body once so much has come, for so long (for good if not given). */
  | { readonly kind: "stopReading"; readonly fraction: number; readonly forMs?: number }
  /** Accepts, and answers so much later, in real time. */
  | { readonly kind: "slowAnswer"; readonly ms: number }
  /** Accepts, and answers by the byte, each piece by itself ({@link TASK_ID} in one stands for the TaskId). */
  | { readonly kind: "rawAnswer"; readonly pieces: readonly string[]; readonly ends?: boolean }
  /** Accepts, and answers a 200 that is of no use. */
  | { readonly kind: "uselessAnswer"; readonly answer: "truncated" | "badJson" | "noTaskId" | "empty" };

/** Faults that are switched on, the oldest first. */
export const createFaults = (clock: () => number) => {
  const { takeFirst, ...list } = createFaultList<Fault>(clock);
  return {
    ...list,
    /** The fault for this call, which is used up by it. */
    take: (method: string, action: string, jobId: string | undefined): Fault | undefined =>
      takeFirst(
        (fault) =>
          [action, `${method} ${action}`, ANY_ACTION].includes(fault.action) &&
          (fault.jobId === undefined || fault.jobId === jobId),
      ),
  };
};

export type Faults = ReturnType<typeof createFaults>;
