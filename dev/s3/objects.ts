import type { ServerResponse } from "node:http";
import { setImmediate as immediate } from "node:timers/promises";
import type { Content } from "./content.ts";
import { S3Error } from "./errors.ts";
import type { S3Fault } from "./faults.ts";
import type { S3Request } from "./request.ts";
import { isArchived, storageHeaders } from "./storage.ts";
import type { Bucket, Version } from "./store.ts";

/** GetObject and HeadObject, with versions, conditions and ranges. @returns the number of bytes sent */
export const sendObject = async (
  bucket: Bucket,
  { method, key, query, headers }: S3Request,
  response: ServerResponse,
  fault: S3Fault | undefined,
): Promise<number> => {
  const versionId = query.get("versionId") ?? undefined;
  const marker = bucket.findMarker(key, versionId);
  if (marker) {
    response.setHeader("x-amz-delete-marker", "true");
    response.setHeader("x-amz-version-id", marker.versionId);
  }
  const version = bucket.get(key, versionId);
  checkConditions(headers, version);
  if (method === "GET" && isArchived(version.storage)) throw new S3Error("InvalidObjectState");
  const range = parseRange(headers["range"], version.content.sizeBytes);
  const [start, end] = range ?? [0, version.content.sizeBytes];
  response.writeHead(range ? 206 : 200, {
    "accept-ranges": "bytes",
    "content-length": end - start,
    "content-type": version.contentType,
    ...version.headers,
    etag: version.etag,
    "last-modified": new Date(version.writtenAt).toUTCString(),
    "x-amz-version-id": version.versionId,
    ...(range ? { "content-range": `bytes ${start}-${end - 1}/${version.content.sizeBytes}` } : {}),
    ...Object.fromEntries(Object.entries(version.metadata).map(([name, value]) => [`x-amz-meta-${name}`, value])),
    ...(version.tags.size > 0 ? { "x-amz-tagging-count": version.tags.size } : {}),
    ...storageHeaders(version.storage),
    ...signedAnswerHeaders(query),
  });
  if (method === "HEAD") {
    response.end();
    return 0;
  }
  return sendContent(version.content, start, end, response, fault);
};

/** Headers that are stored with an object, beside its type. */
export const STORED_HEADERS = [
  "cache-control",
  "content-disposition",
  "content-encoding",
  "content-language",
  "expires",
];

/** Response headers that the request overrides with `response-…`. */
const signedAnswerHeaders = (query: URLSearchParams): Record<string, string> =>
  Object.fromEntries(
    ["content-type", ...STORED_HEADERS].flatMap((name) => {
      const value = query.get(`response-${name}`);
      return value === null ? [] : [[name, value]];
    }),
  );

/** The conditions of a read. @throws {S3Error} PreconditionFailed, NotModified */
export const checkConditions = (headers: Readonly<Record<string, string>>, { etag, writtenAt }: Version): void => {
  const matches = (value: string) =>
    value
      .split(",")
      .map((each) => each.trim())
      .some((each) => each === "*" || each.replace(/^"|"$/g, "") === etag.replace(/^"|"$/g, ""));
  // Last-Modified has no fraction of a second. An invalid date compares as false, and so is ignored.
  const modifiedAt = Math.floor(writtenAt / 1000) * 1000;
  const isNewerThan = (value = "") => modifiedAt > Date.parse(value);
  const isAsOldAs = (value = "") => modifiedAt <= Date.parse(value);
  const ifMatch = headers["if-match"];
  if (ifMatch === undefined ? isNewerThan(headers["if-unmodified-since"]) : !matches(ifMatch))
    throw new S3Error("PreconditionFailed");
  const ifNoneMatch = headers["if-none-match"];
  if (ifNoneMatch === undefined ? isAsOldAs(headers["if-modified-since"]) : matches(ifNoneMatch))
    throw new S3Error("NotModified");
};

/** Start and end of a range; undefined if there is none, or none that is valid: then the whole object is sent. */
const parseRange = (value: string | undefined, sizeBytes: number): readonly [number, number] | undefined => {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(value ?? "") ?? [];
  if (first === "" && last === "") return undefined;
  if (first !== "" && last !== "" && Number(last) < Number(first)) return undefined;
  const start = first === "" ? Math.max(sizeBytes - Number(last), 0) : Number(first);
  const end = first === "" || last === "" ? sizeBytes : Math.min(Number(last) + 1, sizeBytes);
  if (start >= sizeBytes || end <= start) throw new S3Error("InvalidRange");
  return [start, end];
};

const sendContent = async (
  content: Content,
  start: number,
  end: number,
  response: ServerResponse,
  fault: S3Fault | undefined,
): Promise<number> => {
  const stopAt = fault?.kind === "corrupt" ? undefined : fault && (fault.atByte ?? 0);
  let sent = 0;
  // Send the headers even if the fault hits the first byte.
  response.flushHeaders();
  for await (const chunk of content.read(start, end)) {
    if (response.destroyed) return sent;
    const piece = stopAt === undefined ? damage(chunk, sent, fault) : chunk.subarray(0, Math.max(stopAt - sent, 0));
    if (piece.byteLength > 0) {
      sent += piece.byteLength;
      const isTaken = response.write(piece);
      if (!isTaken) await drained(response);
    }
    if (stopAt !== undefined && sent >= stopAt) {
      await flushed(response);
      if (fault?.kind === "resetAfterBytes") response.socket?.resetAndDestroy();
      if (fault?.kind === "truncate") response.socket?.end();
      return sent;
    }
  }
  response.end();
  return sent;
};

const damage = (chunk: Uint8Array, offset: number, fault: S3Fault | undefined): Uint8Array => {
  const at = (fault?.atByte ?? 0) - offset;
  if (fault?.kind !== "corrupt" || at < 0 || at >= chunk.byteLength) return chunk;
  const damaged = Uint8Array.from(chunk);
  damaged[at] = (damaged[at] ?? 0) ^ 0xff;
  return damaged;
};

const drained = (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      response.off("drain", done);
      response.off("close", done);
      resolve();
    };
    response.on("drain", done);
    response.on("close", done);
  });

/** Waits until the system has taken what was written, so that a fault hits at its byte and not before. */
const flushed = async (response: ServerResponse): Promise<void> => {
  // There is no 'drain' event if the buffer was never full.
  do await immediate();
  while (!response.destroyed && (response.socket?.writableLength ?? 0) > 0);
};
