import type { Action } from "./actions.ts";

const SENT_AGAIN: readonly Action[] = ["twice", "touched"];

/**
 * What does not end as it should yet, by client, because the product does not know it yet. Each entry is a test that must fail:
 * one that passes asks to be taken out.
 */
export const waitsFor: Readonly<Record<string, readonly Action[]>> = {
  "@aws-sdk/lib-storage": ["mac", ...SENT_AGAIN],
  "aws s3": ["mac", "touched"],
  boto3: ["mac", ...SENT_AGAIN],
  "Go's `feature/s3/manager`": ["mac", ...SENT_AGAIN],
  minio: ["mac", ...SENT_AGAIN],
  obstore: ["mac", ...SENT_AGAIN],
  opendal: ["mac", ...SENT_AGAIN, "exception", "ctrl-c"],
  rclone: ["mac", "touched"],
  s3cmd: ["mac"],
  s3fs: ["mac", ...SENT_AGAIN, "exception", "ctrl-c"],
  s5cmd: ["mac", "touched"],
};
