import { randomBytes } from "node:crypto";
import { sendWith } from "../harness/api.ts";
import type { useStack } from "../harness/stack.ts";
import { sha256 } from "../harness/sha256.ts";
import { until } from "../harness/until.ts";

type Local = ReturnType<typeof useStack>;

/** API Gateway's 1,500 ms are of the internet, not of a provider that shares a busy machine. */
export const ISSUER_TIMEOUT_MS = 30_000;

/** A caller with a token, at the gateway of a stage. */
export const callerWith = (local: Local, token: string) => {
  const send = sendWith(local, { authorization: `Bearer ${token}` });
  const get = (action: string, query: Readonly<Record<string, string>>) =>
    send("GET", `/api/job/${action}?${new URLSearchParams({ v: "1", ...query }).toString()}`);

  /** Asks for the URL of an upload. A new job becomes the caller's by that. */
  const askForUrl = (job: string) => get("request_upload_url", { job_id: job, filename: "lecture.mp4" });

  /** From a URL to cielo24's TaskId, and then the metadata. `job` is one that the caller may use. */
  const upload = async (job: string) => {
    const media = randomBytes(1_000);
    const { status: urlStatus, body: signed } = await askForUrl(job);
    const { status: putStatus } = await fetch(String(signed["upload_url"]), { method: "PUT", body: media });
    const delivery = await until(async () => {
      const { status, body } = await get("delivery", { job_id: job, wait: "5" });
      return (status !== 200 || /^(DELIVERED|REJECTED|NEEDS_REVIEW)$/.test(String(body["State"]))) && { status, body };
    });
    const metadata = await get("update_metadata", { job_id: job, reference_id: "course-7", requestor_id: "alice" });
    return {
      url: urlStatus,
      put: putStatus,
      delivery: delivery.status,
      state: delivery.body["State"],
      hasTaskId: typeof delivery.body["TaskId"] === "string",
      metadata: metadata.status,
      cielo24Has: local.taken(job).map((each) => each.sha256 === sha256(media)),
    };
  };

  return { askForUrl, upload, askForDelivery: (job: string) => get("delivery", { job_id: job }) };
};

/** What `upload` says if all went well. */
export const DELIVERED = {
  url: 200,
  put: 200,
  delivery: 200,
  state: "DELIVERED",
  hasTaskId: true,
  metadata: 200,
  cielo24Has: [true],
};

/** How a token is refused where a URL is asked for: by the gateway with a challenge, by the functions with a reason. */
export const refusalOf = async (local: Local, token: string) => {
  const { status, headers, body } = await callerWith(local, token).askForUrl(local.newJob());
  return {
    status,
    says: headers.get("www-authenticate") ?? body["ErrorComment"] ?? body["message"],
  };
};
