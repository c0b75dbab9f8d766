/**
 * An uploader for Uppy 5 and 6 that uploads through cielo24-proxy, and follows each file's delivery to its TaskId.
 *
 *     uppy.use(Cielo24, { client: createClient({ baseUrl, token }) });
 *     uppy.setFileMeta(file.id, { job_id: jobId });             // before the upload; one file per job
 */
import { BasePlugin, type Body, type Meta, type PluginOpts, type Uppy, type UppyFile } from "@uppy/core";
import type { Delivery } from "../delivery.ts";
import { ProxyError } from "../errors.ts";
import { normalJobId } from "../job-id.ts";
import type { UploadState, Waiting } from "../upload-types.ts";
import { createFileUpload, discardLeftBehind, type UploadedFile, type Uploader } from "./file-upload.ts";
import { takeLock } from "./lock.ts";
import { createPool } from "./pool.ts";

declare module "@uppy/core" {
  export interface UppyEventMap<M extends Meta, B extends Body> {
    /** The upload, or the question for its delivery, stands still and goes on by itself; undefined: it has gone on. */
    "cielo24-waiting": (file: UppyFile<M, B>, waiting: Waiting | undefined) => void;
    /** Whether another tab uploads media for the file's job. This one goes on after it, if anything is left to do. */
    "cielo24-elsewhere": (file: UppyFile<M, B>, isElsewhere: boolean) => void;
    /** News of the delivery to cielo24; the last has ended, with the TaskId or an error. The file may be removed by then. */
    "cielo24-delivery": (file: UppyFile<M, B>, delivery: Delivery) => void;
    /** What became of the delivery could not be asked for. It goes on all the same. */
    "cielo24-delivery-error": (file: UppyFile<M, B>, error: unknown) => void;
  }
}

export interface Cielo24Options extends PluginOpts {
  /** Of `createClient`. */
  readonly client: Uploader;
}

/** As many connections as browsers open to one host. All files share them. */
const CONNECTIONS = 6;
/** Each has at least one connection, then. */
const FILES_AT_A_TIME = 6;

/** Golden Retriever keeps what is in a file's state, but for its bytes. */
interface Resumable {
  readonly cielo24?: UploadState | undefined;
}
const stateOf = (file: unknown): UploadState | undefined => (file as Resumable).cielo24;

/** Uploads Uppy's files, each for the job in its `meta.job_id`. Errors are ProxyErrors: `message` and `nextStep` are for people. */
export default class Cielo24<M extends Meta, B extends Body> extends BasePlugin<Cielo24Options, M, B> {
  readonly #takeTurn = createPool(FILES_AT_A_TIME);
  readonly #takeConnection = createPool(CONNECTIONS);
  /** By file id. */
  readonly #uploads = new Map<string, ReturnType<typeof createFileUpload>>();
  readonly #ends = new Map<string, Promise<void>>();
  readonly #jobs = new Set<string>();
  #uninstalled = new AbortController();

  constructor(uppy: Uppy<M, B>, opts: Cielo24Options) {
    super(uppy, opts);
    this.type = "uploader";
    this.id = opts.id ?? "Cielo24";
  }

  override install(): void {
    this.#uninstalled = new AbortController();
    this.#setResumable(true);
    this.uppy.addUploader(this.#uploadBatch);
    this.uppy.on("upload-pause", this.#onPause);
    this.uppy.on("pause-all", this.#onPauseAll);
    this.uppy.on("resume-all", this.#onResumeAll);
    this.uppy.on("file-removed", this.#onRemoved);
    this.uppy.on("restored", this.#onRestored);
    globalThis.addEventListener("online", this.#onOnline);
  }

  override uninstall(): void {
    this.#setResumable(false);
    this.uppy.removeUploader(this.#uploadBatch);
    this.uppy.off("upload-pause", this.#onPause);
    this.uppy.off("pause-all", this.#onPauseAll);
    this.uppy.off("resume-all", this.#onResumeAll);
    this.uppy.off("file-removed", this.#onRemoved);
    this.uppy.off("restored", this.#onRestored);
    globalThis.removeEventListener("online", this.#onOnline);
    this.#uninstalled.abort();
    for (const upload of this.#uploads.values()) upload.stop();
  }

  readonly #setResumable = (resumableUploads: boolean): void => {
    this.uppy.setState({ capabilities: { ...this.uppy.getState().capabilities, resumableUploads } });
  };

  /** Uppy calls it for each batch, and takes the batch as done once it resolves; events tell how each file has ended. */
  readonly #uploadBatch = async (fileIds: string[]): Promise<void> => {
    const files = this.uppy.getFilesByIds(fileIds).filter((file) => !file.error && !file.progress.uploadComplete);
    // Files that Golden Retriever has restored had begun already: their progress stays.
    const begun = files.filter(({ progress, isRestored }) => !progress.uploadStarted || !isRestored);
    this.uppy.emit("upload-start", begun);
    await Promise.all(files.map((file) => this.#upload(file)));
  };

  /** A file that is in two batches, as may be after a restore, is uploaded once. */
  readonly #upload = (file: UppyFile<M, B>): Promise<void> => {
    const end =
      this.#ends.get(file.id) ??
      this.#uploadFile(file).finally(() => {
        this.#ends.delete(file.id);
      });
    this.#ends.set(file.id, end);
    return end;
  };

  readonly #uploadFile = async (file: UppyFile<M, B>): Promise<void> => {
    const { id } = file;
    let jobId = "";
    let isMine = false;
    try {
      jobId = readJob(file);
      if (this.#jobs.has(jobId)) throw JOB_TAKEN();
      this.#jobs.add(jobId);
      isMine = true;
      const upload = this.#begin(file, jobId, readBytes(file));
      this.#uploads.set(id, upload);
      const uploaded = await upload.run();
      if (uploaded) this.#succeed(this.#now(file), jobId, uploaded);
      else this.#jobs.delete(jobId);
    } catch (error) {
      if (isMine) this.#jobs.delete(jobId);
      this.uppy.emit("upload-error", this.#now(file), error as Error);
    } finally {
      this.#uploads.delete(id);
    }
  };

  readonly #begin = (file: UppyFile<M, B>, jobId: string, source: Blob) =>
    createFileUpload({
      client: this.opts.client,
      takeTurn: this.#takeTurn,
      takeConnection: this.#takeConnection,
      id: file.id,
      jobId,
      source,
      filename: file.name,
      contentType: file.type === "" ? undefined : file.type,
      isPaused: file.isPaused ?? false,
      wasBegun: Boolean(file.progress.uploadStarted),
      state: stateOf(file),
      onState: (state) => {
        // Uppy's types do not know what plugins keep with a file.
        if (this.#has(file.id)) this.uppy.setFileState(file.id, { cielo24: state } as object);
      },
      onProgress: ({ sentBytes, totalBytes }) => {
        const now = this.#now(file);
        this.uppy.emit("upload-progress", now, {
          uploadStarted: now.progress.uploadStarted ?? Date.now(),
          bytesUploaded: sentBytes,
          bytesTotal: totalBytes,
        });
      },
      onWaiting: (waiting) => {
        this.uppy.emit("cielo24-waiting", this.#now(file), waiting);
      },
      onElsewhere: (isElsewhere) => {
        this.uppy.emit("cielo24-elsewhere", this.#now(file), isElsewhere);
      },
    });

  readonly #succeed = (file: UppyFile<M, B>, jobId: string, { key, lock }: UploadedFile): void => {
    this.uppy.emit("upload-success", file, {
      status: 200,
      ...(key === undefined ? {} : { body: { key } as unknown as B }),
    });
    const release = () => {
      this.#jobs.delete(jobId);
      lock.release();
    };
    void this.#follow(file, jobId, release).finally(release);
  };

  /** Follows a delivery to its end, even if the person removes the file from the list meanwhile. */
  readonly #follow = async (file: UppyFile<M, B>, jobId: string, onArrived: () => void): Promise<void> => {
    const { signal } = this.#uninstalled;
    try {
      await this.opts.client.waitForDelivery({
        jobId,
        signal,
        onDelivery: (delivery) => {
          if (delivery.state !== "UPLOADING") onArrived();
          this.uppy.emit("cielo24-delivery", file, delivery);
        },
        onWaiting: (waiting) => {
          this.uppy.emit("cielo24-waiting", file, waiting);
        },
      });
    } catch (error) {
      if (!signal.aborted) this.uppy.emit("cielo24-delivery-error", file, error);
    }
  };

  readonly #has = (id: string): boolean => Object.hasOwn(this.uppy.getState().files, id);

  /** The file as Uppy has it now; as it was, once it is removed. */
  readonly #now = (file: UppyFile<M, B>): UppyFile<M, B> => (this.#has(file.id) ? this.uppy.getFile(file.id) : file);

  readonly #onPause = (file: UppyFile<M, B> | undefined, isPaused: boolean): void => {
    const upload = this.#uploads.get(file?.id ?? "");
    if (isPaused) upload?.pause();
    else upload?.resume();
  };

  readonly #onPauseAll = (): void => {
    for (const upload of this.#uploads.values()) upload.pause();
  };

  readonly #onResumeAll = (): void => {
    for (const upload of this.#uploads.values()) upload.resume();
    // Uppy calls failed files resumed, too, but starts nothing. Golden Retriever starts what it restores right afterwards.
    setTimeout(() => {
      const inBatches = Object.values(this.uppy.getState().currentUploads).flatMap(({ fileIDs }) => fileIDs);
      for (const { id, progress, error } of this.uppy.getFiles()) {
        const isLeft = progress.uploadStarted && !progress.uploadComplete && !error && !inBatches.includes(id);
        if (isLeft) void this.uppy.retryUpload(id).catch(() => undefined);
      }
    });
  };

  readonly #onRemoved = (file: UppyFile<M, B>): void => {
    const upload = this.#uploads.get(file.id);
    const state = stateOf(file);
    if (upload) upload.remove();
    else if (state) void discardLeftBehind(this.opts.client, state);
  };

  /** Golden Retriever restores a file in every tab, also while another one uploads it. */
  readonly #onRestored = (): void => {
    for (const file of this.uppy.getFiles())
      if (file.meta["job_id"] && !file.progress.uploadComplete) void this.#watchOtherTab(file, readJob(file));
  };

  readonly #watchOtherTab = async (file: UppyFile<M, B>, jobId: string): Promise<void> => {
    const tell = (isElsewhere: boolean) => {
      // An upload that was begun here meanwhile tells by itself.
      if (this.#has(file.id) && !this.#uploads.has(file.id))
        this.uppy.emit("cielo24-elsewhere", this.#now(file), isElsewhere);
    };
    const onElsewhere = () => {
      tell(true);
    };
    const lock = await takeLock(jobId, { signal: this.#uninstalled.signal, onElsewhere }).catch(() => undefined);
    lock?.release();
    if (lock?.wasElsewhere) tell(false);
  };

  readonly #onOnline = (): void => {
    for (const upload of this.#uploads.values()) upload.hurry();
  };
}

const readJob = ({ meta }: { readonly meta: Meta }): string => {
  const jobId = meta["job_id"];
  if (typeof jobId === "string" && jobId !== "") return normalJobId(jobId) ?? jobId;
  throw new ProxyError({
    source: "client",
    errorType: "MISSING_PARAMETER",
    comment: "The file has no job: meta.job_id names it.",
  });
};

/** @throws {ProxyError} if the browser no longer has the file's bytes, or never had them */
const readBytes = ({ data }: { readonly data?: unknown }): Blob => {
  if (data instanceof Blob) return data;
  throw new ProxyError({
    source: "client",
    errorType: "SOURCE_CHANGED",
    comment: "The browser does not have the bytes of this file.",
  });
};

const JOB_TAKEN = () =>
  new ProxyError({
    source: "client",
    errorType: "DELIVERY_UNDER_WAY",
    comment: "Another file is being uploaded for this job, which takes one.",
  });
