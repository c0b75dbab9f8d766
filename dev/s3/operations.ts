import { createHash, randomUUID } from "node:crypto";
import { readBody } from "./body.ts";
import { receive, slice, type Content } from "./content.ts";
import { checkSelfCopy, findSource } from "./copies.ts";
import { S3Error } from "./errors.ts";
import type { EventName } from "./events.ts";
import { listObjects, listParts, listUploads, listVersions } from "./listings.ts";
import { checkConditions } from "./objects.ts";
import { describePost, readPostForm } from "./post-form.ts";
import { checkPolicy, within } from "./post-policy.ts";
import type { S3Request } from "./request.ts";
import { verifyPolicySignature, type Accounts } from "./signature.ts";
import { OWNER, type Bucket, type Upload, type Version } from "./store.ts";
import { describeTags, NO_TAGS, readTagDocument } from "./tags.ts";
import { readOptions } from "./write-options.ts";
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
  readonly listBuckets: () => readonly Bucket[];
  /** @throws {S3Error} BucketAlreadyOwnedByYou */
  readonly addBucket: (name: string) => void;
  /** @throws {S3Error} NoSuchBucket, BucketNotEmpty */
  readonly removeBucket: (name: string) => void;
  /** Reports what happened to the listeners. */
  readonly announce: (eventName: EventName, bucket: Bucket, version: Version) => Promise<void>;
  /** Where larger bodies are kept. */
  readonly directory: string;
  /** Who may post forms, in which region, and at what time. */
  readonly accounts: Accounts;
}

const MAX_XML_BYTES = 1024 * 1024;

/** S3's operations by name, except those that return an object's bytes. Each throws S3Error. */
export const createOperations = ({
  findBucket,
  listBuckets,
  addBucket,
  removeBucket,
  announce,
  directory,
  accounts,
}: Parts): Readonly<Record<string, Operation>> => {
  const receiveBody = (request: S3Request) => receive(readBody(request.message), directory, randomUUID());

  const readText = async (request: S3Request): Promise<string> => {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of readBody(request.message)) {
      size += chunk.byteLength;
      if (size > MAX_XML_BYTES) throw new S3Error("MalformedXML", "The XML is too large.");
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString("utf8");
  };

  const readXml = async (request: S3Request, root: string): Promise<Record<string, unknown>> =>
    parseXml(await readText(request), root);

  const remove = async (bucket: Bucket, key: string, versionId: string | undefined) => {
    const removed = bucket.remove(key, versionId);
    if (removed)
      await announce(
        versionId === undefined ? "ObjectRemoved:DeleteMarkerCreated" : "ObjectRemoved:Delete",
        bucket,
        removed,
      );
    return { versionId: removed?.versionId ?? versionId, isMarker: removed !== undefined && !removed.content };
  };

  return {
    ListBuckets: () => ({
      xml: [
        "ListAllMyBucketsResult",
        {
          Owner: { ID: OWNER },
          Buckets: {
            Bucket: listBuckets().map(({ name, createdAt }) => ({
              Name: name,
              CreationDate: new Date(createdAt).toISOString(),
            })),
          },
        },
      ],
    }),
    CreateBucket: ({ bucket: name }) => {
      addBucket(name);
      return { headers: { location: `/${name}` } };
    },
    DeleteBucket: ({ bucket: name }) => {
      removeBucket(name);
      return { status: 204 };
    },
    HeadBucket: ({ bucket }) => {
      findBucket(bucket);
      return { headers: { "x-amz-bucket-region": accounts.region } };
    },
    GetBucketLocation: ({ bucket }) => {
      findBucket(bucket);
      return { xml: ["LocationConstraint", accounts.region === "us-east-1" ? "" : accounts.region] };
    },
    GetBucketVersioning: ({ bucket }) => {
      findBucket(bucket);
      return { xml: ["VersioningConfiguration", { Status: "Enabled" }] };
    },
    PutBucketVersioning: async (request) => {
      findBucket(request.bucket);
      const { Status } = await readXml(request, "VersioningConfiguration");
      if (Status !== "Enabled") throw new S3Error("NotImplemented", "Buckets are always versioned here.");
      return {};
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
      if (request.query.has("partNumber"))
        throw new S3Error("InvalidArgument", "This operation does not accept partNumber without uploadId");
      const bucket = findBucket(request.bucket);
      const options = readOptions(request.headers);
      const received = await receiveBody(request);
      checkWriteConditions(bucket, request);
      const version = bucket.put(request.key, received, options);
      await announce("ObjectCreated:Put", bucket, version);
      return { headers: { etag: version.etag, "x-amz-version-id": version.versionId } };
    },
    PostObject: async (request) => {
      const bucket = findBucket(request.bucket);
      const { fields: sent, fileName, file } = await readPostForm(request.message);
      if (!sent["key"]) throw new S3Error("InvalidArgument", "Bucket POST must contain a field named 'key'.");
      const key = sent["key"].replaceAll("${filename}", () => fileName);
      const fields = { ...sent, key };
      await verifyPolicySignature(fields, accounts);
      const size = checkPolicy(fields, bucket.name, accounts.clock());
      const tags = sent["tagging"] === undefined ? NO_TAGS : readTagDocument(sent["tagging"]);
      const options = { ...readOptions(fields), tags };
      const received = await receive(within(size, file), directory, randomUUID());
      const version = bucket.put(key, received, options);
      await announce("ObjectCreated:Post", bucket, version);
      return describePost(request, fields, version);
    },
    CopyObject: async (request) => {
      const { headers, key } = request;
      const from = findSource(headers, findBucket);
      const bucket = findBucket(request.bucket);
      checkWriteConditions(bucket, request);
      checkSelfCopy(headers, from, bucket.current(key));
      const { storage, tags, ...described } = readOptions(headers);
      const options = {
        ...from,
        ...(headers["x-amz-metadata-directive"] === "REPLACE" ? described : {}),
        ...(headers["x-amz-tagging-directive"] === "REPLACE" ? { tags } : {}),
        // A copy does not inherit the storage class; the default is STANDARD.
        storage,
      };
      // In one piece, whatever the source was uploaded in.
      const md5 = from.etag.includes("-") ? await md5Of(from.content) : from.etag.replaceAll('"', "");
      const version = bucket.put(key, { content: from.content, md5 }, options);
      await announce("ObjectCreated:Copy", bucket, version);
      return {
        headers: {
          "x-amz-version-id": version.versionId,
          "x-amz-copy-source-version-id": from.versionId,
        },
        xml: ["CopyObjectResult", { ETag: version.etag, LastModified: new Date(version.writtenAt).toISOString() }],
      };
    },
    DeleteObject: async (request) => {
      const bucket = findBucket(request.bucket);
      checkWriteConditions(bucket, request);
      const { versionId, isMarker } = await remove(bucket, request.key, request.query.get("versionId") ?? undefined);
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
      const { Object: objects = [], Quiet } = (await readXml(request, "Delete")) as {
        Object?: { Key: string; VersionId?: string }[];
        Quiet?: string;
      };
      const deleted: XmlValue[] = [];
      for (const { Key, VersionId } of objects) {
        const { versionId, isMarker } = await remove(bucket, Key, VersionId);
        deleted.push({
          Key,
          VersionId,
          ...(isMarker ? { DeleteMarker: true, DeleteMarkerVersionId: versionId } : {}),
        });
      }
      return { xml: ["DeleteResult", { Deleted: Quiet === "true" ? [] : deleted }] };
    },
    CreateMultipartUpload: (request) => {
      const bucket = findBucket(request.bucket);
      const { uploadId } = bucket.createUpload(request.key, readOptions(request.headers));
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
      const { content: whole } = findSource(request.headers, findBucket);
      const [start, end] = readCopyRange(request, whole.sizeBytes);
      const bucket = findBucket(request.bucket);
      const upload = bucket.findUpload(request.key, request.query.get("uploadId") ?? "");
      const content = slice(whole, start, end);
      const etag = bucket.putPart(upload, partNumber, { content, md5: await md5Of(content) });
      return { xml: ["CopyPartResult", { ETag: etag, LastModified: writtenAt(upload, partNumber) }] };
    },
    GetObjectTagging: ({ bucket, key, query }) => {
      const { tags, versionId } = findBucket(bucket).get(key, query.get("versionId") ?? undefined);
      return { headers: { "x-amz-version-id": versionId }, xml: ["Tagging", describeTags(tags)] };
    },
    PutObjectTagging: async (request) => {
      const bucket = findBucket(request.bucket);
      const tags = readTagDocument(await readText(request));
      const versionId = bucket.setTags(request.key, request.query.get("versionId") ?? undefined, tags);
      return { headers: { "x-amz-version-id": versionId } };
    },
    DeleteObjectTagging: ({ bucket, key, query }) => {
      const versionId = findBucket(bucket).setTags(key, query.get("versionId") ?? undefined, NO_TAGS);
      return { status: 204, headers: { "x-amz-version-id": versionId } };
    },
    CompleteMultipartUpload: async (request) => {
      const bucket = findBucket(request.bucket);
      const { Part: parts = [] } = (await readXml(request, "CompleteMultipartUpload")) as {
        Part?: unknown[];
      };
      const upload = bucket.findUpload(request.key, request.query.get("uploadId") ?? "");
      const wanted = parts.map(readPart);
      checkWriteConditions(bucket, request);
      const version = bucket.completeUpload(upload, wanted);
      await announce("ObjectCreated:CompleteMultipartUpload", bucket, version);
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

/**
 * `If-None-Match: *` writes only where there is no object, `If-Match` only over the object with that ETag.
 *
 * @throws {S3Error} PreconditionFailed, NoSuchKey, NotImplemented
 */
const checkWriteConditions = (bucket: Bucket, { key, headers }: S3Request): void => {
  const { "if-match": ifMatch, "if-none-match": ifNoneMatch } = headers;
  if (ifNoneMatch !== undefined && ifNoneMatch !== "*") throw new S3Error("NotImplemented");
  if (ifNoneMatch === "*" && bucket.current(key)?.content) throw new S3Error("PreconditionFailed");
  if (ifMatch !== undefined) checkConditions({ "if-match": ifMatch }, bucket.get(key, undefined));
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
