import { createHash, randomUUID } from "node:crypto";
import { readBody } from "./body.ts";
import { receive, slice, type Content } from "./content.ts";
import { S3Error } from "./errors.ts";
import type { CreatedBy } from "./events.ts";
import { listObjects, listParts, listUploads, listVersions } from "./listings.ts";
import type { S3Request } from "./request.ts";
import { isArchived, readStorage } from "./storage.ts";
import type { Bucket, Upload, Version } from "./store.ts";
import { parseXml, type XmlValue } from "./xml.ts";

/** A small response: headers, and perhaps an XML document. */
export interface Result {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly xml?: readonly [root: string, value: XmlValue];
}
type Operation = (request: S3Request) => Result | Promise<Result>;

interface Parts {
  /** @throws {S3Error} NoSuchBucket */
  readonly findBucket: (name: string) => Bucket;
  readonly listBuckets: () => readonly string[];
  /** @throws {S3Error} BucketAlreadyOwnedByYou */
  readonly addBucket: (name: string) => void;
  /** Reports a new object to the listeners. */
  readonly announce: (bucket: Bucket, version: Version, by: CreatedBy) => Promise<void>;
  /** Where larger bodies are kept. */
  readonly directory: string;
  readonly region: string;
}

const MAX_XML_BYTES = 1024 * 1024;

/** S3's operations by name, except those that return an object's bytes. Each throws S3Error. */
export const createOperations = ({
  findBucket,
  listBuckets,
  addBucket,
  announce,
  directory,
  region,
}: Parts): Readonly<Record<string, Operation>> => {
  const receiveBody = (request: S3Request) => receive(readBody(request.message), directory, randomUUID());

  const readXml = async (request: S3Request, root: string): Promise<Record<string, unknown>> => {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of readBody(request.message)) {
      size += chunk.byteLength;
      if (size > MAX_XML_BYTES) throw new S3Error("MalformedXML", "The XML is too large.");
      chunks.push(chunk);
    }
    return parseXml(Buffer.concat(chunks).toString("utf8"), root);
  };

  const copySource = ({ headers }: S3Request): ReturnType<Bucket["get"]> => {
    const [path = "", versionId] = (headers["x-amz-copy-source"] ?? "").split("?versionId=");
    const source = decodeURIComponent(path).replace(/^\//, "");
    const slash = source.indexOf("/");
    const version = findBucket(source.slice(0, slash)).get(source.slice(slash + 1), versionId);
    if (isArchived(version.storage)) throw new S3Error("ObjectNotInActiveTierError");
    return version;
  };

  return {
    ListBuckets: () => ({
      xml: ["ListAllMyBucketsResult", { Buckets: { Bucket: listBuckets().map((Name) => ({ Name })) } }],
    }),
    CreateBucket: ({ bucket: name }) => {
      addBucket(name);
      return {};
    },
    HeadBucket: ({ bucket }) => {
      findBucket(bucket);
      return { headers: { "x-amz-bucket-region": region } };
    },
    GetBucketLocation: ({ bucket }) => {
      findBucket(bucket);
      return { xml: ["LocationConstraint", region === "us-east-1" ? "" : region] };
    },
    GetBucketVersioning: ({ bucket }) => {
      findBucket(bucket);
      return { xml: ["VersioningConfiguration", { Status: "Enabled" }] };
    },
    ListObjects: ({ bucket, query }) => ({ xml: ["ListBucketResult", listObjects(findBucket(bucket), query)] }),
    ListObjectsV2: ({ bucket, query }) => ({
      xml: ["ListBucketResult", listObjects(findBucket(bucket), query)],
    }),
    ListObjectVersions: ({ bucket, query }) => ({
      xml: ["ListVersionsResult", listVersions(findBucket(bucket), query)],
    }),
    ListMultipartUploads: ({ bucket, query }) => ({
      xml: ["ListMultipartUploadsResult", listUploads(findBucket(bucket), query)],
    }),
    ListParts: ({ bucket, key, query }) => ({
      xml: ["ListPartsResult", listParts(findBucket(bucket), key, query)],
    }),
    PutObject: async (request) => {
      const bucket = findBucket(request.bucket);
      const received = await receiveBody(request);
      checkWriteCondition(bucket, request);
      const version = bucket.put(request.key, received, writeOptions(request));
      await announce(bucket, version, "Put");
      return { headers: { etag: version.etag, "x-amz-version-id": version.versionId } };
    },
    CopyObject: async (request) => {
      const from = copySource(request);
      const bucket = findBucket(request.bucket);
      const md5 = from.etag.replace(/"|-.*/g, "");
      const isDescribedAnew = request.headers["x-amz-metadata-directive"] === "REPLACE";
      const { storage, ...described } = writeOptions(request);
      // A copy does not inherit the storage class; the default is STANDARD.
      const options = { ...(isDescribedAnew ? described : from), storage };
      const version = bucket.put(request.key, { content: from.content, md5 }, options);
      await announce(bucket, version, "Copy");
      return {
        headers: { "x-amz-version-id": version.versionId },
        xml: ["CopyObjectResult", { ETag: version.etag, LastModified: new Date(version.writtenAt).toISOString() }],
      };
    },
    DeleteObject: ({ bucket, key, query }) => {
      const { versionId, isMarker } = findBucket(bucket).remove(key, query.get("versionId") ?? undefined);
      return {
        status: 204,
        headers: {
          ...(versionId === undefined ? {} : { "x-amz-version-id": versionId }),
          ...(isMarker ? { "x-amz-delete-marker": "true" } : {}),
        },
      };
    },
    DeleteObjects: async (request) => {
      const bucket = findBucket(request.bucket);
      const { Object: objects = [] } = (await readXml(request, "Delete")) as {
        Object?: { Key: string; VersionId?: string }[];
      };
      const deleted = objects.map(({ Key, VersionId }) => {
        const { versionId, isMarker } = bucket.remove(Key, VersionId);
        return {
          Key,
          VersionId,
          ...(isMarker ? { DeleteMarker: true, DeleteMarkerVersionId: versionId } : {}),
        };
      });
      return { xml: ["DeleteResult", { Deleted: deleted }] };
    },
    CreateMultipartUpload: (request) => {
      const bucket = findBucket(request.bucket);
      const { uploadId } = bucket.createUpload(request.key, writeOptions(request));
      return {
        xml: ["InitiateMultipartUploadResult", { Bucket: bucket.name, Key: request.key, UploadId: uploadId }],
      };
    },
    UploadPart: async (request) => {
      const partNumber = readPartNumber(request);
      const bucket = findBucket(request.bucket);
      const upload = bucket.findUpload(request.key, request.query.get("uploadId") ?? "");
      const etag = bucket.putPart(upload, partNumber, await receiveBody(request));
      return { headers: { etag } };
    },
    UploadPartCopy: async (request) => {
      const partNumber = readPartNumber(request);
      const { content: whole } = copySource(request);
      const [start, end] = readCopyRange(request, whole.sizeBytes);
      const bucket = findBucket(request.bucket);
      const upload = bucket.findUpload(request.key, request.query.get("uploadId") ?? "");
      const content = slice(whole, start, end);
      const etag = bucket.putPart(upload, partNumber, { content, md5: await md5Of(content) });
      return { xml: ["CopyPartResult", { ETag: etag, LastModified: writtenAt(upload, partNumber) }] };
    },
    GetObjectTagging: ({ bucket, key, query }) => {
      findBucket(bucket).get(key, query.get("versionId") ?? undefined);
      // There are no tags here.
      return { xml: ["Tagging", { TagSet: "" }] };
    },
    CompleteMultipartUpload: async (request) => {
      const bucket = findBucket(request.bucket);
      const { Part: parts = [] } = (await readXml(request, "CompleteMultipartUpload")) as {
        Part?: unknown[];
      };
      const upload = bucket.findUpload(request.key, request.query.get("uploadId") ?? "");
      const wanted = parts.map(readPart);
      checkWriteCondition(bucket, request);
      const version = bucket.completeUpload(upload, wanted);
      await announce(bucket, version, "CompleteMultipartUpload");
      const { key, headers, rawPath } = request;
      // Browser clients fail without it.
      const location = `http://${headers["host"] ?? ""}${rawPath}`;
      return {
        headers: { "x-amz-version-id": version.versionId },
        xml: [
          "CompleteMultipartUploadResult",
          { Location: location, Bucket: bucket.name, Key: key, ETag: version.etag },
        ],
      };
    },
    AbortMultipartUpload: ({ bucket, key, query }) => {
      findBucket(bucket).abortUpload(key, query.get("uploadId") ?? "");
      return { status: 204 };
    },
  };
};

/** @throws {S3Error} PreconditionFailed for `If-None-Match: *` if the object exists */
const checkWriteCondition = (bucket: Bucket, { key, headers }: S3Request): void => {
  if (headers["if-none-match"] === "*" && bucket.current(key)?.content) throw new S3Error("PreconditionFailed");
};

/** @throws {S3Error} InvalidArgument */
const readPartNumber = ({ query }: S3Request): number => {
  const partNumber = Number(query.get("partNumber"));
  if (!Number.isInteger(partNumber) || partNumber < 1 || partNumber > 10_000)
    throw new S3Error("InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive");
  return partNumber;
};

/**
 * Start and end (exclusive) of the range to copy into a part; without a range the whole object.
 * @throws {S3Error} InvalidArgument
 */
const readCopyRange = ({ headers }: S3Request, sizeBytes: number): readonly [start: number, end: number] => {
  const range = headers["x-amz-copy-source-range"];
  if (range === undefined) return [0, sizeBytes];
  const [, first = "", last = ""] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? [];
  if (first === "" || Number(first) > Number(last) || Number(last) >= sizeBytes)
    throw new S3Error("InvalidArgument", "Range specified is not valid for source object");
  return [Number(first), Number(last) + 1];
};

const md5Of = async (content: Content): Promise<string> => {
  const md5 = createHash("md5");
  for await (const chunk of content.read(0, content.sizeBytes)) md5.update(chunk);
  return md5.digest("hex");
};

const writtenAt = ({ parts }: Upload, partNumber: number): string =>
  new Date(parts.get(partNumber)?.writtenAt ?? 0).toISOString();

/** @throws {S3Error} MalformedXML */
const readPart = (part: unknown): { partNumber: number; etag: string } => {
  const { PartNumber, ETag } = (typeof part === "object" && part !== null ? part : {}) as Record<string, unknown>;
  const partNumber = typeof PartNumber === "string" ? Number(PartNumber) : NaN;
  if (!Number.isInteger(partNumber) || typeof ETag !== "string") throw new S3Error("MalformedXML");
  return { partNumber, etag: ETag };
};

const writeOptions = ({ headers }: S3Request) => ({
  contentType: headers["content-type"],
  storage: readStorage(headers),
  metadata: Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => name.startsWith("x-amz-meta-"))
      .map(([name, value]) => [name.slice("x-amz-meta-".length), value]),
  ),
});
