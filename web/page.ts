import { createClient } from "../client/index.ts";
import { createUrlForm } from "./by-url.ts";
import { connect } from "./connection.ts";
import { createDeliveries } from "./deliveries.ts";
import { byId } from "./element.ts";
import { createMediaList } from "./media-list.ts";
import { createMedia } from "./media.ts";
import { describeError } from "./problems.ts";
import { createUploads, type MediaFile } from "./uploads.ts";

const JOB_ID = /^[0-9a-f]{32}$/;

const start = async (): Promise<void> => {
  const connection = await connect();
  const client = createClient({
    baseUrl: connection.apiUrl,
    token: ({ refused }) => connection.token({ renew: refused !== undefined }),
  });
  byId("connection").textContent = connection.givesSampleJobs
    ? `Local stack at ${connection.apiUrl}, with a simulated cielo24`
    : connection.apiUrl;

  const announce = (text: string) => {
    byId("announcements").textContent = text;
  };
  const media = createMedia((id, medium) => {
    list.show(id, medium);
  });
  const deliveries = createDeliveries({ media, waitForDelivery: client.waitForDelivery });

  const setJob = (id: string, jobId: string) => {
    media.change(id, { jobId, problem: undefined });
    if (uppy.getFiles().some((file) => file.id === id)) uppy.setFileMeta(id, { job_id: jobId });
  };
  const takeSampleJob = async (id: string) => {
    try {
      setJob(id, await connection.newSampleJob(media.get(id)?.name ?? ""));
    } catch (error) {
      media.change(id, { problem: describeError(error) });
    }
  };

  const list = createMediaList({
    list: byId("media-list"),
    empty: byId("nothing-yet"),
    givesSampleJobs: connection.givesSampleJobs,
    announce,
    onJobId: setJob,
    onSampleJob: (id) => void takeSampleJob(id),
    onDismiss: (id) => {
      media.remove(id);
    },
  });

  /** Whether each file has a job, and each job one file. */
  const mayStart = (files: readonly MediaFile[]): boolean => {
    const jobs = new Set<string>();
    for (const { id, progress } of files) {
      const jobId = media.get(id)?.jobId ?? "";
      if (progress.uploadComplete) continue;
      const problem = !JOB_ID.test(jobId)
        ? { text: "Which job is this for?", next: "Give the job's id: 32 characters, 0 to 9 and a to f." }
        : jobs.has(jobId)
          ? { text: "Another file has this job.", next: "A job takes one medium: give each file its own." }
          : undefined;
      jobs.add(jobId);
      if (!problem) continue;
      media.change(id, { problem });
      list.focusJobId(id);
      return false;
    }
    return true;
  };

  const uppy = createUploads({ target: byId("dashboard"), signUpload: client.signUpload, mayStart });
  const addFile = ({ id, name, size, meta }: MediaFile) => {
    if (media.get(id)) return;
    const jobId = meta.job_id ?? "";
    media.put({ id, name, sizeBytes: size ?? undefined, jobId, phase: "chosen" });
    if (jobId === "" && connection.givesSampleJobs) void takeSampleJob(id);
  };
  uppy.on("file-added", addFile);
  uppy.on("restored", () => {
    uppy.getFiles().forEach(addFile);
  });
  uppy.on("file-removed", ({ id }) => {
    const phase = media.get(id)?.phase;
    if (phase === "chosen" || phase === "uploading" || phase === "failed") media.remove(id);
  });
  uppy.on("upload-progress", (file, { bytesUploaded, bytesTotal }) => {
    if (file && bytesTotal)
      media.change(file.id, { phase: "uploading", uploaded: bytesUploaded / bytesTotal, problem: undefined });
  });
  uppy.on("upload-error", (file, error) => {
    if (file) media.change(file.id, { phase: "failed", problem: describeError(error) });
  });
  uppy.on("upload-success", (file) => {
    if (file) deliveries.follow(file.id);
  });

  createUrlForm(() => undefined);
};

start().catch((error: unknown) => {
  const { text, next } = describeError(error);
  byId("connection").textContent = `${text} ${next}`;
});
