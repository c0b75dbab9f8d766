import { realpath } from "node:fs/promises";
import type { Client, UploadProgress } from "../../client/index.ts";
import type { Display, Track } from "../display/display.ts";
import { formatBytes } from "../display/units.ts";
import { openFile, type FileSource } from "../file-source.ts";
import type { Assignment } from "../jobs.ts";
import { quoteCommand, reportError, type Report } from "../report.ts";
import { uploadRecords, type UploadRecord, type UploadRecords } from "../upload-record.ts";
import { reportDelivery, watchCommand } from "./delivery-report.ts";

/** What the uploads of one command have in common. */
export interface UploadRun {
  readonly client: Client;
  readonly baseUrl: string;
  /** The base URL where it was given by flag: commands that are shown have to repeat it. */
  readonly url: string | undefined;
  readonly display: Display;
  readonly recordsDirectory: string;
  readonly signal: AbortSignal;
  readonly partBytes: number | undefined;
  readonly parallelParts: number | undefined;
  readonly contentType: string | undefined;
  /** Forget what an earlier run has uploaded. */
  readonly restart: boolean;
  /** False: done once it is uploaded. */
  readonly wait: boolean;
  /** How long the delivery is waited for, ms. */
  readonly timeoutMs: number | undefined;
}

/** A file that is at the store; its delivery, as far as it is waited for, is still to come. */
export interface UploadedFile {
  readonly delivered: Promise<Report>;
}

/** Uploads a file, goes on with what an earlier run has begun, and begins to wait for the delivery. Never rejects. */
export const uploadFile = async (run: UploadRun, assignment: Assignment): Promise<UploadedFile> => {
  const { file, jobId } = assignment;
  const { client, display, signal } = run;
  let progress: UploadProgress | undefined;
  let track: Track | undefined;
  try {
    signal.throwIfAborted();
    await using source = await openFile(file);
    const records = uploadRecords(run.recordsDirectory, { baseUrl: run.baseUrl, jobId, path: await realpath(file) });
    const record = await readRecord(run, records, source);
    track = display.track({ name: source.name, sizeBytes: source.size });
    const { uploading, note } = track;
    const known = { sizeBytes: source.size, modifiedAt: source.modifiedAt };
    if (record?.isUploaded) note("was uploaded before");
    else {
      if (record?.upload) note("going on with the upload of an earlier run");
      const { partBytes, parallelParts, contentType } = run;
      await client.uploadMedia({
        jobId,
        source,
        filename: source.name,
        contentType: contentType ?? source.type,
        resume: record?.upload,
        partBytes,
        parallelParts,
        signal,
        onState: (upload) => (upload ? records.write({ ...known, upload, isUploaded: false }) : undefined),
        onProgress: (sent) => {
          progress = sent;
          uploading(sent);
        },
      });
      await records.write({ ...known, isUploaded: true });
    }
    return { delivered: run.wait ? awaitDelivery(run, assignment, track, records) : endUploaded(assignment, track) };
  } catch (error) {
    const report = { ...reportError(error), file, jobId };
    track?.end(report.outcome);
    const isEnded = report.outcome === "interrupted" || report.outcome === "terminated";
    return { delivered: Promise.resolve(isEnded ? { ...report, ...howToGoOn(run, assignment, progress) } : report) };
  }
};

/** The record of an earlier run, if it is of this very file and wanted. Any other is dropped, with its parts. */
const readRecord = async (
  { client, restart, signal }: UploadRun,
  records: UploadRecords,
  source: FileSource,
): Promise<UploadRecord | undefined> => {
  const record = await records.read();
  if (!record) return undefined;
  if (!restart && record.sizeBytes === source.size && record.modifiedAt === source.modifiedAt) return record;
  // The bucket's lifecycle takes them, where this fails.
  if (record.upload) await client.abortUpload(record.upload, { signal }).catch(() => undefined);
  await records.remove();
  return undefined;
};

const endUploaded = ({ file, jobId }: Assignment, track: Track): Promise<Report> => {
  track.end("uploaded");
  return Promise.resolve({ outcome: "uploaded", file, jobId });
};

const awaitDelivery = async (
  { client, signal, timeoutMs, url }: UploadRun,
  { file, jobId }: Assignment,
  track: Track,
  records: UploadRecords,
): Promise<Report> => {
  try {
    const limited = timeoutMs === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const delivery = await client.waitForDelivery({ jobId, onDelivery: track.delivering, signal: limited });
    await records.remove();
    const report = reportDelivery(delivery, { file, url });
    track.end(report.outcome);
    return report;
  } catch (error) {
    const report = { ...reportError(error), file, jobId };
    track.end(report.outcome);
    return {
      ...report,
      next: `${report.next ?? ""} It is uploaded, and the proxy delivers it by itself; to watch:`.trim(),
      command: watchCommand(jobId, url),
    };
  }
};

const howToGoOn = (
  { url }: UploadRun,
  { file, jobId }: Assignment,
  progress: UploadProgress | undefined,
): Pick<Report, "next" | "command"> => {
  const kept =
    progress && progress.storedBytes > 0
      ? `${formatBytes(progress.storedBytes)} of ${formatBytes(progress.totalBytes)} are at the store and are not sent again. To go on, within 7 days:`
      : "To go on:";
  const flags = ["--job-id", jobId, ...(url === undefined ? [] : ["--url", url])];
  return { next: kept, command: quoteCommand(["cielo24-proxy", "upload", file, ...flags]) };
};
