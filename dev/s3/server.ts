import type { S3Event } from "aws-lambda";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readBody } from "./body.ts";
import { receive, virtualContent } from "./content.ts";
import { answerPreflight, corsHeaders } from "./cors.ts";
import { S3Error } from "./errors.ts";
import { makeEvent, type CreatedBy } from "./events.ts";
import { createS3Faults, type S3Fault, type S3Faults } from "./faults.ts";
import { listObjects, listParts, listUploads, listVersions } from "./listings.ts";
import { sendObject } from "./objects.ts";
import { nameOperation, parseRequest, type S3Request } from "./request.ts";
import { verifySignature } from "./signature.ts";
import { createBucket, type Bucket, type Version } from "./store.ts";
import { parseXml, toXml, type XmlValue } from "./xml.ts";

export interface S3Options {
  readonly port?: number;
  readonly region: string;
  /** Secret access keys by access key id; every one may do everything. */
  readonly accounts: Readonly<Record<string, string>>;
  readonly clock?: () => number;
}

/** What was asked, without signatures. */
interface S3LogEntry {
  readonly operation: string;
  readonly key: string;
  readonly range: string | undefined;
  readonly status: number;
  readonly sentBytes: number;
}

export interface S3Simulator {
  readonly url: string;
  readonly port: number;
  readonly createBucket: (name: string, options?: { readonly corsOrigins?: readonly string[] }) => void;
  readonly onObjectCreated: (listener: (event: S3Event) => void | Promise<void>) => void;
  readonly faults: S3Faults;
  /** Puts an object of any size whose bytes are made when it is read. @returns its version */
  readonly putVirtualObject: (bucket: string, key: string, sizeBytes: number, seed: number) => string;
  readonly requests: readonly S3LogEntry[];
  readonly close: () => Promise<void>;
}

const MAX_XML_BYTES = 1024 * 1024;
/** The log of requests keeps the last so many. */
const LOG_ENTRIES = 10_000;

/**
 * S3, as far as clients and this project use it: signatures by header and query are verified, buckets are versioned,
 * events are S3's own. Not simulated: IAM, bucket policies, ACLs, storage classes, encryption.
 */
export const startS3 = async ({ port = 0, region, accounts, clock = Date.now }: S3Options): Promise<S3Simulator> => {
  const directory = await mkdtemp(join(tmpdir(), "s3-simulator-"));
  const buckets = new Map<string, { bucket: Bucket; corsOrigins: readonly string[] }>();
  const listeners: ((event: S3Event) => void | Promise<void>)[] = [];
  const faults = createS3Faults();
  const requests: S3LogEntry[] = [];

  const findBucket = (name: string) => {
    const found = buckets.get(name);
    if (!found) throw new S3Error("NoSuchBucket");
    return found;
  };

  const announce = async (bucket: Bucket, version: Version, by: CreatedBy): Promise<void> => {
    const event = makeEvent(bucket, version, by, { region, now: clock() });
    for (const listener of listeners) await listener(event);
  };

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

  const operations: Readonly<Record<string, Operation>> = {
    ListBuckets: () => ({
      xml: ["ListAllMyBucketsResult", { Buckets: { Bucket: [...buckets.keys()].map((Name) => ({ Name })) } }],
    }),
    CreateBucket: ({ bucket: name }) => {
      if (buckets.has(name)) throw new S3Error("BucketAlreadyOwnedByYou");
      buckets.set(name, { bucket: createBucket(name, clock), corsOrigins: [] });
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
    ListObjects: ({ bucket, query }) => ({ xml: ["ListBucketResult", listObjects(findBucket(bucket).bucket, query)] }),
    ListObjectsV2: ({ bucket, query }) => ({
      xml: ["ListBucketResult", listObjects(findBucket(bucket).bucket, query)],
    }),
    ListObjectVersions: ({ bucket, query }) => ({
      xml: ["ListVersionsResult", listVersions(findBucket(bucket).bucket, query)],
    }),
    ListMultipartUploads: ({ bucket, query }) => ({
      xml: ["ListMultipartUploadsResult", listUploads(findBucket(bucket).bucket, query)],
    }),
    ListParts: ({ bucket, key, query }) => ({
      xml: ["ListPartsResult", listParts(findBucket(bucket).bucket, key, query)],
    }),
    PutObject: async (request) => {
      const { bucket } = findBucket(request.bucket);
      const received = await receiveBody(request);
      if (request.headers["if-none-match"] === "*" && bucket.current(request.key)?.content)
        throw new S3Error("PreconditionFailed");
      const version = bucket.put(request.key, received, writeOptions(request));
      await announce(bucket, version, "Put");
      return { headers: { etag: version.etag, "x-amz-version-id": version.versionId } };
    },
    CopyObject: async (request) => {
      const [path = "", versionId] = (request.headers["x-amz-copy-source"] ?? "").split("?versionId=");
      const source = decodeURIComponent(path).replace(/^\//, "");
      const slash = source.indexOf("/");
      const from = findBucket(source.slice(0, slash)).bucket.get(source.slice(slash + 1), versionId);
      const { bucket } = findBucket(request.bucket);
      const md5 = from.etag.replace(/"|-.*/g, "");
      const isDescribedAnew = request.headers["x-amz-metadata-directive"] === "REPLACE";
      const options = isDescribedAnew ? writeOptions(request) : from;
      const version = bucket.put(request.key, { content: from.content, md5 }, options);
      await announce(bucket, version, "Copy");
      return {
        headers: { "x-amz-version-id": version.versionId },
        xml: ["CopyObjectResult", { ETag: version.etag, LastModified: new Date(version.writtenAt).toISOString() }],
      };
    },
    DeleteObject: ({ bucket, key, query }) => {
      const { versionId, isMarker } = findBucket(bucket).bucket.remove(key, query.get("versionId") ?? undefined);
      return {
        status: 204,
        headers: {
          ...(versionId === undefined ? {} : { "x-amz-version-id": versionId }),
          ...(isMarker ? { "x-amz-delete-marker": "true" } : {}),
        },
      };
    },
    DeleteObjects: async (request) => {
      const { bucket } = findBucket(request.bucket);
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
      const { bucket } = findBucket(request.bucket);
      const { uploadId } = bucket.createUpload(request.key, writeOptions(request));
      return {
        xml: ["InitiateMultipartUploadResult", { Bucket: bucket.name, Key: request.key, UploadId: uploadId }],
      };
    },
    UploadPart: async (request) => {
      const { bucket } = findBucket(request.bucket);
      const partNumber = Number(request.query.get("partNumber"));
      if (!Number.isInteger(partNumber) || partNumber < 1 || partNumber > 10_000)
        throw new S3Error("InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive");
      const upload = bucket.findUpload(request.key, request.query.get("uploadId") ?? "");
      const etag = bucket.putPart(upload, partNumber, await receiveBody(request));
      return { headers: { etag } };
    },
    CompleteMultipartUpload: async (request) => {
      const { bucket } = findBucket(request.bucket);
      const { Part: parts = [] } = (await readXml(request, "CompleteMultipartUpload")) as {
        Part?: { PartNumber: string; ETag: string }[];
      };
      const upload = bucket.findUpload(request.key, request.query.get("uploadId") ?? "");
      const wanted = parts.map(({ PartNumber, ETag }) => ({ partNumber: Number(PartNumber), etag: ETag }));
      const version = bucket.completeUpload(upload, wanted);
      await announce(bucket, version, "CompleteMultipartUpload");
      return {
        headers: { "x-amz-version-id": version.versionId },
        xml: ["CompleteMultipartUploadResult", { Bucket: bucket.name, Key: request.key, ETag: version.etag }],
      };
    },
    AbortMultipartUpload: ({ bucket, key, query }) => {
      findBucket(bucket).bucket.abortUpload(key, query.get("uploadId") ?? "");
      return { status: 204 };
    },
  };

  const handle = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const request = parseRequest(message);
    const origin = request.headers["origin"];
    const corsOrigins = buckets.get(request.bucket)?.corsOrigins ?? [];
    if (request.method === "OPTIONS") {
      answerPreflight(request, response, corsOrigins);
      return;
    }
    for (const [name, value] of Object.entries(corsHeaders(origin, corsOrigins))) response.setHeader(name, value);
    const operation = nameOperation(request);
    const log = (sentBytes: number) => {
      requests.push({
        operation,
        key: request.key,
        range: request.headers["range"],
        status: response.statusCode,
        sentBytes,
      });
      if (requests.length > LOG_ENTRIES) requests.shift();
    };
    try {
      const fault = faults.take(operation, request.key);
      if (fault?.kind === "reset") {
        message.socket.resetAndDestroy();
        return;
      }
      await verifySignature(request, { region, accounts, clock });
      throwFault(fault);
      if (operation === "GetObject" || operation === "HeadObject") {
        log(await sendObject(findBucket(request.bucket).bucket, request, response, fault));
        return;
      }
      const operate = operations[operation];
      if (!operate) throw new S3Error("NotImplemented");
      sendResult(response, await operate(request));
      log(0);
    } catch (error) {
      sendError(request, response, error);
      log(0);
    }
  };

  const server = http.createServer((message, response) => {
    response.setHeader("x-amz-request-id", randomUUID());
    // The simulator's time, from which the SDK learns how far its own clock is off.
    response.setHeader("date", new Date(clock()).toUTCString());
    response.on("error", () => undefined);
    handle(message, response).catch((error: unknown) => {
      // What is thrown out here could not even be taken apart.
      if (error instanceof S3Error && !response.headersSent) response.writeHead(error.status).end();
      else response.destroy();
    });
  });
  server.requestTimeout = 0;
  server.on("clientError", (_error, socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const address = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    createBucket: (name, { corsOrigins = [] } = {}) => {
      buckets.set(name, { bucket: createBucket(name, clock), corsOrigins });
    },
    onObjectCreated: (listener) => {
      listeners.push(listener);
    },
    faults,
    putVirtualObject: (name, key, sizeBytes, seed) => {
      const md5 = `${seed.toString(16)}${sizeBytes.toString(16)}`.padStart(32, "0").slice(-32);
      return findBucket(name).bucket.put(key, { content: virtualContent(sizeBytes, seed), md5 }, {}).versionId;
    },
    requests,
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      });
      await rm(directory, { recursive: true, force: true });
    },
  };
};

interface Result {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly xml?: readonly [root: string, value: XmlValue];
}
type Operation = (request: S3Request) => Result | Promise<Result>;

const writeOptions = ({ headers }: S3Request) => ({
  contentType: headers["content-type"],
  metadata: Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => name.startsWith("x-amz-meta-"))
      .map(([name, value]) => [name.slice("x-amz-meta-".length), value]),
  ),
});

const throwFault = (fault: S3Fault | undefined): void => {
  if (fault?.kind === "slowDown") throw new S3Error("SlowDown");
  if (fault?.kind === "internalError") throw new S3Error("InternalError");
  if (fault?.kind === "accessDenied") throw new S3Error("AccessDenied");
};

const sendResult = (response: ServerResponse, { status = 200, headers = {}, xml }: Result): void => {
  const body = xml ? toXml(...xml) : "";
  response.writeHead(status, {
    ...headers,
    ...(xml ? { "content-type": "application/xml" } : {}),
    ...(status === 204 ? {} : { "content-length": Buffer.byteLength(body) }),
  });
  response.end(body);
};

const sendError = (request: S3Request, response: ServerResponse, error: unknown): void => {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const failure = error instanceof S3Error ? error : new S3Error("InternalError");
  const hasBody = request.method !== "HEAD" && failure.status !== 304;
  const body = toXml("Error", { Code: failure.code, Message: failure.message, Resource: request.rawPath });
  // What is left of the body is not read; the connection cannot be used again.
  response.writeHead(failure.status, {
    "content-type": "application/xml",
    ...(hasBody ? { "content-length": Buffer.byteLength(body) } : {}),
    ...(request.message.complete ? {} : { connection: "close" }),
  });
  response.end(hasBody ? body : undefined);
  request.message.resume();
};
