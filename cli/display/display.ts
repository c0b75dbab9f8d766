import type { Delivery, UploadProgress } from "../../client/index.ts";

/** The display of one file. */
export interface Track {
  readonly uploading: (progress: UploadProgress) => void;
  readonly delivering: (delivery: Delivery) => void;
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
    note: () => undefined,
    end: () => undefined,
  }),
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
