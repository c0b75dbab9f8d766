import { createClient, ProxyError } from "../client/index.ts";
import { createUrlForm } from "./by-url.ts";
import { connect, type Connection } from "./connection.ts";
import { createDeliveries } from "./deliveries.ts";
import { byId } from "./dom.ts";
import { showFiles } from "./files.ts";
import { forgetUpload } from "./lost-upload.ts";
import { createMediaList } from "./media-list.ts";
import { createMediaStore } from "./media.ts";
import { AGAIN, describeError } from "./problems.ts";
import { createRemembered } from "./remembered.ts";
import { createUploads } from "./uploads.ts";

const announce = (text: string): void => {
  byId("announcements").textContent = text;
};

/** Wires the page: Uppy uploads, the client follows the deliveries, the list shows both. */
const start = (connection: Connection): void => {
  const { newSampleJob, fates } = connection;
  const client = createClient({
    baseUrl: connection.apiUrl,
    token: ({ refused }) => connection.token({ renew: refused !== undefined }),
  });
  const remembered = createRemembered(connection.id);
  const media = createMediaStore((id, item) => {
    list.show(id, item);
  });
  const deliveries = createDeliveries({ media, client });
  const uppy = createUploads({
    id: connection.id,
    target: byId("dashboard"),
    signUpload: client.signUpload,
  });

  const setJob = (id: string, jobId: string) => {
    media.change(id, { jobId, problem: undefined });
    const file = uppy.getFiles().find((each) => each.id === id);
    if (!file) return;
    // The parts that were uploaded belong to the previous job.
    if (file.s3Multipart) forgetUpload({ uppy, client }, file);
    uppy.setFileMeta(id, { job_id: jobId });
  };
  const takeSampleJob = async (id: string, fate?: string) => {
    try {
      if (newSampleJob) setJob(id, await newSampleJob(fate));
    } catch (error) {
      media.change(id, { problem: describeError(error, AGAIN.sampleJob) });
    }
  };
  /** Follows a delivery, and continues to do so after a reload. */
  const follow = (id: string, fileId?: string) => {
    const item = media.get(id);
    if (!item) return;
    remembered.add({ ...item, fileId });
    deliveries.follow(id);
  };
  const handOver = (fileId: string) => {
    const id = `${media.get(fileId)?.jobId ?? ""} ${fileId}`;
    media.rename(fileId, id);
    follow(id, fileId);
  };

  const list = createMediaList({
    list: byId("media-list"),
    empty: byId("nothing-yet"),
    announce,
    onJobId: setJob,
    onSampleJob: newSampleJob && ((id, fate) => void takeSampleJob(id, fate)),
    fates,
    onCheckAgain: deliveries.follow,
    onUploadAnyway: (id) => {
      files.uploadAnyway(id);
    },
    onDismiss: (id) => {
      remembered.remove(id);
      media.remove(id);
    },
  });

  for (const item of remembered.all()) {
    media.put({ ...item, phase: "delivering" });
    deliveries.follow(item.id);
  }
  const files = showFiles({
    uppy,
    media,
    client,
    takeSampleJob,
    isUploaded: remembered.hasFile,
    chooseAnew: remembered.releaseFile,
    handOver,
    focusJobId: list.focusJobId,
    focusUploadAnyway: list.focusUploadAnyway,
  });
  createUrlForm({
    newSampleJob,
    fates,
    add: async ({ mediaUrl, jobId }) => {
      try {
        await client.addMediaUrl({ mediaUrl, jobId });
      } catch (error) {
        // cielo24 may have taken it: its delivery will tell.
        if (!(error instanceof ProxyError) || error.errorType !== "CIELO24_ANSWER_UNKNOWN") throw error;
      }
      const id = `url-${jobId}`;
      media.put({ id, name: mediaUrl, jobId, phase: "delivering" });
      follow(id);
    },
  });
};

const showConnection = (text: string, state: "ready" | "failed"): void => {
  const line = byId("connection");
  line.textContent = text;
  line.dataset["state"] = state;
};

try {
  const connection = await connect();
  start(connection);
  const { apiUrl, newSampleJob } = connection;
  showConnection(newSampleJob ? `Local stack at ${apiUrl}, with a simulated cielo24` : apiUrl, "ready");
} catch (error) {
  const { text, next } = describeError(error, AGAIN.page);
  showConnection(`${text} ${next}`, "failed");
}
