import { createHash, randomBytes } from "node:crypto";
import { concatenate, type Content, type Received } from "./content.ts";
import { S3Error } from "./errors.ts";
import { STANDARD, type Storage } from "./storage.ts";

export interface Version {
  readonly key: string;
  readonly versionId: string;
  /** Undefined: a delete marker. */
  readonly content: Content | undefined;
  readonly etag: string;
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly storage: Storage;
  /** Milliseconds since the epoch. */
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
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly storage: Storage;
  readonly startedAt: number;
  readonly parts: Map<number, Part>;
}

export interface WriteOptions {
  readonly contentType?: string | undefined;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly storage?: Storage;
}

const MIN_PART_BYTES = 5 * 1024 * 1024;
const MAX_KEY_BYTES = 1024;
const DEFAULT_TYPE = "binary/octet-stream";

/** A versioned bucket: the versions of each key, newest first. */
export const createBucket = (name: string, clock: () => number) => {
  const keys = new Map<string, Version[]>();
  const uploads = new Map<string, Upload>();
  let sequence = 0;

  const push = (key: string, made: Omit<Version, "key" | "versionId" | "writtenAt">): Version => {
    if (Buffer.byteLength(key) > MAX_KEY_BYTES) throw new S3Error("KeyTooLongError", "Your key is too long");
    const version = { ...made, key, versionId: randomBytes(16).toString("base64url"), writtenAt: clock() };
    keys.set(key, [version, ...(keys.get(key) ?? [])]);
    return version;
  };

  const findUpload = (key: string, uploadId: string): Upload => {
    const upload = uploads.get(uploadId);
    if (upload?.key !== key) throw new S3Error("NoSuchUpload");
    return upload;
  };

  return {
    name,
    uploads,
    nextSequencer: (): string => (++sequence).toString(16).toUpperCase().padStart(16, "0"),
    current: (key: string): Version | undefined => keys.get(key)?.[0],
    /** The requested version, or else the current one, if it is a delete marker. */
    findMarker: (key: string, versionId: string | undefined): Version | undefined =>
      keys
        .get(key)
        ?.filter((each, at) => (versionId === undefined ? at === 0 : each.versionId === versionId))
        .find(({ content }) => content === undefined),
    /** The requested version, or else the current one. @throws {S3Error} NoSuchKey, NoSuchVersion */
    get: (key: string, versionId: string | undefined): Version & { content: Content } => {
      const versions = keys.get(key) ?? [];
      const version = versionId === undefined ? versions[0] : versions.find((each) => each.versionId === versionId);
      if (!version) throw new S3Error(versionId === undefined ? "NoSuchKey" : "NoSuchVersion");
      if (!version.content)
        throw new S3Error(
          versionId === undefined ? "NoSuchKey" : "MethodNotAllowed",
          versionId === undefined ? undefined : "The specified method is not allowed against this resource.",
        );
      return { ...version, content: version.content };
    },
    put: (key: string, { content, md5 }: Pick<Received, "content" | "md5">, options: WriteOptions): Version =>
      push(key, {
        content,
        etag: `"${md5}"`,
        contentType: options.contentType ?? DEFAULT_TYPE,
        metadata: options.metadata ?? {},
        storage: options.storage ?? STANDARD,
      }),
    /** Moves the current version, as a lifecycle rule or a restore does. */
    setStorage: (key: string, storage: Storage): void => {
      const [current, ...others] = keys.get(key) ?? [];
      if (!current) throw new S3Error("NoSuchKey");
      keys.set(key, [{ ...current, storage }, ...others]);
    },
    /** Puts a delete marker, or permanently removes one version. */
    remove: (key: string, versionId: string | undefined): { versionId: string | undefined; isMarker: boolean } => {
      if (versionId === undefined) {
        const marker = push(key, { content: undefined, etag: "", contentType: "", metadata: {}, storage: STANDARD });
        return { versionId: marker.versionId, isMarker: true };
      }
      const versions = keys.get(key) ?? [];
      const removed = versions.find((each) => each.versionId === versionId);
      const left = versions.filter((each) => each !== removed);
      if (left.length > 0) keys.set(key, left);
      else keys.delete(key);
      return { versionId, isMarker: removed !== undefined && removed.content === undefined };
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
        contentType: options.contentType ?? DEFAULT_TYPE,
        metadata: options.metadata ?? {},
        storage: options.storage ?? STANDARD,
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
        contentType: upload.contentType,
        metadata: upload.metadata,
        storage: upload.storage,
      });
    },
    abortUpload: (key: string, uploadId: string): void => {
      findUpload(key, uploadId);
      uploads.delete(uploadId);
    },
  };
};

export type Bucket = ReturnType<typeof createBucket>;
