import { normalJobId } from "../../lib/job-id.ts";
import type { Facts } from "./facts.ts";
import { allow, ApiFailure, refusalOf } from "./failure.ts";

/** Media that cielo24 accepted. Tests judge by the log of these. */
export interface Acceptance {
  readonly jobId: string;
  readonly taskId: string;
  readonly sizeBytes: number;
  /** Lower-case hex; empty if the simulator computes none. */
  readonly sha256: string;
  readonly via: "body" | "url";
  /** Milliseconds since the epoch, by the simulator's clock. */
  readonly at: number;
  /** How much later job/info shows it, if not after the usual time. */
  readonly shownAfterMs?: number;
}

export interface Job {
  readonly jobId: string;
  readonly name: string;
  readonly tasks: { readonly taskId: string; readonly type: string; status: "INPROGRESS" | "COMPLETE" | "FAILED" }[];
  /** The task that took the job's media, or is fetching it. */
  mediaTask?: string | undefined;
  /** When the first media was accepted, which is what job/info shows. */
  mediaAt?: number;
  mediaBytes?: number;
  mediaSha256?: string;
  mediaShownAfterMs?: number;
}

type JobFacts = Required<
  Pick<
    Facts,
    | "missingParameter"
    | "unknownJob"
    | "upperCaseJobId"
    | "hyphenatedJobId"
    | "lengthWithoutMedia"
    | "showsTasks"
    | "secondMediaSameBytes"
    | "secondMediaOtherBytes"
    | "secondMediaByUrl"
  >
>;

/** Jobs, their tasks and the acceptance log. */
export const createJobs = ({
  clock,
  facts,
  infoLagMs,
  newId,
}: {
  clock: () => number;
  facts: JobFacts;
  infoLagMs: () => number;
  /** Makes the ids of jobs and tasks. */
  newId: () => string;
}) => {
  const jobs = new Map<string, Job>();
  const acceptances: Acceptance[] = [];

  const find = (jobId: string | undefined): Job => {
    if (!jobId) throw refusalOf(facts.missingParameter, "job_id is required.");
    const normal = normalJobId(jobId);
    if (normal === undefined) throw new ApiFailure("INVALID_QUERY", "job_id must be hex.");
    if (jobId.includes("-")) allow(facts.hyphenatedJobId);
    if (/[A-F]/.test(jobId)) allow(facts.upperCaseJobId);
    const job = jobs.get(normal);
    if (!job) throw refusalOf(facts.unknownJob);
    return job;
  };

  const isShown = (job: Job): boolean =>
    job.mediaAt !== undefined && clock() - job.mediaAt >= (job.mediaShownAfterMs ?? infoLagMs());

  const lengthOf = (job: Job): { MediaLengthSeconds?: number | string | null } => {
    if (isShown(job)) return { MediaLengthSeconds: Math.max(1, Math.round((job.mediaBytes ?? 0) / 100_000)) };
    return facts.lengthWithoutMedia === "absent" ? {} : { MediaLengthSeconds: facts.lengthWithoutMedia };
  };

  return {
    jobs,
    acceptances,
    find,
    addJob: (name = "job"): string => {
      const jobId = newId();
      jobs.set(jobId, { jobId, name, tasks: [] });
      return jobId;
    },
    addTask: (job: Job, type: string): string => {
      const taskId = newId();
      job.tasks.push({ taskId, type, status: "COMPLETE" });
      return taskId;
    },
    /**
     * @param sha256 of the bytes that come; undefined if they come by URL
     * @throws {ApiFailure} if the job has its media, unless the simulator accepts more
     */
    checkFree: (job: Job, sha256?: string): void => {
      if (!job.mediaTask) return;
      if (sha256 === undefined) allow(facts.secondMediaByUrl);
      else if (sha256 !== "" && sha256 === job.mediaSha256) allow(facts.secondMediaSameBytes);
      else allow(facts.secondMediaOtherBytes);
    },
    remove: (job: Job): void => {
      jobs.delete(job.jobId);
    },
    /** Reserves the job for a pull: nothing else is accepted until it ends. */
    beginPull: (job: Job): string => {
      const taskId = newId();
      job.mediaTask = taskId;
      job.tasks.push({ taskId, type: "JOB_ADD_MEDIA", status: "INPROGRESS" });
      return taskId;
    },
    failPull: (job: Job, taskId: string, { freesJob }: { freesJob: boolean }): void => {
      const task = job.tasks.find((each) => each.taskId === taskId);
      if (task) task.status = "FAILED";
      if (job.mediaTask === taskId && freesJob) job.mediaTask = undefined;
    },
    accept: (
      job: Job,
      medium: Pick<Acceptance, "sizeBytes" | "sha256" | "via"> & {
        taskId?: string;
        shownAfterMs?: number | undefined;
      },
    ): string => {
      const taskId = medium.taskId ?? newId();
      const pulled = job.tasks.find((each) => each.taskId === taskId);
      if (pulled) pulled.status = "COMPLETE";
      else job.tasks.push({ taskId, type: "JOB_ADD_MEDIA", status: "COMPLETE" });
      job.mediaTask = taskId;
      const { sizeBytes, sha256, via, shownAfterMs } = medium;
      const late = shownAfterMs === undefined ? {} : { shownAfterMs };
      if (job.mediaAt === undefined) {
        job.mediaAt = clock();
        job.mediaBytes = sizeBytes;
        job.mediaSha256 = sha256;
        if (shownAfterMs !== undefined) job.mediaShownAfterMs = shownAfterMs;
      }
      acceptances.push({ jobId: job.jobId, taskId, sizeBytes, sha256, via, at: clock(), ...late });
      return taskId;
    },
    info: (job: Job): Record<string, unknown> => ({
      JobId: job.jobId,
      JobName: job.name,
      JobStatus: "Pending",
      ...lengthOf(job),
      ...(facts.showsTasks && isShown(job)
        ? {
            Tasks: job.tasks.map(({ taskId, type, status }) => ({
              TaskId: taskId,
              TaskType: type,
              TaskStatus: status,
              TaskRequestTime: "",
            })),
          }
        : {}),
    }),
    findTask: (taskId: string | undefined) => {
      const task = [...jobs.values()].flatMap(({ tasks }) => tasks).find((each) => each.taskId === taskId);
      if (!task) throw new ApiFailure("ITEM_NOT_FOUND", "The task does not exist.");
      return task;
    },
  };
};
