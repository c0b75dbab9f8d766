import Uppy from "@uppy/core";
import Dashboard from "@uppy/dashboard";
import GoldenRetriever from "@uppy/golden-retriever";
import { createClient } from "cielo24-proxy/client";
import Cielo24 from "cielo24-proxy/uppy";

interface Meta {
  job_id?: string;
  [name: string]: unknown;
}

/** What this application's backend answers. */
const ask = async <T>(method: "GET" | "POST", path: string): Promise<T> => {
  const response = await fetch(path, { method });
  const body = (await response.json()) as T & { message?: string };
  if (!response.ok) throw new Error(body.message);
  return body;
};
const session = () => ask<{ apiUrl: string; token: string }>("GET", "/session");

const { apiUrl } = await session();
const client = createClient({ baseUrl: apiUrl, token: async () => (await session()).token });

const uppy = new Uppy<Meta, Record<string, unknown>>({
  restrictions: { maxFileSize: 10_737_418_239, minFileSize: 1 },
})
  .use(Dashboard, { inline: true, target: "#uploads" })
  .use(GoldenRetriever)
  .use(Cielo24, { client });

// Each file needs a job of its own before it is uploaded; a retried one keeps it.
uppy.addPreProcessor(async (fileIds) => {
  for (const id of fileIds) {
    const { name, meta } = uppy.getFile(id);
    if (meta.job_id !== undefined) continue;
    const { jobId } = await ask<{ jobId: string }>("POST", `/jobs?name=${encodeURIComponent(name)}`);
    uppy.setFileMeta(id, { job_id: jobId });
  }
});

const lines = new Map<string, HTMLElement>();
const say = ({ id, name }: { readonly id: string; readonly name: string }, text: string): void => {
  let line = lines.get(id);
  if (!line) {
    line = document.createElement("li");
    lines.set(id, line);
    document.querySelector("#deliveries")?.append(line);
  }
  line.textContent = `${name}: ${text}`;
};

uppy.on("cielo24-waiting", (file, waiting) => {
  if (waiting) say(file, `waiting: ${waiting.comment}`);
  else say(file, "going on");
});
uppy.on("cielo24-elsewhere", (file, isElsewhere) => {
  if (isElsewhere) say(file, "is being uploaded in another tab");
});
// Uploaded is not yet delivered: the proxy does that, whether or not the page stays open.
uppy.on("cielo24-delivery", (file, { state, taskId, error, waiting }) => {
  if (state === "DELIVERED") say(file, `delivered: ${taskId ?? ""}`);
  else if (error) say(file, `not delivered: ${error.comment}`);
  else say(file, waiting ? `uploaded, waiting: ${waiting.comment}` : "uploaded, on its way to cielo24");
});
