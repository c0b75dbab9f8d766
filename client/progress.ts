export interface UploadProgress {
  /** Bytes that are out, those of an earlier run included. Goes back where a request is repeated. */
  readonly sentBytes: number;
  /** Of these, what has arrived for good: going on with the upload does not send it again. */
  readonly storedBytes: number;
  readonly totalBytes: number;
}

/** Tells progress where there is some, and only there. */
export const progressTeller = (onProgress: ((progress: UploadProgress) => void) | undefined) => {
  let last: UploadProgress | undefined;
  return (progress: UploadProgress): void => {
    if (progress.sentBytes === last?.sentBytes && progress.storedBytes === last.storedBytes) return;
    last = progress;
    onProgress?.(progress);
  };
};
