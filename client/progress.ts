export interface UploadProgress {
  /** Bytes that are out, those of an earlier run included. Stands still, and never goes back, while a request is repeated. */
  readonly sentBytes: number;
  /** Of these, what has arrived for good: going on with the upload does not send it again. */
  readonly storedBytes: number;
  readonly totalBytes: number;
}

/** Tells progress where there is some, and only there: what goes out once more is none. */
export const progressTeller = (onProgress: ((progress: UploadProgress) => void) | undefined) => {
  let last: UploadProgress | undefined;
  return (progress: UploadProgress): void => {
    const sentBytes = Math.max(progress.sentBytes, last?.sentBytes ?? 0);
    if (sentBytes === last?.sentBytes && progress.storedBytes === last.storedBytes) return;
    last = { ...progress, sentBytes };
    onProgress?.(last);
  };
};
