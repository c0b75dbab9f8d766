import type { Delivery } from "../client/index.ts";
import { lookInto } from "./look.ts";
import type { MediaStore } from "./media.ts";
import { AGAIN, checkJobId, describeError, refusalOf } from "./problems.ts";
import type { MediaFile, Uploads } from "./uploads.ts";

interface FilesOptions {
  readonly uppy: Uploads;
  readonly media: MediaStore;
  readonly takeSampleJob: (id: string) => Promise<void>;
  /** Whether a file that Uppy restores after a reload was uploaded before. */
  readonly isUploaded: (id: string) => boolean;
  /** From now on the file counts as not uploaded. */
  readonly chooseAnew: (id: string) => void;
  /** Takes over a file that is uploaded. */
  readonly handOver: (file: MediaFile) => void;
  /** The item of a file that may be handed over. */
  readonly idOf: (file: MediaFile) => string;
  readonly onDelivery: (id: string, delivery: Delivery) => void;
  readonly onDeliveryError: (id: string, error: unknown) => void;
  readonly focusJobId: (id: string) => void;
  readonly focusUploadAnyway: (id: string) => void;
}

/**
 * Shows Uppy's files in the page's list, until they are uploaded and handed over. Each is looked into before it may go up.
 *
 * @returns what uploads a file that is held back, at the person's wish
 */
export const showFiles = ({
  uppy,
  media,
  takeSampleJob,
  isUploaded,
  chooseAnew,
  handOver,
  idOf,
  onDelivery,
  onDeliveryError,
  focusJobId,
  focusUploadAnyway,
}: FilesOptions) => {
  const looks = new Map<string, Promise<void>>();
  const look = async (id: string, file: Blob) => {
    const found = await lookInto(file);
    // The file may have been removed meanwhile.
    media.change(id, { look: found });
    looks.delete(id);
  };

  const add = ({ id, name, size, meta, progress, data }: MediaFile) => {
    const jobId = meta.job_id ?? "";
    const uploaded = (progress.percentage ?? 0) / 100;
    const phase = progress.uploadStarted ? "paused" : "chosen";
    media.put({ id, name, sizeBytes: size ?? undefined, jobId, uploaded, phase });
    if (jobId === "") void takeSampleJob(id);
    // A large file that is restored after a reload has no bytes until the person selects it again.
    if (data instanceof Blob) looks.set(id, look(id, data));
  };

  /** Whether each file has a job of its own, and none is held back. */
  const mayStart = (files: readonly MediaFile[]): boolean => {
    const nameOf = new Map<string, string>();
    for (const { id, name, progress } of files) {
      if (progress.uploadComplete) continue;
      const jobId = media.get(id)?.jobId ?? "";
      const other = nameOf.get(jobId);
      const problem =
        checkJobId(jobId) ??
        (other === undefined
          ? undefined
          : {
              text: `Another file has this job: ${other}.`,
              next: "A job takes one file: give each file its own.",
              isAboutJob: true,
            });
      nameOf.set(jobId, name);
      if (problem) {
        media.change(id, { problem });
        focusJobId(id);
        return false;
      }
      const item = media.get(id);
      if (item && refusalOf(item)) {
        focusUploadAnyway(id);
        return false;
      }
    }
    return true;
  };

  const mayStartOnceLookedAt = (files: readonly MediaFile[]): boolean => {
    const pending = files.flatMap(({ id }) => looks.get(id) ?? []);
    if (pending.length === 0) return mayStart(files);
    // Uppy wants an answer at once, so it is asked again.
    void Promise.all(pending).then(() => uppy.upload().catch(() => undefined));
    return false;
  };

  uppy.setOptions({ onBeforeUpload: (files) => mayStartOnceLookedAt(Object.values(files)) });
  uppy.on("file-added", (file) => {
    chooseAnew(file.id);
    add(file);
  });
  uppy.on("restored", () => {
    for (const file of uppy.getFiles()) {
      // Golden Retriever writes with a delay: a file uploaded just before a reload is restored as if it were not uploaded.
      if (isUploaded(file.id)) uppy.removeFile(file.id);
      else if (!file.progress.uploadComplete) add(file);
    }
  });
  uppy.on("file-removed", ({ id }) => {
    media.remove(id);
  });
  uppy.on("upload-start", (files) => {
    for (const { id } of files) media.change(id, { phase: "uploading", problem: undefined });
  });
  uppy.on("upload-progress", (file, { bytesUploaded, bytesTotal }) => {
    if (file && bytesTotal) media.change(file.id, { uploaded: bytesUploaded / bytesTotal });
  });
  const setPaused = (id: string, isPaused: boolean) => {
    const phase = media.get(id)?.phase;
    if (phase === "uploading" || phase === "paused") media.change(id, { phase: isPaused ? "paused" : "uploading" });
  };
  uppy.on("upload-pause", (file, isPaused) => {
    if (file) setPaused(file.id, isPaused);
  });
  uppy.on("pause-all", () => {
    for (const { id } of media.all()) setPaused(id, true);
  });
  uppy.on("resume-all", () => {
    for (const { id } of media.all()) setPaused(id, false);
  });
  uppy.on("cielo24-elsewhere", ({ id, isPaused }, isElsewhere) => {
    // What is restored does not go on before the person says so.
    const isHeld = isPaused || uppy.getState().recoveredState !== null;
    media.change(id, { phase: isElsewhere ? "elsewhere" : isHeld ? "paused" : "uploading" });
  });
  uppy.on("cielo24-waiting", (file, waiting) => {
    media.change(idOf(file), { waiting });
  });
  uppy.on("upload-error", (file, error) => {
    if (file)
      media.change(file.id, { phase: "failed", waiting: undefined, problem: describeError(error, AGAIN.upload) });
  });
  uppy.on("upload-success", (file) => {
    if (file) handOver(file);
  });
  uppy.on("cielo24-delivery", (file, delivery) => {
    onDelivery(idOf(file), delivery);
  });
  uppy.on("cielo24-delivery-error", (file, error) => {
    onDeliveryError(idOf(file), error);
  });

  return {
    /** Uploads this file alone. */
    uploadAnyway: (id: string): void => {
      media.change(id, { isOverruled: true, problem: undefined });
      const file = uppy.getFiles().find((each) => each.id === id);
      // This is how Uppy uploads one of several files. Its events tell how it ends.
      if (file && mayStart([file])) void uppy.retryUpload(id).catch(() => undefined);
    },
  };
};
