import type { S3Event } from "aws-lambda";
import { createHash, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listen } from "../stack/listen.ts";
import { contentOf, virtualContent } from "./content.ts";
import { answerPreflight, corsHeaders } from "./cors.ts";
import { S3Error } from "./errors.ts";
import { makeEvent, type EventName } from "./events.ts";
import { createS3Faults, type S3Fault, type S3Faults } from "./faults.ts";
import { sendObject } from "./objects.ts";
import { createOperations, type Result } from "./operations.ts";
import { nameOperation, parseRequest, type S3Request } from "./request.ts";
import { verifySignature } from "./signature.ts";
import type { Storage } from "./storage.ts";
import { createBucket, type Bucket, type Version, type WriteOptions } from "./store.ts";
import { toXml } from "./xml.ts";

export interface S3Options {
  readonly port?: number;
  readonly region: string;
  /** Secret access keys by access key id. Each may do everything. */
  readonly accounts: Readonly<Record<string, string>>;
  readonly clock?: () => number;
  /** Called with every request, once it has been answered. */
  readonly onRequest?: ((request: AnsweredS3Request) => void) | undefined;
}

export interface AnsweredS3Request extends S3LogEntry {
  readonly bucket: string;
  readonly namesVersion: boolean;
  /** Whose signature it has, in its header or its URL. Undefined where that was wrong, and for forms. */
  readonly accessKeyId: string | undefined;
}

/** A request in the log, without its signature. */
export interface S3LogEntry {
  readonly operation: string;
  readonly key: string;
  readonly range: string | undefined;
  readonly status: number;
  readonly sentBytes: number;
}

type Listener = (event: S3Event) => void | Promise<void>;

export interface S3Simulator {
  readonly url: string;
  readonly port: number;
  readonly createBucket: (name: string, options?: { readonly corsOrigins?: readonly string[] }) => void;
  readonly onObjectCreated: (listener: Listener) => void;
  readonly onObjectRemoved: (listener: Listener) => void;
  readonly faults: S3Faults;
  /** Puts an object of any size whose bytes are generated when it is read. @returns its version */
  readonly putVirtualObject: (
    bucket: string,
    key: string,
    sizeBytes: number,
    seed: number,
    options?: WriteOptions,
  ) => string;
  /** Puts an object without a request or an event. @returns its version */
  readonly putObject: (bucket: string, key: string, bytes: Uint8Array, options?: WriteOptions) => string;
  /** Moves the object's current version into an archive, or out of one. */
  readonly setStorage: (bucket: string, key: string, storage: Storage) => void;
  /** Puts a delete marker over an object, or removes that version of it for good. */
  readonly removeObject: (bucket: string, key: string, versionId?: string) => void;
  readonly requests: readonly S3LogEntry[];
  readonly close: () => Promise<void>;
}

/** How many requests the log keeps. */
const LOG_ENTRIES = 10_000;

/**
 * The parts of S3 that clients and this project use. It verifies signatures by header, by query and of forms, versions
 * its buckets, and sends S3's own events. IAM, bucket policies, ACLs, lifecycle rules and encryption are not simulated:
 * requests for them are answered with 501 and change nothing.
 */
export const startS3 = async ({
  port = 0,
  region,
  accounts,
  clock = Date.now,
  onRequest,
}: S3Options): Promise<S3Simulator> => {
  const directory = await mkdtemp(join(tmpdir(), "s3-simulator-"));
  const buckets = new Map<string, { bucket: Bucket; corsOrigins: readonly string[] }>();
  const listeners: { readonly prefix: string; readonly listener: Listener }[] = [];
  const faults = createS3Faults(clock);
  const requests: S3LogEntry[] = [];

  const findBucket = (name: string): Bucket => {
    const found = buckets.get(name);
    if (!found) throw new S3Error("NoSuchBucket");
    return found.bucket;
  };

  const addBucket = (name: string, corsOrigins: readonly string[] = []): void => {
    if (buckets.has(name)) throw new S3Error("BucketAlreadyOwnedByYou");
    buckets.set(name, { bucket: createBucket(name, clock), corsOrigins });
  };

  const announce = async (eventName: EventName, bucket: Bucket, version: Version): Promise<void> => {
    const event = makeEvent(eventName, bucket, version, { region, finishedAt: clock() });
    for (const { prefix, listener } of listeners) if (eventName.startsWith(prefix)) await listener(event);
  };

  const operations = createOperations({
    findBucket,
    listBuckets: () => [...buckets.values()].map(({ bucket }) => bucket),
    addBucket,
    removeBucket: (name) => {
      if (!findBucket(name).isEmpty()) throw new S3Error("BucketNotEmpty");
      buckets.delete(name);
    },
    announce,
    directory,
    accounts: { region, accounts, clock },
  });

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
    let accessKeyId: string | undefined;
    const log = (sentBytes: number) => {
      const { bucket, key, query, headers } = request;
      const entry = { operation, key, range: headers["range"], status: response.statusCode, sentBytes };
      requests.push(entry);
      onRequest?.({ ...entry, bucket, namesVersion: query.has("versionId"), accessKeyId });
      if (requests.length > LOG_ENTRIES) requests.shift();
    };
    try {
      const fault = faults.take(operation, request.key);
      if (fault?.kind === "reset") {
        message.socket.resetAndDestroy();
        return;
      }
      // A form is signed by its fields.
      if (operation !== "PostObject") accessKeyId = await verifySignature(request, { region, accounts, clock });
      throwFault(fault);
      if (operation === "GetObject" || operation === "HeadObject") {
        log(await sendObject(findBucket(request.bucket), request, response, fault));
        return;
      }
      const operate = operations[operation];
      if (!operate) throw new S3Error("NotImplemented", "The simulated S3 does not do this.");
      sendResult(response, await operate(request));
      log(0);
    } catch (error) {
      sendError(request, response, error);
      log(0);
    }
  };

  const server = http.createServer((message, response) => {
    response.setHeader("x-amz-request-id", randomUUID());
    // The simulator's time; the SDK corrects its clock by it.
    response.setHeader("date", new Date(clock()).toUTCString());
    response.on("error", () => undefined);
    handle(message, response).catch((error: unknown) => {
      // Only a request that could not be parsed gets here.
      if (error instanceof S3Error && !response.headersSent) response.writeHead(error.status).end();
      else response.destroy();
    });
  });
  server.requestTimeout = 0;
  server.on("clientError", (_error, socket) => socket.destroy());
  const listeningPort = await listen(server, port);

  return {
    url: `http://127.0.0.1:${listeningPort}`,
    port: listeningPort,
    createBucket: (name, { corsOrigins = [] } = {}) => {
      addBucket(name, corsOrigins);
    },
    onObjectCreated: (listener) => {
      listeners.push({ prefix: "ObjectCreated:", listener });
    },
    onObjectRemoved: (listener) => {
      listeners.push({ prefix: "ObjectRemoved:", listener });
    },
    faults,
    putVirtualObject: (name, key, sizeBytes, seed, options = {}) => {
      const md5 = `${seed.toString(16)}${sizeBytes.toString(16)}`.padStart(32, "0").slice(-32);
      return findBucket(name).put(key, { content: virtualContent(sizeBytes, seed), md5 }, options).versionId;
    },
    putObject: (name, key, bytes, options = {}) => {
      const md5 = createHash("md5").update(bytes).digest("hex");
      return findBucket(name).put(key, { content: contentOf(bytes), md5 }, options).versionId;
    },
    setStorage: (name, key, storage) => {
      findBucket(name).setStorage(key, storage);
    },
    removeObject: (name, key, versionId) => {
      findBucket(name).remove(key, versionId);
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

const throwFault = (fault: S3Fault | undefined): void => {
  if (fault?.kind === "slowDown") throw new S3Error("SlowDown");
  if (fault?.kind === "internalError") throw new S3Error("InternalError");
  if (fault?.kind === "accessDenied") throw new S3Error("AccessDenied");
  if (fault?.kind === "kmsDisabled") throw new S3Error("KMS.DisabledException");
  if (fault?.kind === "archived") throw new S3Error("InvalidObjectState");
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
  const { code, message, details } = failure;
  const body = toXml("Error", { Code: code, Message: message, ...details, Resource: request.rawPath });
  // The rest of the body is not read, so the connection cannot be reused.
  response.writeHead(failure.status, {
    "content-type": "application/xml",
    ...(hasBody ? { "content-length": Buffer.byteLength(body) } : {}),
    ...(request.message.complete ? {} : { connection: "close" }),
    // HEAD has no body to name it in.
    ...(details["Region"] === undefined ? {} : { "x-amz-bucket-region": details["Region"] }),
  });
  response.end(hasBody ? body : undefined);
  request.message.unpipe();
  request.message.resume();
};
