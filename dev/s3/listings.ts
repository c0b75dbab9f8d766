import { S3Error } from "./errors.ts";
import type { Bucket, Upload, Version } from "./store.ts";
import type { XmlValue } from "./xml.ts";

const MAX_KEYS = 1000;

const encodeKey = (key: string): string =>
  encodeURIComponent(key)
    .replaceAll("%2F", "/")
    .replaceAll("%20", "+")
    .replace(/[!'()]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

const readOptions = (query: URLSearchParams) => {
  const isEncoded = query.get("encoding-type") === "url";
  const maxKeys = Number(query.get("max-keys") ?? MAX_KEYS);
  if (!Number.isInteger(maxKeys) || maxKeys < 0) throw new S3Error("InvalidArgument", "max-keys is not valid.");
  return {
    prefix: query.get("prefix") ?? "",
    delimiter: query.get("delimiter") ?? "",
    maxKeys: Math.min(maxKeys, MAX_KEYS),
    show: isEncoded ? encodeKey : (key: string) => key,
    encoding: isEncoded ? "url" : undefined,
  };
};

const date = (ms: number): string => new Date(ms).toISOString();

/** One page after the marker, with common prefixes rolled up. */
const pageOf = (
  versions: readonly Version[],
  { prefix, delimiter, maxKeys }: ReturnType<typeof readOptions>,
  isAfter: (version: Version, rolledUp: string | undefined) => boolean,
) => {
  const entries: Version[] = [];
  const prefixes = new Set<string>();
  let last: string | undefined;
  let lastVersion: Version | undefined;
  let isTruncated = false;
  for (const version of versions) {
    const cut = delimiter ? version.key.indexOf(delimiter, prefix.length) : -1;
    const rolledUp = cut === -1 ? undefined : version.key.slice(0, cut + delimiter.length);
    if (!isAfter(version, rolledUp) || (rolledUp !== undefined && prefixes.has(rolledUp))) continue;
    if (entries.length + prefixes.size >= maxKeys) {
      isTruncated = maxKeys > 0;
      break;
    }
    if (rolledUp !== undefined) prefixes.add(rolledUp);
    else entries.push(version);
    last = rolledUp ?? version.key;
    // If a rolled-up prefix ends a page, the next page begins after all of its versions.
    lastVersion = rolledUp === undefined ? version : undefined;
  }
  return { entries, prefixes: [...prefixes], last, lastVersion, isTruncated };
};

const isBehind = (key: string, marker: string): boolean => Buffer.compare(Buffer.from(key), Buffer.from(marker)) > 0;

/** ListObjectsV2 and ListObjects. */
export const listObjects = (bucket: Bucket, query: URLSearchParams): XmlValue => {
  const options = readOptions(query);
  const isV2 = query.get("list-type") === "2";
  const token = query.get("continuation-token");
  const marker = isV2
    ? token === null
      ? (query.get("start-after") ?? "")
      : Buffer.from(token, "base64url").toString()
    : (query.get("marker") ?? "");
  const current = bucket
    .versions(options.prefix)
    .filter((version) => version.content !== undefined && bucket.current(version.key) === version);
  const page = pageOf(current, options, (version, rolledUp) => isBehind(rolledUp ?? version.key, marker));
  return {
    Name: bucket.name,
    Prefix: options.show(options.prefix),
    Delimiter: options.delimiter || undefined,
    MaxKeys: options.maxKeys,
    EncodingType: options.encoding,
    IsTruncated: page.isTruncated,
    ...(isV2
      ? {
          KeyCount: page.entries.length + page.prefixes.length,
          ContinuationToken: token ?? undefined,
          NextContinuationToken: page.isTruncated ? Buffer.from(page.last ?? "").toString("base64url") : undefined,
        }
      : {
          Marker: options.show(marker),
          NextMarker: page.isTruncated && options.delimiter ? options.show(page.last ?? "") : undefined,
        }),
    Contents: page.entries.map(({ key, etag, content, storage, writtenAt }) => ({
      Key: options.show(key),
      LastModified: date(writtenAt),
      ETag: etag,
      Size: content?.sizeBytes ?? 0,
      StorageClass: storage.storageClass,
    })),
    CommonPrefixes: page.prefixes.map((prefix) => ({ Prefix: options.show(prefix) })),
  };
};

export const listVersions = (bucket: Bucket, query: URLSearchParams): XmlValue => {
  const options = readOptions(query);
  const keyMarker = query.get("key-marker") ?? "";
  const versionMarker = query.get("version-id-marker");
  let isPast = versionMarker === null;
  const page = pageOf(bucket.versions(options.prefix), options, (version, rolledUp) => {
    const key = rolledUp ?? version.key;
    if (isBehind(key, keyMarker)) return true;
    if (key !== keyMarker || versionMarker === null) return false;
    const wasPast = isPast;
    if (version.versionId === versionMarker) isPast = true;
    return wasPast;
  });
  const describe = ({ key, versionId, writtenAt }: Version, isLatest: boolean) => ({
    Key: options.show(key),
    VersionId: versionId,
    IsLatest: isLatest,
    LastModified: date(writtenAt),
  });
  const isLatest = (version: Version) => bucket.current(version.key) === version;
  return {
    Name: bucket.name,
    Prefix: options.show(options.prefix),
    KeyMarker: options.show(keyMarker),
    VersionIdMarker: versionMarker ?? "",
    MaxKeys: options.maxKeys,
    EncodingType: options.encoding,
    IsTruncated: page.isTruncated,
    NextKeyMarker: page.isTruncated ? options.show(page.last ?? "") : undefined,
    NextVersionIdMarker: page.isTruncated ? page.lastVersion?.versionId : undefined,
    Version: page.entries
      .filter(({ content }) => content)
      .map((version) => ({
        ...describe(version, isLatest(version)),
        ETag: version.etag,
        Size: version.content?.sizeBytes ?? 0,
        StorageClass: version.storage.storageClass,
      })),
    DeleteMarker: page.entries.filter(({ content }) => !content).map((version) => describe(version, isLatest(version))),
    CommonPrefixes: page.prefixes.map((prefix) => ({ Prefix: options.show(prefix) })),
  };
};

export const listUploads = (bucket: Bucket, query: URLSearchParams): XmlValue => {
  const prefix = query.get("prefix") ?? "";
  const keyMarker = query.get("key-marker") ?? "";
  const uploadMarker = query.get("upload-id-marker") ?? "";
  const maxUploads = Math.min(Number(query.get("max-uploads") ?? MAX_KEYS), MAX_KEYS);
  const isAfter = (a: Upload, b: Pick<Upload, "key" | "uploadId">): boolean =>
    a.key === b.key ? b.uploadId !== "" && a.uploadId > b.uploadId : isBehind(a.key, b.key);
  const left = [...bucket.uploads.values()]
    .filter((upload) => upload.key.startsWith(prefix) && isAfter(upload, { key: keyMarker, uploadId: uploadMarker }))
    .sort((a, b) => (isAfter(a, b) ? 1 : -1));
  const page = left.slice(0, maxUploads);
  const isTruncated = left.length > page.length;
  return {
    Bucket: bucket.name,
    Prefix: prefix,
    KeyMarker: keyMarker,
    UploadIdMarker: uploadMarker,
    NextKeyMarker: isTruncated ? page.at(-1)?.key : undefined,
    NextUploadIdMarker: isTruncated ? page.at(-1)?.uploadId : undefined,
    MaxUploads: maxUploads,
    IsTruncated: isTruncated,
    Upload: page.map(({ key, uploadId, description, startedAt }) => ({
      Key: key,
      UploadId: uploadId,
      Initiated: date(startedAt),
      StorageClass: description.storage.storageClass,
    })),
  };
};

export const listParts = (bucket: Bucket, key: string, query: URLSearchParams): XmlValue => {
  const upload = bucket.findUpload(key, query.get("uploadId") ?? "");
  const maxParts = Math.min(Number(query.get("max-parts") ?? MAX_KEYS), MAX_KEYS);
  const marker = Number(query.get("part-number-marker") ?? 0);
  const parts = [...upload.parts.values()]
    .filter(({ partNumber }) => partNumber > marker)
    .sort((a, b) => a.partNumber - b.partNumber);
  const page = parts.slice(0, maxParts);
  return {
    Bucket: bucket.name,
    Key: key,
    UploadId: upload.uploadId,
    PartNumberMarker: marker,
    NextPartNumberMarker: page.at(-1)?.partNumber ?? 0,
    MaxParts: maxParts,
    IsTruncated: parts.length > page.length,
    Part: page.map(({ partNumber, received, writtenAt }) => ({
      PartNumber: partNumber,
      LastModified: date(writtenAt),
      ETag: `"${received.md5}"`,
      Size: received.content.sizeBytes,
    })),
  };
};
