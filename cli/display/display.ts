import type { Delivery, UploadProgress } from "../../client/index.ts";

/** One file as it goes its way. */
export interface Track {
  readonly uploading: (progress: UploadProgress) => void;
  readonly delivering: (delivery: Delivery) => void;
  /** Something that is worth a line of its own. */
  readonly note: (text: string) => void;
  /** Nothing more will come of this file. @param text how it ended, in a word or two */
  readonly end: (text: string) => void;
}

/** Shows on stderr how it goes; results are not its business. */
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

/** What the states of a delivery mean, in words. */
export const describeDelivery = ({ state }: Pick<Delivery, "state">): string => {
  switch (state) {
    case "UPLOADING":
      return "waiting for the proxy";
    case "SENDING":
      return "sending to cielo24";
    case "FINALIZING":
      return "waiting for cielo24";
    case "HANDED_OVER":
      return "cielo24 fetches it";
    case "UNKNOWN":
      return "looking for cielo24's answer";
    case "DELIVERED":
      return "delivered";
    case "REJECTED":
      return "rejected";
    case "NEEDS_REVIEW":
      return "needs review";
  }
};
