import { JOB_ID } from "../job-id.ts";
import type { MediaRef } from "./key.ts";

const PATH_PART = new RegExp(`^(${JOB_ID})\\.([0-9a-f]{32})$`);

/**
 * The URL under which cielo24 pulls an object that does not fit into one invocation:
 * `/media/<job_id>.<capability>/<plain name>`. Whoever has it can read the object until it is revoked, so it is a
 * secret like the token.
 */
export const capabilityUrl = (
  baseUrl: string,
  { jobId, capability, media }: { jobId: string; capability?: string; media?: Pick<MediaRef, "key"> },
): string => {
  if (!capability) throw new Error("The row is not being handed over");
  return `${baseUrl}/media/${jobId}.${capability}/${plainName(media?.key ?? "")}`;
};

/** Job and capability of the path's first part, or undefined where it has another form. */
export const parseCapability = (part: string): { jobId: string; capability: string } | undefined => {
  const [, jobId, capability] = PATH_PART.exec(part) ?? [];
  return jobId && capability ? { jobId, capability } : undefined;
};

/** Odd characters in a media URL broke calls of others to cielo24, so the name is letters, digits, dots and dashes. */
const plainName = (key: string): string => {
  const name = key.slice(key.lastIndexOf("/") + 1);
  const extension = /\.[A-Za-z0-9]{1,8}$/.exec(name)?.[0] ?? "";
  const stem = name.slice(0, name.length - extension.length).replace(/[^A-Za-z0-9-]+/g, "-");
  return (stem.replace(/^-+|-+$/g, "").slice(0, 60) || "media") + extension;
};
