import { createProxyClient } from "../../dev/proxy-client.ts";
import type { Stack } from "../../dev/stack.ts";

/** Uploads a file through a signed URL, as a client does. */
export const uploadTo = async (
  stack: Stack,
  jobId: string,
  filename: string,
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(300_000).fill(1),
): Promise<void> => {
  const token = await stack.token({ sub: "uploader", scope: "media.write media.read" });
  const client = createProxyClient(stack.apiUrl, token);
  const signed = await client.call("GET", "/api/job/request_upload_url", { job_id: jobId, filename });
  const stored = await fetch(String(signed.body["upload_url"]), { method: "PUT", body: bytes });
  if (!stored.ok) throw new Error(`The bucket answered ${stored.status}`);
};
