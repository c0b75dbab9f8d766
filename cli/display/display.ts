import type { Delivery, UploadProgress } from "../../client/index.ts";

/** Why nothing moves at present. */
export interface Standstill {
  /** In two or three words, for a bar. */
  readonly phase: string;
  /** In a sentence. */
  readonly comment: string;
}

/** The display of one file. */
export interface Track {
  readonly uploading: (progress: UploadProgress) => void;
  readonly delivering: (delivery: Delivery) => void;
  /** Tells that nothing moves at present, and why; may be called again and again meanwhile. Progress ends it. */
  readonly waiting: (standstill: Standstill) => void;
  /** Shows a line about this file. */
  readonly note: (text: string) => void;
  /** The last news of this file. @param text how it ended, in a word or two */
  readonly end: (text: string) => void;
}

/** Shows progress on stderr. Results are printed elsewhere. */
export interface Display {
  readonly track: (file: { readonly name: string; readonly sizeBytes: number }) => Track;
  readonly note: (text: string) => void;
  readonly close: () => void;
}

/** Shows nothing. */
export const SILENT: Display = {
  note: () => undefined,
  close: () => undefined,
  track: () => ({
    uploading: () => undefined,
    delivering: () => undefined,
    waiting: () => undefined,
    note: () => undefined,
    end: () => undefined,
  }),
};

/** For logs, in which nothing else would tell for minutes that the program is alive. */
const REPEATED_EVERY_MS = 60_000;

/** Notes why nothing moves: each cause once, and again while it lasts. */
export const standstillNoter = (note: (text: string) => void, clock: () => number) => {
  let last = "";
  let notedAt = -Infinity;
  return ({ comment }: Standstill): void => {
    if (comment === last && clock() - notedAt < REPEATED_EVERY_MS) return;
    last = comment;
    notedAt = clock();
    note(comment);
  };
};

/** Notes what a delivery waits for, each time that changes. */
export const waitNoter = (note: (text: string) => void) => {
  let last = "";
  return ({ waiting }: Pick<Delivery, "waiting">): void => {
    const wait = waiting?.comment ?? "";
    if (wait !== "" && wait !== last) note(`waits: ${wait}`);
    last = wait;
  };
};
