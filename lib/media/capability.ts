import { JOB_ID } from "../job-id.ts";
import type { MediaRef } from "./key.ts";

const PATH_PART = new RegExp(`^(${JOB_ID})\\.([0-9a-f]{32})$`);

/**
 * The URL from which cielo24 pulls an object that takes longer to send than one invocation lasts:
 * `/media/<job_id>.<capability>/<url name>`. Anyone who has it can read the object until it is revoked, so it is a secret
 * like the token.
 */
export const capabilityUrl = (
  baseUrl: string,
  { jobId, capability, media }: { jobId: string; capability?: string; media?: Pick<MediaRef, "key"> },
): string => {
  if (!capability) throw new Error("The row is not being handed over");
  return `${baseUrl}/media/${jobId}.${capability}/${urlName(media?.key ?? "")}`;
};

/** Job and capability from the first part of the path; undefined if it has another form. */
export const parseCapability = (part: string): { jobId: string; capability: string } | undefined => {
  const [, jobId, capability] = PATH_PART.exec(part) ?? [];
  return jobId && capability ? { jobId, capability } : undefined;
};

/** Odd characters in media URLs have broken calls to cielo24, so the name has letters, digits and dashes, and one dot. */
const urlName = (key: string): string => {
  const name = key.slice(key.lastIndexOf("/") + 1);
  const extension = /\.[A-Za-z0-9]{1,8}$/.exec(name)?.[0] ?? "";
  const stem = name.slice(0, name.length - extension.length).replace(/[^A-Za-z0-9-]+/g, "-");
  return (stem.replace(/^-+|-+$/g, "").slice(0, 60) || "media") + extension;
};
