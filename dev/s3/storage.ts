import { S3Error } from "./errors.ts";

/** How a version is stored, as HEAD and GET report it. */
export interface Storage {
  readonly storageClass: string;
  /** For an archived version: a temporary copy is being restored, or is available. */
  readonly restore?: "ongoing" | "finished";
  /** For INTELLIGENT_TIERING: the version was archived because it was not read. */
  readonly archiveStatus?: "ARCHIVE_ACCESS" | "DEEP_ARCHIVE_ACCESS";
}

export const STANDARD: Storage = { storageClass: "STANDARD" };

const CLASSES = [
  "STANDARD",
  "REDUCED_REDUNDANCY",
  "STANDARD_IA",
  "ONEZONE_IA",
  "INTELLIGENT_TIERING",
  "GLACIER_IR",
  "GLACIER",
  "DEEP_ARCHIVE",
];

/** The storage that a write requests. @throws {S3Error} InvalidStorageClass */
export const readStorage = (headers: Readonly<Record<string, string>>): Storage => {
  const storageClass = headers["x-amz-storage-class"] ?? STANDARD.storageClass;
  if (!CLASSES.includes(storageClass)) throw new S3Error("InvalidStorageClass");
  return { storageClass };
};

/** The headers that report it. S3 omits the class STANDARD. */
export const storageHeaders = ({ storageClass, restore, archiveStatus }: Storage): Record<string, string> => ({
  ...(storageClass === STANDARD.storageClass ? {} : { "x-amz-storage-class": storageClass }),
  ...(restore === "ongoing" ? { "x-amz-restore": 'ongoing-request="true"' } : {}),
  ...(restore === "finished"
    ? { "x-amz-restore": 'ongoing-request="false", expiry-date="Fri, 01 Jan 2100 00:00:00 GMT"' }
    : {}),
  ...(archiveStatus === undefined ? {} : { "x-amz-archive-status": archiveStatus }),
});

/** Whether it has to be restored before it can be read. */
export const isArchived = ({ storageClass, restore, archiveStatus }: Storage): boolean =>
  restore !== "finished" &&
  (archiveStatus !== undefined || storageClass === "GLACIER" || storageClass === "DEEP_ARCHIVE");
