import { createClient, ProxyError, type UploadState } from "cielo24-proxy/client";

const input = document.querySelector("input") as HTMLInputElement;
const progress = document.querySelector("progress") as HTMLProgressElement;
const cancel = document.querySelector("button") as HTMLButtonElement;
const say = (text: string) => {
  (document.querySelector("#state") as HTMLElement).textContent = text;
};

/** What this application's backend answers. */
const ask = async <T>(method: "GET" | "POST", path: string): Promise<T> => {
  const response = await fetch(path, { method });
  const body = (await response.json()) as T & { message?: string };
  if (!response.ok) throw new Error(body.message);
  return body;
};
const session = () => ask<{ apiUrl: string; token: string }>("GET", "/session");

/** What is needed to go on after a reload, if the same file is chosen again. */
interface Kept {
  readonly jobId: string;
  readonly state?: UploadState;
}
const keyOf = ({ name, size, lastModified }: File) => `${name} ${String(size)} ${String(lastModified)}`;
const readKept = (file: File): Kept | undefined => {
  const text = localStorage.getItem(keyOf(file));
  return text === null ? undefined : (JSON.parse(text) as Kept);
};
const keep = (file: File, kept: Kept) => {
  localStorage.setItem(keyOf(file), JSON.stringify(kept));
};

const { apiUrl } = await session();
const client = createClient({ baseUrl: apiUrl, token: async () => (await session()).token });

const upload = async (source: File, signal: AbortSignal): Promise<void> => {
  const earlier = readKept(source);
  const { jobId } = earlier ?? (await ask<{ jobId: string }>("POST", `/jobs?name=${encodeURIComponent(source.name)}`));
  keep(source, earlier ?? { jobId });
  await client.uploadMedia({
    jobId,
    source,
    signal,
    resume: earlier?.state,
    onState: (state) => {
      keep(source, state ? { jobId, state } : { jobId });
    },
    onProgress: ({ sentBytes, totalBytes }) => {
      progress.value = sentBytes / totalBytes;
      say("Uploading");
    },
    onWaiting: (waiting) => {
      say(waiting ? `Waiting: ${waiting.comment}` : "Uploading");
    },
  });
  // From here on, the page may be closed: the proxy delivers the file by itself.
  localStorage.removeItem(keyOf(source));
  const { state, taskId, error } = await client.waitForDelivery({
    jobId,
    signal,
    onDelivery: ({ waiting }) => {
      say(waiting ? `Uploaded. Waiting: ${waiting.comment}` : "Uploaded, on its way to cielo24");
    },
  });
  say(state === "DELIVERED" ? `Delivered: ${taskId ?? ""}` : `Not delivered: ${error?.comment ?? state}`);
};

input.addEventListener("change", () => {
  const [file] = input.files ?? [];
  if (!file) return;
  const controller = new AbortController();
  input.disabled = true;
  cancel.disabled = false;
  cancel.onclick = () => {
    controller.abort();
  };
  upload(file, controller.signal)
    .catch((error: unknown) => {
      if (controller.signal.aborted) say("Cancelled. Choose the file again to go on.");
      else if (error instanceof ProxyError) say(`${error.message} ${error.nextStep}`);
      else say(error instanceof Error ? error.message : String(error));
    })
    .finally(() => {
      input.disabled = false;
      cancel.disabled = true;
    });
});
say("Ready");
