import { openAsBlob } from "node:fs";
import { basename } from "node:path";
import { createClient, describeMedia, ProxyError } from "cielo24-proxy/client";
import { createJob, readAccount } from "./cielo24.ts";

const [path, givenJob] = process.argv.slice(2);
if (path === undefined) throw new Error("Usage: node upload.ts FILE [JOB]");

const client = createClient({
  baseUrl: process.env["CIELO24_PROXY_URL"] ?? "",
  token: process.env["CIELO24_PROXY_TOKEN"] ?? "",
});

try {
  const jobId = givenJob ?? (await createJob(readAccount(), basename(path)));
  await client.uploadMedia({
    jobId,
    source: await openAsBlob(path),
    filename: basename(path),
    onProgress: ({ sentBytes, totalBytes }) => {
      console.error(`uploaded ${String(Math.floor((100 * sentBytes) / totalBytes))} %`);
    },
    onWaiting: (waiting) => {
      console.error(waiting ? `waiting: ${waiting.comment}` : "going on");
    },
  });
  const delivery = await client.waitForDelivery({
    jobId,
    onDelivery: ({ state, waiting }) => {
      console.error(waiting ? `${state}: ${waiting.comment}` : state);
    },
  });
  if (delivery.state !== "DELIVERED") throw new Error(`${delivery.state}: ${delivery.error?.comment ?? ""}`);
  console.log(JSON.stringify({ jobId, taskId: delivery.taskId, media: describeMedia(delivery) }));
} catch (error) {
  console.error(error instanceof ProxyError ? `${error.message} ${error.nextStep}` : error);
  process.exitCode = 1;
}
