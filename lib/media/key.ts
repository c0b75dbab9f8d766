import { createHash } from "node:crypto";
import { JOB_ID, normalJobId } from "../job-id.ts";
import { kindOfName, type NameKind } from "./names.ts";

/** Where a job's media comes from: a version of an S3 object, or an HTTP caller. */
export interface MediaRef {
  /** Stable name of exactly these bytes; compared, never parsed. See {@link objectId}. */
  readonly id: string;
  /**
   * `object`: an S3 object. `url`: cielo24 fetches the caller's own media_url. `body`: the small body of an HTTP call.
   * `forgotten`: it was any of these, and was deleted at a person's request.
   */
  readonly kind: "object" | "url" | "body" | "forgotten";
  /** S3 key and version; only with `object`. */
  readonly key?: string;
  readonly versionId?: string;
}

/** Whether two pieces of media hold the same bytes, as far as anybody can tell without reading them. */
export type Sameness = "same" | "other" | "unknown";

/**
 * The name of an object in the bucket. An upload through a signed URL has the key `media/<job_id>/<upload_id>/<name>`, of
 * which the proxy chooses everything but the job. Operators drop files as `media/<job_id>/<any name>`, and may spell the
 * job id in any way that is understood.
 */
export interface MediaKey {
  /** In its normal form, whatever the spelling in the key. */
  readonly jobId: string;
  /** The random part of a signed upload's key. An operator's key has none. */
  readonly uploadId?: string;
  readonly name: string;
}

const UPLOAD_KEY = new RegExp(`^media/(${JOB_ID})/([0-9a-f]{32})/([^/]+)$`, "s");
/** A job's folder, and the name in it, which is empty for the marker of the folder itself. */
const JOB_KEY = /^media\/([^/]+)\/(.*)$/s;

/** S3's limit, in bytes of UTF-8. */
const LONGEST_KEY_BYTES = 1024;
const LONGEST_NAME = 100;
const LONGEST_EXTENSION = 10;
const NAMELESS = "media";

/**
 * A key for an upload, in ASCII that needs no encoding anywhere: odd characters in file names have broken calls to
 * cielo24, which sees this name when it fetches the media itself.
 *
 * @param uploadId 32 random hex characters, so that no upload overwrites another
 * @param filename the client's name for the file; odd characters are replaced or dropped
 */
export const mediaKey = (jobId: string, uploadId: string, filename = ""): string =>
  `media/${jobId}/${uploadId}/${safeName(filename)}`;

const safeName = (filename: string): string => {
  const lastSegment = filename.split(/[/\\]/).at(-1) ?? "";
  const safe = lastSegment
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/\.{2,}/g, ".")
    .replace(/-*\.-*/g, ".")
    .replace(/^-+|[.-]+$/g, "")
    .replace(/^\./, `${NAMELESS}.`);
  return shorten(safe) || NAMELESS;
};

/** Cuts the stem and keeps the extension, from which players and cielo24 tell the format. */
const shorten = (name: string): string => {
  if (name.length <= LONGEST_NAME) return name;
  const extension = /\.[^.]+$/.exec(name)?.[0] ?? "";
  if (extension.length > LONGEST_EXTENSION) return name.slice(0, LONGEST_NAME);
  return name.slice(0, LONGEST_NAME - extension.length) + extension;
};

/**
 * Decodes the form-encoded key in an S3 event, once: `+` is a space, and the rest is percent-encoded.
 * Undefined if that is impossible: a bad `%`, or bytes that are not UTF-8.
 */
export const decodeEventKey = (raw: string): string | undefined => {
  try {
    const key = decodeURIComponent(raw.replaceAll("+", " "));
    return key.isWellFormed() ? key : undefined;
  } catch {
    return undefined;
  }
};

/**
 * What a (decoded) key refers to. `"folderMarker"`: a folder, as S3 consoles create them; to be ignored only if the object
 * is empty. Undefined: no job, so the object is to be quarantined.
 */
export const parseMediaKey = (key: string): MediaKey | "folderMarker" | undefined => {
  if (Buffer.byteLength(key) > LONGEST_KEY_BYTES) return undefined;
  if (key === "media/") return "folderMarker";
  const [, folder = "", name = ""] = JOB_KEY.exec(key) ?? [];
  const jobId = normalJobId(folder);
  if (jobId === undefined) return undefined;
  if (name === "" || name.endsWith("/")) return "folderMarker";
  const [, , uploadId, ourName] = UPLOAD_KEY.exec(key) ?? [];
  return uploadId === undefined || ourName === undefined ? { jobId, name } : { jobId, uploadId, name: ourName };
};

/** Of a signed upload's key: its random part. An operator's key has none. */
export const uploadIdOf = (key: string): string | undefined => {
  const parsed = parseMediaKey(key);
  return typeof parsed === "object" ? parsed.uploadId : undefined;
};

/**
 * What an object is by the name in its (decoded) key. The object of a signed upload is always media: its name was chosen by
 * the proxy, and a client waits to hear what becomes of it.
 *
 * @param parsed the same key, parsed
 */
export const kindOfKey = (key: string, parsed: ReturnType<typeof parseMediaKey>): NameKind =>
  typeof parsed === "object" && parsed.uploadId !== undefined ? "media" : kindOfName(key.replace(/^media\//, ""));

/** A short, stable name for one version of one object. In a bucket without versions S3 calls the version `null`. */
export const objectId = (key: string, versionId = "null"): string =>
  `object:${createHash("sha256").update(`${versionId}\n${key}`).digest("hex").slice(0, 32)}`;

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
