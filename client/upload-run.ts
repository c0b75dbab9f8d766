import type { Delivery, DeliveryQuery } from "./delivery.ts";
import type { BeginPatience, Patience } from "./patience.ts";
import type { UploadProgress } from "./progress.ts";
import type { SignWithin } from "./sign-upload.ts";
import type { StoragePorts } from "./storage.ts";

/** What an upload needs from the client. Nothing but `getDelivery` repeats anything by itself. */
export interface UploadPorts extends StoragePorts {
  readonly beginPatience: BeginPatience;
  readonly signUpload: SignWithin;
  readonly getDelivery: (query: DeliveryQuery) => Promise<Delivery>;
}

/** One upload that is under way: all its steps share one budget and one account of progress. */
export interface UploadRun extends UploadPorts {
  readonly patience: Patience;
  readonly tell: (progress: UploadProgress) => void;
  /** The most that are sent at the same time. */
  readonly parallelParts: number;
  /** What it has learned about its line. */
  readonly learned: {
    /** How often the time for the store's answer is doubled from the start. */
    doublings: number;
    /** How many parts are sent at the same time now. */
    parallelParts: number;
  };
}
