import { createClient, ProxyError } from "../client/index.ts";
import { createUrlForm } from "./by-url.ts";
import { connect, type Connection } from "./connection.ts";
import { createDeliveries } from "./deliveries.ts";
import { byId } from "./dom.ts";
import { showFiles } from "./files.ts";
import { createMediaList } from "./media-list.ts";
import { createMediaStore } from "./media.ts";
import { showNetwork } from "./network.ts";
import { AGAIN, describeError } from "./problems.ts";
import { createRemembered } from "./remembered.ts";
import { createTab } from "./tab.ts";
import { createUploads, type MediaFile } from "./uploads.ts";

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
    showInTab();
  });
  const deliveries = createDeliveries({ media, client });
  const uppy = createUploads({
    id: connection.id,
    target: byId("dashboard"),
    client,
  });

  const tab = createTab();
  const showInTab = () => {
    tab(media.all(), uppy.getState().totalProgress / 100);
  };
  uppy.on("progress", showInTab);

  const setJob = (id: string, jobId: string) => {
    media.change(id, { jobId, problem: undefined });
    if (uppy.getFiles().some((each) => each.id === id)) uppy.setFileMeta(id, { job_id: jobId });
  };
  const takeSampleJob = async (id: string, fate?: string) => {
    try {
      if (newSampleJob) setJob(id, await newSampleJob(fate));
    } catch (error) {
      media.change(id, { problem: describeError(error, AGAIN.sampleJob) });
    }
  };
  /** Once it is uploaded, a file's item has an id of its own, since the same file may be chosen again for another job. */
  const uploadedId = ({ id, meta }: MediaFile) => `${meta.job_id ?? ""} ${id}`;
  const idOf = (file: MediaFile) => (media.get(uploadedId(file)) ? uploadedId(file) : file.id);
  const handOver = (file: MediaFile) => {
    const id = uploadedId(file);
    media.rename(file.id, id);
    deliveries.begin(id);
    const item = media.get(id);
    if (item) remembered.add({ ...item, fileId: file.id });
  };
  /** Shows what was uploaded before a reload, or in another tab. */
  const showRemembered = () => {
    for (const item of remembered.all()) {
      const { id, fileId } = item;
      if (media.get(id)) continue;
      media.put({ ...item, phase: "delivering" });
      deliveries.follow(id);
      // It was restored here, too, while the other tab uploaded it.
      if (uppy.getFiles().some((file) => file.id === fileId && uploadedId(file) === id)) uppy.removeFile(fileId ?? "");
    }
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

  showRemembered();
  remembered.onChangeElsewhere(showRemembered);
  const files = showFiles({
    uppy,
    media,
    takeSampleJob,
    isUploaded: remembered.hasFile,
    chooseAnew: remembered.releaseFile,
    handOver,
    idOf,
    onDelivery: deliveries.show,
    onDeliveryError: deliveries.fail,
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
      const item = { id, name: mediaUrl, jobId };
      media.put({ ...item, phase: "delivering" });
      remembered.add(item);
      deliveries.follow(id);
    },
  });
};

const showConnection = (text: string, state: "ready" | "failed"): void => {
  const line = byId("connection");
  line.textContent = text;
  line.dataset["state"] = state;
};

showNetwork(byId("offline"), announce);
try {
  const connection = await connect();
  start(connection);
  const { apiUrl, newSampleJob } = connection;
  showConnection(newSampleJob ? `Local stack at ${apiUrl}, with a simulated cielo24` : apiUrl, "ready");
} catch (error) {
  const { text, next } = describeError(error, AGAIN.page);
  showConnection(`${text} ${next}`, "failed");
}
