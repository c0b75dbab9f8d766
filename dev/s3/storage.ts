import { S3Error } from "./errors.ts";

/** Where a version lies, as far as HEAD and GET tell. */
export interface Storage {
  readonly storageClass: string;
  /** Of a version in an archive: a copy that can be read for some days is being made, or is there. */
  readonly restore?: "ongoing" | "finished";
  /** Of the class INTELLIGENT_TIERING: it was moved into an archive for want of readers. */
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

/** The storage that a write asks for. @throws {S3Error} InvalidStorageClass */
export const readStorage = (headers: Readonly<Record<string, string>>): Storage => {
  const storageClass = headers["x-amz-storage-class"] ?? STANDARD.storageClass;
  if (!CLASSES.includes(storageClass)) throw new S3Error("InvalidStorageClass");
  return { storageClass };
};

/** The headers that tell of it. S3 does not tell what is STANDARD. */
export const storageHeaders = ({ storageClass, restore, archiveStatus }: Storage): Record<string, string> => ({
  ...(storageClass === STANDARD.storageClass ? {} : { "x-amz-storage-class": storageClass }),
  ...(restore === "ongoing" ? { "x-amz-restore": 'ongoing-request="true"' } : {}),
  ...(restore === "finished"
    ? { "x-amz-restore": 'ongoing-request="false", expiry-date="Fri, 01 Jan 2100 00:00:00 GMT"' }
    : {}),
  ...(archiveStatus === undefined ? {} : { "x-amz-archive-status": archiveStatus }),
});

/** Whether it cannot be read before it is restored. */
export const isArchived = ({ storageClass, restore, archiveStatus }: Storage): boolean =>
  restore !== "finished" &&
  (archiveStatus !== undefined || storageClass === "GLACIER" || storageClass === "DEEP_ARCHIVE");
