import { realpath } from "node:fs/promises";
import { isOfOtherMedia, ProxyError, type Client, type Delivery, type UploadProgress } from "../../client/index.ts";
import type { Display, Track } from "../display/display.ts";
import { formatBytes, formatBytesOf } from "../../client/words.ts";
import { openFile, type FileSource } from "../file-source.ts";
import type { Assignment } from "../jobs.ts";
import { commandLine, flag, watchCommand, type Invocation } from "../next-command.ts";
import type { Outcome } from "../outcome.ts";
import { HELD_BACK, lookInto } from "../preflight.ts";
import { reportDelivery, reportError, type Report } from "../report.ts";
import { uploadAlone } from "../upload-lock.ts";
import { uploadRecords, type UploadRecord, type UploadRecords } from "../upload-record.ts";
import { within } from "./command.ts";

/** What all uploads of one command share. */
export interface UploadRun {
  readonly client: Client;
  readonly baseUrl: string;
  readonly invocation: Invocation;
  readonly display: Display;
  readonly recordsDirectory: string;
  readonly signal: AbortSignal;
  readonly partBytes: number | undefined;
  readonly parallelParts: number | undefined;
  readonly contentType: string | undefined;
  /** Starts over, whatever an earlier run has uploaded. */
  readonly restart: boolean;
  /** Whether to look into a file before it is sent. */
  readonly preflight: boolean;
  /** False: ends once the file is uploaded. */
  readonly wait: boolean;
  /** How long to wait for the delivery. */
  readonly timeoutMs: number | undefined;
}

/** A file that is uploaded. Its report follows once its delivery has ended, or at once with `--no-wait`. */
export interface UploadedFile {
  readonly delivered: Promise<Report>;
}

/** Uploads a file, resuming what an earlier run has begun, and starts to wait for its delivery. Never rejects. */
export const uploadFile = async (run: UploadRun, assignment: Assignment): Promise<UploadedFile> => {
  const { file, jobId } = assignment;
  let progress: Pick<UploadProgress, "storedBytes" | "totalBytes"> = { storedBytes: 0, totalBytes: 0 };
  let track: Track | undefined;
  try {
    run.signal.throwIfAborted();
    await using source = await openFile(file);
    const records = uploadRecords(run.recordsDirectory, { baseUrl: run.baseUrl, jobId, path: await realpath(file) });
    track = run.display.track({ name: source.name, sizeBytes: source.size });
    const { uploading, note } = track;
    const onProgress = (sent: UploadProgress) => {
      progress = sent;
      uploading(sent);
    };
    let hasWaited = false;
    const onWait = () => {
      hasWaited = true;
      note("another run is uploading it for this job; waiting until that has ended");
    };
    await uploadAlone(records.lockFile, { signal: run.signal, onWait }, () =>
      sendFile(run, { jobId, source, records, note, onProgress }).catch((error: unknown) => {
        // The other run has uploaded it, and cielo24 has it already: waiting for the delivery tells.
        if (!hasWaited || !(error instanceof ProxyError) || error.errorType !== "JOB_HAS_MEDIA") throw error;
      }),
    );
    const waited = { sizeBytes: source.size, track, records };
    return { delivered: run.wait ? awaitDelivery(run, assignment, waited) : endUploaded(assignment, track) };
  } catch (error) {
    const report = { ...reportError(error), file, jobId };
    track?.end(report.outcome);
    return { delivered: Promise.resolve({ ...report, ...howToGoOn(run, assignment, report, progress) }) };
  }
};

/** Uploads what is not at the store yet. */
const sendFile = async (
  run: UploadRun,
  {
    jobId,
    source,
    records,
    note,
    onProgress,
  }: {
    readonly jobId: string;
    readonly source: FileSource;
    readonly records: UploadRecords;
    readonly note: (text: string) => void;
    readonly onProgress: (progress: UploadProgress) => void;
  },
): Promise<void> => {
  const known = { sizeBytes: source.size, modifiedAt: source.modifiedAt };
  const record = await readRecord(run, records, source);
  if (record?.isUploaded) {
    note("was uploaded before");
    onProgress({ sentBytes: source.size, storedBytes: source.size, totalBytes: source.size });
    return;
  }
  if (run.preflight) await lookInto(source, note);
  if (record?.upload) note("going on with the upload of an earlier run");
  await run.client.uploadMedia({
    jobId,
    source,
    filename: source.name,
    contentType: run.contentType ?? source.type,
    resume: record?.upload,
    partBytes: run.partBytes,
    parallelParts: run.parallelParts,
    signal: run.signal,
    onState: async (upload) => {
      if (!upload) return;
      // The last moment before the proxy may begin to deliver it.
      if (upload.isCompleting) await source.checkUnchanged();
      await records.write({ ...known, upload, isUploaded: false });
    },
    onProgress,
  });
  await records.write({ ...known, isUploaded: true });
};

/** The record of an earlier run, if it is about this very file. Any other is removed, with the parts that were sent. */
const readRecord = async (
  { client, restart, signal }: UploadRun,
  records: UploadRecords,
  source: FileSource,
): Promise<UploadRecord | undefined> => {
  const record = await records.read();
  if (!record) return undefined;
  if (!restart && record.sizeBytes === source.size && record.modifiedAt === source.modifiedAt) return record;
  // If this fails, the bucket's lifecycle rule removes the parts.
  if (record.upload) await client.abortUpload(record.upload, { signal }).catch(() => undefined);
  await records.remove();
  return undefined;
};

const endUploaded = ({ file, jobId }: Assignment, track: Track): Promise<Report> => {
  track.end("uploaded");
  return Promise.resolve({ outcome: "uploaded", file, jobId });
};

const awaitDelivery = async (
  { client, signal, timeoutMs, invocation }: UploadRun,
  { file, jobId }: Assignment,
  { sizeBytes, track, records }: { readonly sizeBytes: number; readonly track: Track; readonly records: UploadRecords },
): Promise<Report> => {
  try {
    const delivery = await client.waitForDelivery({
      jobId,
      onDelivery: track.delivering,
      signal: within(timeoutMs, signal),
    });
    await records.remove();
    const isOther = delivery.state === "DELIVERED" && isOfOtherMedia(delivery, sizeBytes);
    const report = isOther ? reportOther(delivery, file) : reportDelivery(delivery, invocation, file);
    track.end(report.outcome);
    return report;
  } catch (error) {
    const report = { ...reportError(error), file, jobId };
    track.end(report.outcome);
    return {
      ...report,
      next: `${report.next ?? ""} It is uploaded, and the proxy delivers it by itself; to watch:`.trim(),
      command: watchCommand(jobId, invocation),
    };
  }
};

/** Another upload for the job was delivered meanwhile: cielo24 takes only one, so the proxy did not send this one. */
const reportOther = (delivery: Delivery, file: string): Report => ({
  outcome: "refused",
  file,
  jobId: delivery.jobId,
  delivery,
  error: {
    errorType: "JOB_HAS_MEDIA",
    comment: `cielo24 took another medium for this job, of ${formatBytes(delivery.sizeBytes ?? 0)}; this one was not sent to it.`,
  },
  next: "Use another job for this file.",
});

/** Outcomes after which the same command may succeed. */
const MAY_GO_ON: ReadonlySet<Outcome> = new Set(["interrupted", "terminated", "unavailable", "unauthorized"]);

/** Errors that the job's delivery explains. */
const STATUS_TELLS: ReadonlySet<string> = new Set(["JOB_HAS_MEDIA", "DELIVERY_UNDER_WAY"]);

const howToGoOn = (
  { invocation, contentType, preflight, wait }: UploadRun,
  { file, jobId }: Assignment,
  { outcome, error, next }: Pick<Report, "outcome" | "error" | "next">,
  { storedBytes, totalBytes }: Pick<UploadProgress, "storedBytes" | "totalBytes">,
): Pick<Report, "next" | "command"> => {
  const again = (look: boolean) =>
    commandLine(invocation, [
      ...["upload", file, "--job-id", jobId],
      ...flag("--content-type", contentType),
      ...(look ? [] : ["--no-preflight"]),
      ...(wait ? [] : ["--no-wait"]),
    ]);
  if (error && HELD_BACK.has(error.errorType))
    return {
      next: "Nothing was sent. If you know better, send it as it is; the proxy decides:",
      command: again(false),
    };
  if (error && STATUS_TELLS.has(error.errorType)) return { command: watchCommand(jobId, invocation) };
  if (error?.errorType === "SOURCE_CHANGED") return { command: again(preflight) };
  if (!MAY_GO_ON.has(outcome)) return {};
  const kept = `${formatBytesOf(storedBytes, totalBytes)} are at the store and are not sent again.`;
  const sentences = [next, ...(storedBytes > 0 ? [kept, "To go on, within 7 days:"] : ["To go on:"])];
  return {
    next: sentences.filter((sentence) => sentence !== undefined).join(" "),
    command: again(preflight),
  };
};
