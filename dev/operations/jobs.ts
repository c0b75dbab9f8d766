import type { S3Event } from "aws-lambda";
import { hasEnded, type Row } from "../../lib/delivery/machine/row.ts";
import { decodeEventKey, kindOfKey, parseMediaKey } from "../../lib/media/key.ts";
import { STATES, type Job, type JobState } from "../../web/operations/snapshot.ts";

/** What the page lists; all are counted. */
const MAX_OPEN = 200;
const MAX_ENDED = 50;
/** A stack may run for days: of jobs that have ended, the oldest are forgotten but for their number. */
const MAX_KEPT = 5_000;

/** The jobs of the ledger, and those whose object has arrived and of which the ledger knows nothing yet. */
export const createJobs = ({ clock }: { readonly clock: () => number }) => {
  const jobs = new Map<string, Job>();
  const forgotten = new Map<JobState, number>();

  const put = (job: Job): void => {
    jobs.delete(job.jobId);
    jobs.set(job.jobId, job);
    if (jobs.size <= MAX_KEPT) return;
    const oldest = [...jobs.values()].find(isDone);
    if (!oldest) return;
    jobs.delete(oldest.jobId);
    forgotten.set(oldest.state, (forgotten.get(oldest.state) ?? 0) + 1);
  };
  const count = (state: JobState): number =>
    [...jobs.values()].filter((job) => job.state === state).length + (forgotten.get(state) ?? 0);
  const open = (): Job[] => [...jobs.values()].filter((job) => !isDone(job)).sort((a, b) => a.since - b.since);

  return {
    /** Objects have arrived in the bucket. */
    arrived: ({ Records }: S3Event): void => {
      for (const { s3 } of Records) {
        const key = decodeEventKey(s3.object.key) ?? "";
        const parsed = parseMediaKey(key);
        if (parsed === undefined || parsed === "folderMarker" || kindOfKey(key, parsed) !== "media") continue;
        const { jobId, name } = parsed;
        const known = jobs.get(jobId);
        // Until a worker has looked, nobody knows what another object for the same job means.
        if (known && known.state !== "UPLOADING") continue;
        const now = clock();
        put({ jobId, state: "IN_QUEUE", name, sizeBytes: s3.object.size, since: now, updatedAt: now });
      }
    },
    /** The ledger's row as it is now. */
    show: (row: Row): void => {
      const known = jobs.get(row.jobId);
      // Signing the upload does not undo its arrival.
      if (known?.state === "IN_QUEUE" && row.state === "UPLOADING") return;
      put(jobOf(row, known));
    },
    get: (jobId: string): Job | undefined => jobs.get(jobId),
    /** How many jobs are in each state. */
    states: () => Object.fromEntries(STATES.map((state) => [state, count(state)])) as Record<JobState, number>,
    /** Those that wait for something or somebody, the oldest first. */
    open: (): { readonly open: readonly Job[]; readonly openCount: number } => {
      const all = open();
      return { open: all.slice(0, MAX_OPEN), openCount: all.length };
    },
    /** The latest first. */
    ended: (): readonly Job[] =>
      [...jobs.values()]
        .filter(isDone)
        .sort((a, b) => b.updatedAt - a.updatedAt)
        .slice(0, MAX_ENDED),
  };
};

/** Nobody waits for anything any more. */
const isDone = ({ state }: Job): boolean => state === "DELIVERED" || state === "REJECTED";

const jobOf = (row: Row, known: Job | undefined): Job => {
  const { jobId, state, media, sizeBytes, sentBytes, updatedAt, waiting, error, taskId } = row;
  const nextAt =
    state === "SENDING" ? row.notBefore : state === "FINALIZING" ? (row.notBefore ?? row.settledAt) : undefined;
  const reason = hasEnded(row) ? error : waiting;
  return {
    jobId,
    state,
    name: media?.key === undefined ? (known?.name ?? media?.kind) : nameOf(media.key),
    sizeBytes: sizeBytes ?? known?.sizeBytes,
    sentBytes,
    since: row.droppedAt ?? (state === "UPLOADING" ? row.signedAt : known?.since) ?? updatedAt,
    updatedAt,
    reason,
    nextAt,
    taskId,
  };
};

const nameOf = (key: string): string => key.slice(key.lastIndexOf("/") + 1);
