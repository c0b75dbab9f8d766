import { createHash, randomBytes } from "node:crypto";
import { concatenate, type Content, type Received } from "./content.ts";
import { S3Error } from "./errors.ts";
import { STANDARD, type Storage } from "./storage.ts";
import { NO_TAGS, type Tags } from "./tags.ts";

/** What a write says of an object. */
interface Description {
  readonly contentType: string;
  /** Headers that GET and HEAD give back as they came, such as Cache-Control. */
  readonly headers: Readonly<Record<string, string>>;
  /** Without `x-amz-meta-` before the names. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: Tags;
  readonly storage: Storage;
}

export interface Version extends Description {
  readonly key: string;
  readonly versionId: string;
  /** Undefined: a delete marker. */
  readonly content: Content | undefined;
  readonly etag: string;
  /** As Last-Modified says it, in milliseconds since the epoch. For an upload in parts: when it began. */
  readonly writtenAt: number;
}

interface Part {
  readonly partNumber: number;
  readonly received: Received;
  readonly writtenAt: number;
}

export interface Upload {
  readonly uploadId: string;
  readonly key: string;
  readonly description: Description;
  readonly startedAt: number;
  readonly parts: Map<number, Part>;
}

export type WriteOptions = Partial<Description>;

/** The canonical id of the account that owns every bucket and object. */
export const OWNER = "LOCAL";

const MIN_PART_BYTES = 5 * 1024 * 1024;
const MAX_KEY_BYTES = 1024;
const UNDESCRIBED: Description = {
  contentType: "binary/octet-stream",
  headers: {},
  metadata: {},
  tags: NO_TAGS,
  storage: STANDARD,
};

/** A versioned bucket: the versions of each key, newest first. */
export const createBucket = (name: string, clock: () => number) => {
  const keys = new Map<string, Version[]>();
  const uploads = new Map<string, Upload>();
  let sequence = 0;

  const push = (key: string, made: Omit<Version, "key" | "versionId">): Version => {
    if (Buffer.byteLength(key) > MAX_KEY_BYTES) throw new S3Error("KeyTooLongError", "Your key is too long");
    const version = { ...made, key, versionId: randomBytes(16).toString("base64url") };
    keys.set(key, [version, ...(keys.get(key) ?? [])]);
    return version;
  };

  const findUpload = (key: string, uploadId: string): Upload => {
    const upload = uploads.get(uploadId);
    if (upload?.key !== key) throw new S3Error("NoSuchUpload");
    return upload;
  };

  /** The requested version, or else the current one. @throws {S3Error} NoSuchKey, NoSuchVersion */
  const get = (key: string, versionId: string | undefined): Version & { content: Content } => {
    const versions = keys.get(key) ?? [];
    const version = versionId === undefined ? versions[0] : versions.find((each) => each.versionId === versionId);
    if (!version) throw new S3Error(versionId === undefined ? "NoSuchKey" : "NoSuchVersion");
    if (!version.content)
      throw new S3Error(
        versionId === undefined ? "NoSuchKey" : "MethodNotAllowed",
        versionId === undefined ? undefined : "The specified method is not allowed against this resource.",
      );
    return { ...version, content: version.content };
  };

  /** Changes the requested version, or else the current one, in place. @returns its id @throws {S3Error} as `get` */
  const change = (key: string, versionId: string | undefined, to: Partial<Description>): string => {
    const changed = get(key, versionId).versionId;
    const versions = keys.get(key) ?? [];
    keys.set(
      key,
      versions.map((each) => (each.versionId === changed ? { ...each, ...to } : each)),
    );
    return changed;
  };

  return {
    name,
    createdAt: clock(),
    isEmpty: (): boolean => keys.size === 0,
    uploads,
    nextSequencer: (): string => (++sequence).toString(16).toUpperCase().padStart(16, "0"),
    current: (key: string): Version | undefined => keys.get(key)?.[0],
    /** The requested version, or else the current one, if it is a delete marker. */
    findMarker: (key: string, versionId: string | undefined): Version | undefined =>
      keys
        .get(key)
        ?.filter((each, at) => (versionId === undefined ? at === 0 : each.versionId === versionId))
        .find(({ content }) => content === undefined),
    get,
    put: (key: string, { content, md5 }: Pick<Received, "content" | "md5">, options: WriteOptions): Version =>
      push(key, { ...UNDESCRIBED, ...options, content, etag: `"${md5}"`, writtenAt: clock() }),
    /** Moves the current version, as a lifecycle rule or a restore does. */
    setStorage: (key: string, storage: Storage): void => {
      change(key, undefined, { storage });
    },
    setTags: (key: string, versionId: string | undefined, tags: Tags): string => change(key, versionId, { tags }),
    /** Puts a delete marker, or permanently removes one version. @returns the marker, or what was removed, if anything */
    remove: (key: string, versionId: string | undefined): Version | undefined => {
      if (versionId === undefined)
        return push(key, { ...UNDESCRIBED, content: undefined, etag: "", writtenAt: clock() });
      const versions = keys.get(key) ?? [];
      const removed = versions.find((each) => each.versionId === versionId);
      const left = versions.filter((each) => each !== removed);
      if (left.length > 0) keys.set(key, left);
      else keys.delete(key);
      return removed;
    },
    /** Every version of every key, in the order of S3's listings: by UTF-8 key, newest first. */
    versions: (prefix: string): Version[] =>
      [...keys.entries()]
        .filter(([key]) => key.startsWith(prefix))
        .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
        .flatMap(([, versions]) => versions),

    createUpload: (key: string, options: WriteOptions): Upload => {
      if (Buffer.byteLength(key) > MAX_KEY_BYTES) throw new S3Error("KeyTooLongError", "Your key is too long");
      const upload: Upload = {
        uploadId: randomBytes(16).toString("base64url"),
        key,
        description: { ...UNDESCRIBED, ...options },
        startedAt: clock(),
        parts: new Map(),
      };
      uploads.set(upload.uploadId, upload);
      return upload;
    },
    findUpload,
    putPart: (upload: Upload, partNumber: number, received: Received): string => {
      upload.parts.set(partNumber, { partNumber, received, writtenAt: clock() });
      return `"${received.md5}"`;
    },
    completeUpload: (upload: Upload, wanted: readonly { partNumber: number; etag: string }[]): Version => {
      if (wanted.length === 0) throw new S3Error("MalformedXML", "You must specify at least one part");
      if (wanted.some(({ partNumber }, at) => partNumber <= (wanted[at - 1]?.partNumber ?? 0)))
        throw new S3Error("InvalidPartOrder");
      const parts = wanted.map(({ partNumber, etag }, at) => {
        const part = upload.parts.get(partNumber);
        if (part?.received.md5 !== etag.replace(/^"|"$/g, "")) throw new S3Error("InvalidPart");
        if (at < wanted.length - 1 && part.received.content.sizeBytes < MIN_PART_BYTES)
          throw new S3Error("EntityTooSmall");
        return part.received;
      });
      const md5 = createHash("md5");
      for (const part of parts) md5.update(Buffer.from(part.md5, "hex"));
      uploads.delete(upload.uploadId);
      return push(upload.key, {
        content: concatenate(parts.map(({ content }) => content)),
        etag: `"${md5.digest("hex")}-${parts.length}"`,
        ...upload.description,
        writtenAt: upload.startedAt,
      });
    },
    abortUpload: (key: string, uploadId: string): void => {
      findUpload(key, uploadId);
      uploads.delete(uploadId);
    },
  };
};

export type Bucket = ReturnType<typeof createBucket>;
