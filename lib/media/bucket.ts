import {
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  S3Client,
  type HeadObjectCommandInput,
  type HeadObjectCommandOutput,
} from "@aws-sdk/client-s3";
import type { Readable } from "node:stream";
import { awsClientOptions } from "../aws-client.ts";
import { readAwsEnvironment, readConfig } from "../config.ts";
import type { Runtime } from "../runtime.ts";
import { MediaReadError, type MediaBody } from "./body.ts";
import type { MediaRef, Sameness } from "./key.ts";
import { createPresigner } from "./presigner.ts";
import { compareObjects } from "./sameness.ts";
import { createObjectBody } from "./reading/object-body.ts";

export interface ObjectFacts {
  readonly sizeBytes: number;
  /** The Content-Type that it was uploaded with. */
  readonly contentType?: string | undefined;
  /** It must be restored before it can be read. A HEAD succeeds all the same. */
  readonly isArchived?: boolean;
}

/** What S3 says about a version, and about the version that is current under the same key. */
export interface StoredMedia extends ObjectFacts {
  /**
   * `superseded`: another version is current. `deleted`: a delete marker is current; the version can still be read.
   * `gone`: the version no longer exists.
   */
  readonly status: "current" | "superseded" | "deleted" | "gone";
}

/** Where the delivery machine finds the media that was uploaded. */
export interface MediaStore {
  /** @throws {MediaReadError} ACCESS_REFUSED or READ_FAILED, if S3 cannot tell */
  inspect(media: MediaRef): Promise<StoredMedia>;
  /** Asks nothing of S3 before it is read. */
  body(media: MediaRef, sizeBytes: number): MediaBody;
  /**
   * Whether the object was deleted: a delete marker is the current version of its key. One request.
   * @throws {MediaReadError} ACCESS_REFUSED or READ_FAILED, if S3 cannot tell
   */
  isWithdrawn(media: MediaRef): Promise<boolean>;
  /**
   * The bytes from `start` to before `end` of the version, fewer if it ends earlier. It holds no more than these in memory,
   * and gives up as soon as the signal says so.
   * @throws {MediaReadError} ACCESS_REFUSED or READ_FAILED; the latter also if the signal ended it
   */
  read(media: MediaRef, start: number, end: number, signal: AbortSignal): Promise<Uint8Array>;
  /**
   * Whether two objects hold the same bytes, by what S3 says of them without reading them. Never rejects.
   * @param arrived the one that came later
   * @param how.isCopy it was copied within S3
   */
  compare(kept: MediaRef, arrived: MediaRef, how: { isCopy: boolean }): Promise<Sameness>;
}

/** One version of one object. `"null"` is the version of an object in a bucket without versions. */
type ObjectVersion = Pick<MediaRef, "key" | "versionId">;

interface Bucket extends Pick<MediaStore, "isWithdrawn" | "read" | "compare"> {
  /**
   * The facts about a version; undefined if it does not exist.
   * @throws {MediaReadError} ACCESS_REFUSED if S3 refuses, always without S3's code: the response to a HEAD has no body.
   *   READ_FAILED if S3 fails or stalls.
   */
  readonly measure: (object: ObjectVersion) => Promise<ObjectFacts | undefined>;
  /** @throws {MediaReadError} as `measure` does, and ACCESS_REFUSED if the bucket does not exist */
  readonly inspect: (object: ObjectVersion) => Promise<StoredMedia>;
  /** A URL that reads the version, for 15 minutes, but no longer than the credentials last. It is a secret. */
  readonly sign: (object: ObjectVersion) => Promise<string>;
}

/** Each read signs a new URL, and a redirect is followed at once. The 15 minutes only allow for clocks that differ. */
const READ_URL_LIFETIME_S = 900;

/** HEAD says 405 if the version is itself a delete marker. */
const ABSENT: readonly number[] = [404, 405];
/** 400 is about the credentials or the encryption key: the request itself is well-formed. */
const REFUSED: readonly number[] = [400, 401, 403];

/** @param options.mayList false for a role that may not list the bucket: S3 then says 403 if an object does not exist */
export const connectBucket = ({ env, clock }: Pick<Runtime, "env" | "clock">, { mayList = true } = {}): Bucket => {
  const { bucketName: Bucket } = readConfig(env, "bucketName");
  const at = readAwsEnvironment(env, "S3");
  // The SDK's checksums cost CPU, and it cannot check one over a resumed read.
  const client = new S3Client({ ...awsClientOptions(at), responseChecksumValidation: "WHEN_REQUIRED" });
  const presign = createPresigner(client, at, Bucket);

  const nameOf = ({ key: Key, versionId: VersionId }: ObjectVersion) => {
    if (Key === undefined || VersionId === undefined) throw new Error("Only objects are in the bucket");
    return { Bucket, Key, VersionId };
  };

  const head = async (name: Omit<HeadObjectCommandInput, "Bucket">): Promise<HeadObjectCommandOutput | Absence> => {
    try {
      return await client.send(new HeadObjectCommand({ Bucket, ...name }));
    } catch (error) {
      const { status, headers } = responseIn(error);
      if (!ABSENT.includes(status) && (mayList || status !== 403)) throw asReadError(status);
      return { absent: headers["x-amz-delete-marker"] === "true" ? "deleteMarker" : "object" };
    }
  };

  /** HEAD says 404 for a missing bucket as well as for a missing object. If the bucket is missing, no media is lost. */
  const failIfBucketIsMissing = async (): Promise<void> => {
    try {
      await client.send(new HeadBucketCommand({ Bucket }));
    } catch (error) {
      const { status } = responseIn(error);
      throw status === 404 ? new MediaReadError("ACCESS_REFUSED", "NoSuchBucket") : asReadError(status);
    }
  };

  const isWithdrawn = async (object: ObjectVersion): Promise<boolean> => {
    const current = await head({ Key: nameOf(object).Key });
    return "absent" in current && current.absent === "deleteMarker";
  };

  const read = async (object: ObjectVersion, start: number, end: number, signal: AbortSignal): Promise<Uint8Array> => {
    const command = new GetObjectCommand({ ...nameOf(object), Range: `bytes=${start}-${end - 1}` });
    try {
      const { Body, ContentLength } = await unlessAborted(signal, client.send(command, { abortSignal: signal }));
      // Something in between may not know ranges, and send gigabytes.
      if (ContentLength === undefined || ContentLength > end - start) {
        (Body as Readable | undefined)?.destroy();
        throw new MediaReadError("READ_FAILED");
      }
      return (await Body?.transformToByteArray()) ?? new Uint8Array();
    } catch (error) {
      throw error instanceof MediaReadError ? error : asReadError(responseIn(error).status);
    }
  };

  const compare: MediaStore["compare"] = async (kept, arrived, { isCopy }) => {
    if (kept.kind !== "object" || arrived.kind !== "object") return "unknown";
    try {
      const [one, other] = await Promise.all(
        [kept, arrived].map((media) => head({ ...nameOf(media), ChecksumMode: "ENABLED" })),
      );
      if (!one || !other || "absent" in one || "absent" in other) return "unknown";
      return compareObjects(one, other, { isCopy: isCopy && kept.key === arrived.key });
    } catch (error) {
      if (error instanceof MediaReadError) return "unknown";
      throw error;
    }
  };

  const measure = async (object: ObjectVersion): Promise<ObjectFacts | undefined> => {
    const found = await head(nameOf(object));
    return "absent" in found ? undefined : factsOf(found);
  };

  return {
    isWithdrawn,
    read,
    compare,
    measure,
    inspect: async (object) => {
      const { Key, VersionId } = nameOf(object);
      const current = await head({ Key });
      if (!("absent" in current) && (current.VersionId ?? "null") === VersionId)
        return { status: "current", ...factsOf(current) };
      const facts = await measure(object);
      // If the version vanished between the two requests, there is neither a current version nor a delete marker.
      if (!facts || ("absent" in current && current.absent !== "deleteMarker")) {
        await failIfBucketIsMissing();
        return { status: "gone", sizeBytes: 0 };
      }
      return { status: "absent" in current ? "deleted" : "superseded", ...facts };
    },
    sign: (object) => {
      const { Key: key, VersionId } = nameOf(object);
      const query = { "x-id": "GetObject", versionId: VersionId };
      return presign({ method: "GET", key, query }, { now: clock(), lifetimeS: READ_URL_LIFETIME_S });
    },
  };
};

/** The bucket as the delivery machine needs it. */
export const connectMediaStore = (runtime: Pick<Runtime, "env" | "clock" | "sleep">): MediaStore => {
  const { inspect, sign, isWithdrawn, read, compare } = connectBucket(runtime);
  const { idleTimeoutS } = readConfig(runtime.env, "idleTimeoutS");
  return {
    inspect,
    isWithdrawn,
    read,
    compare,
    body: (media, sizeBytes) =>
      createObjectBody({ ...runtime, sizeBytes, sign: () => sign(media), idleTimeoutMs: idleTimeoutS * 1000 }),
  };
};

interface Absence {
  readonly absent: "deleteMarker" | "object";
}

const factsOf = (found: HeadObjectCommandOutput): ObjectFacts => ({
  sizeBytes: found.ContentLength ?? 0,
  contentType: found.ContentType,
  isArchived: isArchived(found),
});

/**
 * Source: Amazon S3 User Guide, "Working with archived objects". GLACIER_IR is not an archive. A restored object keeps its
 * storage class. What S3 Intelligent-Tiering has archived is shown only by ArchiveStatus.
 */
const isArchived = ({ StorageClass, Restore = "", ArchiveStatus }: HeadObjectCommandOutput): boolean =>
  ArchiveStatus !== undefined ||
  ((StorageClass === "GLACIER" || StorageClass === "DEEP_ARCHIVE") && !Restore.includes('ongoing-request="false"'));

/** The SDK sleeps out the pause before its next try, and only then sees that the signal has ended it. */
const unlessAborted = <T>(signal: AbortSignal, work: Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    const onAbort = () => {
      reject(new MediaReadError("READ_FAILED"));
    };
    signal.addEventListener("abort", onAbort, { once: true });
    void work.then(resolve, reject).finally(() => {
      signal.removeEventListener("abort", onAbort);
    });
  });

const asReadError = (status: number): MediaReadError =>
  new MediaReadError(REFUSED.includes(status) ? "ACCESS_REFUSED" : "READ_FAILED");

/** S3's response, taken from one of the SDK's errors. The status is 0 if there was no response. */
const responseIn = (error: unknown): { status: number; headers: Readonly<Record<string, string | undefined>> } => {
  const { $metadata, $response } = error as {
    $metadata?: { httpStatusCode?: number };
    $response?: { headers: Readonly<Record<string, string | undefined>> };
  };
  return { status: $metadata?.httpStatusCode ?? 0, headers: $response?.headers ?? {} };
};
