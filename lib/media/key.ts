import { createHash } from "node:crypto";
import { JOB_ID, normalJobId } from "../job-id.ts";

/** What a job's media is made of: an S3 object version, or what an HTTP caller sent. */
export interface MediaRef {
  /** Stable name of exactly these bytes; compared, never parsed. See {@link objectId}. */
  readonly id: string;
  /** `object`: an S3 object. `url`: cielo24 fetches the client's own media_url. `body`: a small body of an HTTP call. */
  readonly kind: "object" | "url" | "body";
  /** S3 key and version; only with `object`. */
  readonly key?: string;
  readonly versionId?: string;
}

/**
 * Names of objects in the bucket. Uploads through a signed URL lie under `media/<job_id>/<upload_id>/<name>`, where
 * everything but the job is ours; operators drop files as `media/<job_id>/<any name>`, and spell the job as they like.
 */
export interface MediaKey {
  /** In its normal form, however the key spells it. */
  readonly jobId: string;
  /** Random part of a key that was made for a signed upload; absent from an operator's. */
  readonly uploadId?: string;
  readonly name: string;
}

const OURS = new RegExp(`^media/(${JOB_ID})/([0-9a-f]{32})/([^/]+)$`, "s");
/** A job's folder, and what is named in it: nothing, for the marker of the folder itself. */
const OF_A_JOB = /^media\/([^/]+)\/(.*)$/s;

/** S3's limit, in bytes of UTF-8. */
const LONGEST_KEY_BYTES = 1024;
const LONGEST_NAME = 100;
const LONGEST_EXTENSION = 10;
const NAMELESS = "media";

/**
 * A key for an upload, in ASCII that needs no encoding anywhere: what is odd about a file's name has broken calls of
 * cielo24, which sees this name when it fetches the media itself.
 *
 * @param uploadId 32 fresh hex characters, so that no upload overwrites another
 * @param filename the client's own name of the file; only what is harmless of it is kept
 */
export const mediaKey = (jobId: string, uploadId: string, filename = ""): string =>
  `media/${jobId}/${uploadId}/${plainName(filename)}`;

const plainName = (filename: string): string => {
  const lastSegment = filename.split(/[/\\]/).at(-1) ?? "";
  const plain = lastSegment
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/\.{2,}/g, ".")
    .replace(/-*\.-*/g, ".")
    .replace(/^-+|[.-]+$/g, "")
    .replace(/^\./, `${NAMELESS}.`);
  return shorten(plain) || NAMELESS;
};

/** Cuts the stem and keeps the extension, by which players and cielo24 tell formats apart. */
const shorten = (name: string): string => {
  if (name.length <= LONGEST_NAME) return name;
  const extension = /\.[^.]+$/.exec(name)?.[0] ?? "";
  if (extension.length > LONGEST_EXTENSION) return name.slice(0, LONGEST_NAME);
  return name.slice(0, LONGEST_NAME - extension.length) + extension;
};

/**
 * The key behind the form-encoded one of an S3 event: `+` is a space, then percent-decoded, once.
 * Undefined where that is impossible: a bad `%`, or bytes that are not UTF-8.
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
 * What a (decoded) key is about. `"folderMarker"`: the name of a folder, as consoles create them, which is only to be
 * ignored if the object is empty. Undefined: nothing of ours, to be quarantined.
 */
export const parseMediaKey = (key: string): MediaKey | "folderMarker" | undefined => {
  if (Buffer.byteLength(key) > LONGEST_KEY_BYTES) return undefined;
  if (key === "media/") return "folderMarker";
  const [, folder = "", name = ""] = OF_A_JOB.exec(key) ?? [];
  const jobId = normalJobId(folder);
  if (jobId === undefined) return undefined;
  if (name === "" || name.endsWith("/")) return "folderMarker";
  const [, , uploadId, ourName] = OURS.exec(key) ?? [];
  return uploadId === undefined || ourName === undefined ? { jobId, name } : { jobId, uploadId, name: ourName };
};

/** Stable short name of one version of one object. A bucket without versions has the version `null`, as S3 calls it. */
export const objectId = (key: string, versionId = "null"): string =>
  `object:${createHash("sha256").update(`${versionId}\n${key}`).digest("hex").slice(0, 32)}`;
