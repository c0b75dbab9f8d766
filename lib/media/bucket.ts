import {
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  S3Client,
  type HeadObjectCommandInput,
  type HeadObjectCommandOutput,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { awsClientOptions } from "../aws-client.ts";
import { readAwsEnvironment } from "../config.ts";
import type { Runtime } from "../runtime.ts";
import { MediaReadError } from "./body.ts";
import { createObjectBody } from "./reading/object-body.ts";
import type { MediaBody } from "./body.ts";
import type { MediaRef } from "./key.ts";

/** What the store says of an object, and of the one that is current under its key. */
export interface StoredMedia {
  readonly status: "current" | "superseded" | "deleted" | "gone";
  readonly sizeBytes: number;
  /** The Content-Type that it was uploaded with. */
  readonly contentType?: string | undefined;
  /** It lies in an archive, and cannot be read before it is restored. */
  readonly isArchived?: boolean;
}

/** Where dropped objects are read from. */
export interface MediaStore {
  /** @throws {MediaReadError} ACCESS_REFUSED or READ_FAILED, when the store cannot tell */
  inspect(media: MediaRef): Promise<StoredMedia>;
  body(media: MediaRef, sizeBytes: number): MediaBody;
}

/** One version of one object. `"null"` is the version of an object in a bucket without versions. */
export interface ObjectVersion {
  readonly bucketName: string;
  readonly key: string;
  readonly versionId: string;
}

export interface ObjectFacts {
  readonly sizeBytes: number;
  readonly etag: string | undefined;
  readonly contentType: string | undefined;
  /** It cannot be read before it is restored: a HEAD of it succeeds all the same. */
  readonly isArchived?: boolean;
}

/**
 * What has become of a version since it was announced. `superseded`: another one is current; `deleted`: a delete marker
 * is, under which the version can still be read; `gone`: it does not exist any more.
 */
type ObjectInspection =
  | ({ readonly status: "current" | "superseded" | "deleted" } & ObjectFacts)
  | {
      readonly status: "gone";
      readonly sizeBytes: 0;
      readonly contentType?: undefined;
      readonly isArchived?: undefined;
    };

/** A URL for one read of the media is not kept: it is signed anew for every attempt. */
const READ_URL_LIFETIME_S = 900;

/** A client for reading media: ours never asks for checksums, which cost CPU and are not checked on a resumed read. */
export const createObjectClient = (env: Runtime["env"]): S3Client =>
  new S3Client({ ...awsClientOptions(readAwsEnvironment(env, "S3")), responseChecksumValidation: "WHEN_REQUIRED" });

/**
 * What the store says of one version; undefined where there is none of that name.
 *
 * @param forbiddenIsAbsent for who may read every object but not list the bucket: S3 then says 403 of what is not there
 * @throws {MediaReadError} ACCESS_REFUSED where the store refuses us, without its code: a HEAD's answer has no room for
 *   one. READ_FAILED where it fails or stalls
 */
export const measureObject = async (
  client: S3Client,
  { bucketName, key, versionId }: ObjectVersion,
  { forbiddenIsAbsent = false } = {},
): Promise<ObjectFacts | undefined> => {
  const absent = forbiddenIsAbsent ? [...ABSENT, 403] : ABSENT;
  const answer = await head(client, { Bucket: bucketName, Key: key, VersionId: versionId }, absent);
  return "absent" in answer
    ? undefined
    : {
        sizeBytes: answer.ContentLength ?? 0,
        etag: answer.ETag,
        contentType: answer.ContentType,
        isArchived: isArchived(answer),
      };
};

/**
 * Source: Amazon S3 User Guide, "Working with archived objects". A class GLACIER_IR is no archive; an object that was
 * restored keeps its class, and what S3 Intelligent-Tiering has archived is told by its status alone.
 */
const isArchived = ({ StorageClass, Restore = "", ArchiveStatus }: HeadObjectCommandOutput): boolean =>
  ArchiveStatus !== undefined ||
  ((StorageClass === "GLACIER" || StorageClass === "DEEP_ARCHIVE") && !Restore.includes('ongoing-request="false"'));

/**
 * What the store says of a version, and of the one that is current.
 *
 * @throws {MediaReadError} as `measureObject`; ACCESS_REFUSED, too, where the bucket itself does not exist
 */
export const inspectObject = async (client: S3Client, version: ObjectVersion): Promise<ObjectInspection> => {
  const [facts, current] = await Promise.all([
    measureObject(client, version),
    head(client, { Bucket: version.bucketName, Key: version.key }),
  ]);
  // Between the two questions the version may have vanished: then nothing is current, nor is there a delete marker.
  if (!facts || ("absent" in current && current.absent !== "deleteMarker")) {
    await failWithoutBucket(client, version.bucketName);
    return { status: "gone", sizeBytes: 0 };
  }
  if ("absent" in current) return { status: "deleted", ...facts };
  return { status: (current.VersionId ?? "null") === version.versionId ? "current" : "superseded", ...facts };
};

type HeadResult = HeadObjectCommandOutput | { readonly absent: "deleteMarker" | "object" };

/** 405: the version that was asked for is a delete marker itself. */
const ABSENT: readonly number[] = [404, 405];

const head = async (client: S3Client, input: HeadObjectCommandInput, absent = ABSENT): Promise<HeadResult> => {
  try {
    return await client.send(new HeadObjectCommand(input));
  } catch (error) {
    const { status, headers } = answerOf(error);
    if (!absent.includes(status)) throw new MediaReadError(REFUSED.includes(status) ? "ACCESS_REFUSED" : "READ_FAILED");
    return { absent: headers["x-amz-delete-marker"] === "true" ? "deleteMarker" : "object" };
  }
};

/** 400: of the credentials, or of the key that the object is encrypted with. Our question itself is well formed. */
const REFUSED: readonly number[] = [400, 401, 403];

/** A HEAD says 404 of a missing bucket as it does of a missing object, and nothing is lost by the former. */
const failWithoutBucket = async (client: S3Client, bucketName: string): Promise<void> => {
  try {
    await client.send(new HeadBucketCommand({ Bucket: bucketName }));
  } catch (error) {
    const { status } = answerOf(error);
    if (status === 404) throw new MediaReadError("ACCESS_REFUSED", "NoSuchBucket");
    throw new MediaReadError(REFUSED.includes(status) ? "ACCESS_REFUSED" : "READ_FAILED");
  }
};

/** What the store answered, out of an error of the SDK's; status 0 where it did not. */
const answerOf = (error: unknown): { status: number; headers: Readonly<Record<string, string | undefined>> } => {
  const { $metadata, $response } = error as {
    $metadata?: { httpStatusCode?: number };
    $response?: { headers: Readonly<Record<string, string | undefined>> };
  };
  return { status: $metadata?.httpStatusCode ?? 0, headers: $response?.headers ?? {} };
};

/** A URL that reads the version, for as long and no longer than the credentials last. It is a secret. */
export const signObjectUrl = (
  client: S3Client,
  { bucketName, key, versionId }: ObjectVersion,
  { lifetimeS, now }: { lifetimeS: number; now: number },
): Promise<string> => {
  const command = new GetObjectCommand({ Bucket: bucketName, Key: key, VersionId: versionId });
  return getSignedUrl(client, command as Parameters<typeof getSignedUrl>[1], {
    expiresIn: lifetimeS,
    signingDate: new Date(now),
  });
};

/** The version as a media body; see {@link createObjectBody}. Nothing is asked of the store before it is read. */
export const openObject = ({
  client,
  clock,
  sleep,
  random = Math.random,
  idleTimeoutMs,
  sizeBytes,
  etag,
  ...version
}: ObjectVersion &
  Pick<Runtime, "clock" | "sleep"> & {
    readonly client: S3Client;
    readonly random?: () => number;
    readonly idleTimeoutMs: number;
    readonly sizeBytes: number;
    readonly etag?: string | undefined;
  }): MediaBody =>
  createObjectBody({
    sizeBytes,
    etag,
    sign: () => signObjectUrl(client, version, { lifetimeS: READ_URL_LIFETIME_S, now: clock() }),
    idleTimeoutMs,
    clock,
    sleep,
    random,
  });

/** The bucket as the delivery machine's store of media. */
export const createMediaStore = (
  runtime: Pick<Runtime, "env" | "clock" | "sleep">,
  { bucketName, idleTimeoutMs }: { bucketName: string; idleTimeoutMs: number },
): MediaStore => {
  const client = createObjectClient(runtime.env);
  const versionOf = ({ key, versionId }: MediaRef): ObjectVersion => {
    if (key === undefined || versionId === undefined) throw new Error("Only objects are read from the bucket");
    return { bucketName, key, versionId };
  };
  return {
    inspect: async (media) => {
      const { status, sizeBytes, contentType, isArchived = false } = await inspectObject(client, versionOf(media));
      return { status, sizeBytes, contentType, isArchived };
    },
    body: (media, sizeBytes) =>
      openObject({
        ...versionOf(media),
        client,
        clock: runtime.clock,
        sleep: runtime.sleep,
        idleTimeoutMs,
        sizeBytes,
      }),
  };
};
