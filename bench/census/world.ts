import { objectId } from "../../lib/media/key.ts";

/**
 * A stage with so many delivered jobs and as many objects, spread evenly over the days that the bucket keeps them. Nothing of
 * it is kept: each key, page and row is made when it is asked for.
 */
export interface StageSize {
  readonly objects: number;
  /** Rows that are open. They wait, but for every hundredth, which is stuck. */
  readonly open: number;
  /** When the stage is looked at (ms since the epoch). */
  readonly now: number;
}

/** One in so many objects has no row, whatever its age. */
const LOST_EVERY = 1000;

const DAY_MS = 86_400_000;
/** `mediaRetentionDays` as it is by default. */
const RETENTION_MS = 30 * DAY_MS;
const PAGE = 1000;
const OWNER = "0f".repeat(32);

/** A number that looks random, always the same for the same one. */
const mix = (number: number): number => {
  let mixed = Math.imul(number ^ (number >>> 16), 0x45d9f3b);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x45d9f3b);
  return (mixed ^ (mixed >>> 16)) >>> 0;
};
const hex = (number: number, digits = 8): string => number.toString(16).padStart(digits, "0");

/** In the order of their keys, from 0. */
const jobIdOf = (index: number, { objects }: StageSize): string => {
  const place = Math.floor((index / objects) * 2 ** 48);
  return hex(place, 12) + hex(mix(index)) + hex(mix(index + 1)) + hex(mix(index + 2)).slice(0, 4);
};
const indexOf = (jobId: string, { objects }: StageSize): number =>
  Math.round((Number.parseInt(jobId.slice(0, 12), 16) / 2 ** 48) * objects);

const uploadIdOf = (index: number): string => [2, 3, 4, 5].map((salt) => hex(mix(index * 8 + salt))).join("");
const keyOf = (index: number, stage: StageSize): string =>
  `media/${jobIdOf(index, stage)}/${uploadIdOf(index)}/film.mp4`;
const versionOf = (index: number): string => [6, 7, 0, 1].map((salt) => hex(mix(index * 8 + salt))).join("");
const ageMs = (index: number): number => (mix(index * 3) / 2 ** 32) * RETENTION_MS;

const isLost = (index: number): boolean => index % LOST_EVERY === 3;
/** One in so many is open. */
const openEvery = ({ objects, open }: StageSize): number => objects / open;
const isStuck = (index: number, stage: StageSize): boolean => (index / openEvery(stage)) % 100 === 0;

/** The jobs whose entry in the index is due, shard by shard. */
export const dueIn = (shard: number, stage: StageSize): readonly string[] =>
  Array.from({ length: stage.open }, (_, number) => number * openEvery(stage))
    .filter((index) => isStuck(index, stage))
    .map((index) => jobIdOf(index, stage))
    .filter((jobId) => Number.parseInt(jobId.slice(-1), 16) === shard);

/** The job's item in the ledger, as a delivery leaves it. */
export const itemOf = (jobId: string, stage: StageSize): Readonly<Record<string, unknown>> | undefined => {
  const index = indexOf(jobId, stage);
  if (isLost(index)) return undefined;
  const key = keyOf(index, stage);
  const versionId = versionOf(index);
  const at = stage.now - ageMs(index);
  const item = { job_id: jobId, fence: 1, media: { id: objectId(key, versionId), kind: "object", key, versionId } };
  if (index % openEvery(stage) === 0) {
    const notBefore = isStuck(index, stage) ? stage.now - 2 * 3_600_000 : stage.now + 3_600_000;
    return { ...item, state: "SENDING", leaseUntil: Math.floor(at), notBefore, updatedAt: Math.floor(at) };
  }
  const task = { taskId: uploadIdOf(index), sha256: OWNER, sizeBytes: 1_073_741_824, sentBytes: 1_073_741_824 };
  return { ...item, ...task, state: "DELIVERED", claims: 1, posts: 1, announced: true, updatedAt: Math.floor(at) };
};

/** A page of ListObjectVersions after that key, as S3 writes it. */
export const pageAfter = (marker: string, stage: StageSize): string => {
  const from = startAfter(marker.replace(/^media\//, ""), stage);
  const to = Math.min(from + PAGE, stage.objects);
  let versions = "";
  for (let index = from; index < to; index += 1)
    versions += `<Version><Key>${keyOf(index, stage)}</Key><VersionId>${versionOf(index)}</VersionId><IsLatest>true</IsLatest><LastModified>${new Date(stage.now - ageMs(index)).toISOString()}</LastModified><ETag>&quot;${uploadIdOf(index)}&quot;</ETag><ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType><Size>1073741824</Size><Owner><ID>${OWNER}</ID></Owner><StorageClass>STANDARD</StorageClass></Version>`;
  const last = to - 1;
  const next =
    to < stage.objects
      ? `<NextKeyMarker>${keyOf(last, stage)}</NextKeyMarker><NextVersionIdMarker>${versionOf(last)}</NextVersionIdMarker>`
      : "";
  return `<?xml version="1.0" encoding="UTF-8"?>\n<ListVersionsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>media</Name><Prefix>media/</Prefix><KeyMarker>${marker}</KeyMarker><MaxKeys>1000</MaxKeys><EncodingType>url</EncodingType><IsTruncated>${String(next !== "")}</IsTruncated>${next}${versions}</ListVersionsResult>`;
};

/** The first object whose key comes after this, which is a key or the beginning of one. */
const startAfter = (marker: string, stage: StageSize): number => {
  if (marker.length > 32) return indexOf(marker, stage) + 1;
  return marker === "" ? 0 : Math.ceil((Number.parseInt(marker, 16) / 16 ** marker.length) * stage.objects);
};
