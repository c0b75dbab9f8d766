import { realpath } from "node:fs/promises";
import { isOfOtherMedia, ProxyError, type Client, type Delivery, type UploadProgress } from "../../client/index.ts";
import { evenPartBytes } from "../../client/parts.ts";
import { formatBytes, formatBytesOf } from "../../client/words.ts";
import type { Display, Standstill, Track } from "../display/display.ts";
import { describeWaiting, formatExactly } from "../display/words.ts";
import { openFile, type FileSource } from "../file-source.ts";
import type { Assignment } from "../jobs.ts";
import { commandLine, flag, watchCommand, type Invocation } from "../next-command.ts";
import type { Outcome } from "../outcome.ts";
import { HELD_BACK, judgeFile } from "../preflight.ts";
import { MIB } from "../quantities.ts";
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
  /** Whether to send what seems to be no media. */
  readonly force: boolean;
  /** False: ends once the file is uploaded. */
  readonly wait: boolean;
  /** How long to wait for the delivery. */
  readonly timeoutMs: number | undefined;
  readonly quiet: boolean;
}

/**
 * A program is not bound to the six connections of a browser. Where each connection is slow, twelve are no slower than
 * `aws s3 cp` with its ten (`npm run bench:upload`).
 */
const PARALLEL_PARTS = 12;

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
    const shown = run.display.track({ name: source.name, sizeBytes: source.size });
    track = shown;
    const onProgress = (sent: UploadProgress) => {
      progress = sent;
      shown.uploading(sent);
    };
    let hasWaited = false;
    const onWait = () => {
      hasWaited = true;
      shown.waiting(ANOTHER_RUN);
    };
    const known = await uploadAlone(records.lockFile, { signal: run.signal, onWait }, () =>
      sendFile(run, { jobId, source, records, track: shown, onProgress, hasWaited: () => hasWaited }),
    );
    const uploaded: Sent = { sizeBytes: source.size, modifiedAt: source.modifiedAt, track, records, known };
    if (run.wait || known) return { delivered: awaitDelivery(run, assignment, uploaded) };
    return { delivered: endUploaded(assignment, track) };
  } catch (error) {
    const report = { ...reportError(error), file, jobId };
    track?.end(report.outcome);
    return { delivered: Promise.resolve({ ...report, ...howToGoOn(run, assignment, report, progress) }) };
  }
};

const ANOTHER_RUN: Standstill = {
  phase: "another run uploads it",
  comment: "another run is uploading it for this job; waiting until that has ended",
};

/** How it is known that the job has this file without anything being sent: in a sentence. */
type Known = string;

const UNCHANGED: Known = "Nothing was sent: it was uploaded from here before, and has not changed since.";
const SAME_SIZE: Known = "Nothing was sent: the job's media has the same size, which is all that is compared.";

/** Uploads what is not at the store yet. @returns why nothing had to be sent, if it was delivered before */
const sendFile = async (
  run: UploadRun,
  {
    jobId,
    source,
    records,
    track,
    onProgress,
    hasWaited,
  }: {
    readonly jobId: string;
    readonly source: FileSource;
    readonly records: UploadRecords;
    readonly track: Track;
    readonly onProgress: (progress: UploadProgress) => void;
    /** Whether another run has uploaded it meanwhile. */
    readonly hasWaited: () => boolean;
  },
): Promise<Known | undefined> => {
  const { note } = track;
  const version = { sizeBytes: source.size, modifiedAt: source.modifiedAt };
  const record = await readRecord(run, records, source);
  if (record.current?.isUploaded) {
    note("was uploaded before");
    onProgress({ sentBytes: source.size, storedBytes: source.size, totalBytes: source.size });
    return record.current.isDelivered ? UNCHANGED : undefined;
  }
  await judgeFile(source, { look: run.preflight, force: run.force, note });
  if (record.current?.upload) note("going on with the upload of an earlier run");
  const parallelParts = run.parallelParts ?? PARALLEL_PARTS;
  try {
    await run.client.uploadMedia({
      jobId,
      source,
      filename: source.name,
      contentType: run.contentType ?? source.type,
      resume: record.current?.upload,
      partBytes: run.partBytes ?? evenPartBytes(source.size, parallelParts),
      parallelParts,
      signal: run.signal,
      onState: async (upload) => {
        if (!upload) return;
        // The last moment before the proxy may begin to deliver it.
        if (upload.isCompleting) await source.checkUnchanged();
        await records.write({ ...version, upload, isUploaded: false });
      },
      onProgress,
      onWaiting: (waiting) => {
        if (waiting) track.waiting(describeWaiting(waiting));
      },
    });
  } catch (error) {
    if (!(error instanceof ProxyError) || !STATUS_TELLS.has(error.errorType)) throw error;
    // The other run has uploaded it, and cielo24 has it already: waiting for the delivery tells.
    if (hasWaited()) return undefined;
    return findSameMedia(run, { jobId, source, hasChanged: record.hasChanged, error, note });
  }
  await records.write({ ...version, isUploaded: true });
  return undefined;
};

/**
 * The job has media already, or it is on its way. Nobody tells its name or its checksum, only its size; and the record of an
 * earlier run tells whether the file has changed since.
 *
 * @returns why nothing has to be sent; undefined if nobody wants to wait until it is delivered
 * @throws {ProxyError} the refusal, with what it is about, if it is other media
 */
const findSameMedia = async (
  { client, signal, wait }: UploadRun,
  {
    jobId,
    source,
    hasChanged,
    error,
    note,
  }: {
    readonly jobId: string;
    readonly source: FileSource;
    readonly hasChanged: boolean;
    readonly error: ProxyError;
    readonly note: (text: string) => void;
  },
): Promise<Known | undefined> => {
  const { sizeBytes, state } = await client.getDelivery({ jobId, signal }).catch((failure: unknown) => {
    signal.throwIfAborted();
    // Without the right to ask, or where the media came in another way, the refusal says all that there is to say.
    throw failure instanceof ProxyError ? error : failure;
  });
  if (sizeBytes === source.size && !hasChanged) {
    if (state === "DELIVERED") return SAME_SIZE;
    note("media of the same size is on its way for this job already, so nothing is sent");
    return wait ? SAME_SIZE : undefined;
  }
  if (sizeBytes === undefined) throw error;
  const other =
    sizeBytes === source.size
      ? "This file has changed since it was uploaded for the job."
      : `The job's media has ${formatExactly(sizeBytes)}, and this file ${formatExactly(source.size)}.`;
  throw error.with({ comment: `${error.comment} ${other}`, nextStep: error.nextStep });
};

interface FoundRecord {
  /** What an earlier run has done with this very file. */
  readonly current?: UploadRecord;
  /** Whether an earlier run has uploaded the file as it was before. */
  readonly hasChanged: boolean;
}

/** Finds the record of an earlier run. One of another version of the file is removed, with the parts that were sent. */
const readRecord = async (
  { client, restart, signal }: UploadRun,
  records: UploadRecords,
  source: FileSource,
): Promise<FoundRecord> => {
  const record = await records.read();
  if (!record) return { hasChanged: false };
  const hasChanged = record.sizeBytes !== source.size || record.modifiedAt !== source.modifiedAt;
  if (!restart && !hasChanged) return { current: record, hasChanged };
  // If this fails, the bucket's lifecycle rule removes the parts.
  if (record.upload) await client.abortUpload(record.upload, { signal }).catch(() => undefined);
  // That it was uploaded is worth knowing as long as nothing else is.
  if (!record.isUploaded) await records.remove();
  return { hasChanged: hasChanged && record.isUploaded };
};

const endUploaded = ({ file, jobId }: Assignment, track: Track): Promise<Report> => {
  track.end("uploaded");
  return Promise.resolve({ outcome: "uploaded", file, jobId });
};

/** A file that is at the store, or at cielo24. */
interface Sent {
  readonly sizeBytes: number;
  readonly modifiedAt: number;
  readonly track: Track;
  readonly records: UploadRecords;
  readonly known: Known | undefined;
}

const awaitDelivery = async (
  { client, signal, timeoutMs, invocation }: UploadRun,
  { file, jobId }: Assignment,
  { sizeBytes, modifiedAt, track, records, known }: Sent,
): Promise<Report> => {
  const states: Delivery["state"][] = [];
  try {
    const delivery = await client.waitForDelivery({
      jobId,
      onDelivery: (news) => {
        states.push(news.state);
        track.delivering(news);
      },
      onWaiting: (waiting) => {
        if (waiting) track.waiting(describeWaiting(waiting));
      },
      signal: within(timeoutMs, signal),
    });
    const report = reportEnd(delivery, { file, sizeBytes, invocation });
    // The delivery counts, whether or not it can be remembered.
    const isDelivered = report.outcome === "delivered";
    const remember = isDelivered
      ? records.write({ sizeBytes, modifiedAt, isUploaded: true, isDelivered })
      : records.remove();
    await remember.catch(() => undefined);
    const isOld = known !== undefined && isDelivered && states.length === 1;
    const told: Report = isOld ? { ...report, outcome: "already_delivered", next: known } : report;
    track.end(told.outcome.replace("_", " "));
    return told;
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

const reportEnd = (
  delivery: Delivery,
  {
    file,
    sizeBytes,
    invocation,
  }: { readonly file: string; readonly sizeBytes: number; readonly invocation: Invocation },
): Report =>
  delivery.state === "DELIVERED" && isOfOtherMedia(delivery, sizeBytes)
    ? reportOther(delivery, file)
    : reportDelivery(delivery, invocation, file);

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
  run: UploadRun,
  { file, jobId }: Assignment,
  { outcome, error, next }: Pick<Report, "outcome" | "error" | "next">,
  { storedBytes, totalBytes }: Pick<UploadProgress, "storedBytes" | "totalBytes">,
): Pick<Report, "next" | "command"> => {
  const again = (force = run.force) =>
    commandLine(run.invocation, ["upload", file, "--job-id", jobId, ...optionsOf({ ...run, force })]);
  if (error && HELD_BACK.has(error.errorType))
    return {
      next: "Nothing was sent. If you know better, send it as it is; the proxy decides:",
      command: again(true),
    };
  if (error && STATUS_TELLS.has(error.errorType)) return { command: watchCommand(jobId, run.invocation) };
  if (error?.errorType === "SOURCE_CHANGED") return { command: again() };
  if (!MAY_GO_ON.has(outcome)) return {};
  const kept = `${formatBytesOf(storedBytes, totalBytes)} are at the store and are not sent again.`;
  const sentences = [next, ...(storedBytes > 0 ? [kept, "To go on, within 7 days:"] : ["To go on:"])];
  return {
    next: sentences.filter((sentence) => sentence !== undefined).join(" "),
    command: again(),
  };
};

/** As they were given, but for `--restart`: what is at the store by now is not to be sent again. */
const optionsOf = (run: UploadRun): string[] => [
  ...flag("--content-type", run.contentType),
  ...flag("--part-size", run.partBytes === undefined ? undefined : run.partBytes / MIB),
  ...flag("--parallel", run.parallelParts),
  ...flag("--timeout", run.timeoutMs === undefined ? undefined : `${run.timeoutMs / 1000}s`),
  ...flag("--quiet", run.quiet),
  ...flag("--no-wait", !run.wait),
  ...flag("--no-preflight", !run.preflight),
  ...flag("--force", run.force),
];
