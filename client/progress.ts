export interface UploadProgress {
  /** Bytes sent, including those of an earlier run. Never falls: while a request is repeated, it stands still. */
  readonly sentBytes: number;
  /** The part of these that is stored for good, and is not sent again when the upload is resumed. */
  readonly storedBytes: number;
  readonly totalBytes: number;
}

/** Calls `onProgress` when there is progress; bytes that are sent again are none. */
export const progressTeller = (onProgress: ((progress: UploadProgress) => void) | undefined) => {
  let last: UploadProgress | undefined;
  return (progress: UploadProgress): void => {
    const sentBytes = Math.max(progress.sentBytes, last?.sentBytes ?? 0);
    if (sentBytes === last?.sentBytes && progress.storedBytes === last.storedBytes) return;
    last = { ...progress, sentBytes };
    onProgress?.(last);
  };
};
