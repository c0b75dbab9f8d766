import { createFaultList, type Spell } from "../fault-list.ts";

/** Placeholder for the TaskId in the pieces of a raw response; it has the same length. */
export const TASK_ID = "<TaskId>".padStart(32, "-");

/** A fault of the simulated cielo24, for calls of one action: a number of times, or for a while. */
export type Fault = Spell & {
  /** For example `job/add_media`; `POST job/add_media` for the raw body alone; {@link ANY_ACTION}. */
  readonly action: string;
  readonly jobId?: string;
} & FaultKind;

export const ANY_ACTION = "*";

type FaultKind =
  /** Responds with this and does nothing. A POST's body is read first. */
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly body?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly afterMs?: number;
    }
  /** Resets the connection at once and does nothing. */
  | { readonly kind: "away" }
  /** Responds to a POST before its body is read; with `reset`, then resets the connection. */
  | {
      readonly kind: "earlyAnswer";
      readonly status: number;
      readonly body: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly reset?: boolean;
    }
  /** Accepts the media, but responds with this error. With `shownAfterMs`, job/info shows the media only that much later. */
  | {
      readonly kind: "acceptsBehindError";
      readonly status: number;
      readonly body?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly shownAfterMs?: number;
    }
  /** Resets the connection, or closes it in order, after this fraction (0 to 1) of the body. Nothing is accepted. */
  | { readonly kind: "resetAt"; readonly fraction: number; readonly orderly?: boolean }
  /** Reads the whole body, accepts it or not, and resets the connection instead of responding. */
  | { readonly kind: "resetAfterBody"; readonly accepts: boolean }
  /** Stops reading the body after this fraction, and goes on so much later, in real time, or never. */
  | { readonly kind: "stopReading"; readonly fraction: number; readonly resumesAfterMs?: number }
  /** Reads the body evenly over this time. */
  | { readonly kind: "slowReading"; readonly overMs: number }
  /** Accepts, and responds this much later, in real time. */
  | { readonly kind: "slowAnswer"; readonly ms: number }
  /** Accepts, and writes these bytes as the response, each piece on its own; {@link TASK_ID} is replaced by the TaskId. */
  | { readonly kind: "rawAnswer"; readonly pieces: readonly string[]; readonly ends?: boolean }
  /** Accepts, and responds with a 200 that is useless. */
  | { readonly kind: "uselessAnswer"; readonly answer: "truncated" | "badJson" | "noTaskId" | "empty" };

/** The active faults, oldest first. */
export const createFaults = (clock: () => number) => {
  const { takeFirst, ...list } = createFaultList<Fault>(clock);
  return {
    ...list,
    /** The fault for this call, which uses it up by one. */
    take: (method: string, action: string, jobId: string | undefined): Fault | undefined =>
      takeFirst(
        (fault) =>
          [action, `${method} ${action}`, ANY_ACTION].includes(fault.action) &&
          (fault.jobId === undefined || fault.jobId === jobId),
      ),
  };
};

export type Faults = ReturnType<typeof createFaults>;
