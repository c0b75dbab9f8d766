/**
 * An uploader for Uppy 5 and 6 that uploads through cielo24-proxy, and follows each file's delivery to its TaskId.
 *
 *     uppy.use(Cielo24, { client: createClient({ baseUrl, token }) });
 *     uppy.setFileMeta(file.id, { job_id: jobId });             // before the upload; one file per job
 */
import { BasePlugin, type Body, type Meta, type PluginOpts, type Uppy, type UppyFile } from "@uppy/core";
import type { Client } from "../client.ts";
import type { Delivery } from "../delivery.ts";
import type { Waiting } from "../waiting.ts";

declare module "@uppy/core" {
  export interface UppyEventMap<M extends Meta, B extends Body> {
    /** The upload, or the question for its delivery, stands still and goes on by itself; undefined: it has gone on. */
    "cielo24-waiting": (file: UppyFile<M, B>, waiting: Waiting | undefined) => void;
    /** Whether another tab uploads media for the file's job. This one goes on once that has ended, if anything is left to do. */
    "cielo24-elsewhere": (file: UppyFile<M, B>, isElsewhere: boolean) => void;
    /** News of the delivery to cielo24; the last has ended, with the TaskId or an error. The file may be removed by then. */
    "cielo24-delivery": (file: UppyFile<M, B>, delivery: Delivery) => void;
    /** What became of the delivery could not be asked for. It goes on all the same. */
    "cielo24-delivery-error": (file: UppyFile<M, B>, error: unknown) => void;
  }
}

export interface Cielo24Options extends PluginOpts {
  readonly client: Pick<Client, "uploadMedia" | "abortUpload" | "getDelivery" | "waitForDelivery">;
}

export default class Cielo24<M extends Meta, B extends Body> extends BasePlugin<Cielo24Options, M, B> {
  constructor(uppy: Uppy<M, B>, opts: Cielo24Options) {
    super(uppy, opts);
    this.type = "uploader";
    this.id = opts.id ?? "Cielo24";
  }
}
