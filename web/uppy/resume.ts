/**
 * What Uppy 6 leaves to a person and need not: going on by itself after the network came back, and signing again after
 * S3 refused a URL (which had expired, say, while the computer slept). One file without dependencies, to be copied.
 */

/** An error of Uppy's. Its S3 client's are told apart by what they have: a minifier changes their names. */
export interface UploadError {
  readonly message?: string;
  /** "NETWORK": there was no answer. */
  readonly code?: string;
  /** S3's own code; there, though perhaps undefined, where S3 answered. */
  readonly serviceCode?: string;
  /** HTTP status. */
  readonly status?: number;
}

/** The status that S3 itself refused with; undefined for all other errors. */
export const s3Status = (error: UploadError): number | undefined =>
  "serviceCode" in error || "body" in error ? error.status : undefined;

interface Uploads {
  on(event: "upload-error", listener: (file: { readonly id: string } | undefined, error: UploadError) => void): unknown;
  on(event: "upload-progress", listener: (file: { readonly id: string } | undefined) => void): unknown;
  on(event: "back-online", listener: () => void): unknown;
  readonly getFiles: () => readonly { readonly id: string; readonly error?: unknown }[];
  readonly retryUpload: (fileId: string) => Promise<unknown>;
}

/** So often in a row, with nothing sent in between; then it is a person's turn. */
const RETRIES = 3;

export const resumeByItself = (uppy: Uploads): void => {
  const waitingForNetwork = new Set<string>();
  const retries = new Map<string, number>();

  const retry = (fileId: string) => {
    if (!uppy.getFiles().some(({ id, error }) => id === fileId && error)) return;
    // What becomes of it is told by Uppy's events.
    void uppy.retryUpload(fileId).catch(() => undefined);
  };

  uppy.on("upload-progress", (file) => {
    if (file) retries.delete(file.id);
  });
  uppy.on("upload-error", (file, error) => {
    if (!file) return;
    if (!navigator.onLine) {
      waitingForNetwork.add(file.id);
      return;
    }
    const count = (retries.get(file.id) ?? 0) + 1;
    // A 403 of S3's: the URL has expired, or died with the credentials that signed it.
    if (s3Status(error) !== 403 || count > RETRIES) return;
    retries.set(file.id, count);
    // Once Uppy has written down the failure.
    setTimeout(() => {
      retry(file.id);
    });
  });
  uppy.on("back-online", () => {
    const files = [...waitingForNetwork];
    waitingForNetwork.clear();
    files.forEach(retry);
  });
};
