/**
 * Uppy 6 leaves two things to the person that need no person: resuming once the network is back, and signing again after
 * S3 refused a URL (one that expired while the computer slept, for example). Copy this file; it has no dependencies.
 */

/** An error from Uppy. Its S3 client's errors are recognized by their properties, as a minifier changes class names. */
export interface UploadError {
  readonly message?: string;
  /** "NETWORK": there was no response. */
  readonly code?: string;
  /** S3's own code; the property exists, though perhaps undefined, if S3 responded. */
  readonly serviceCode?: string;
  /** HTTP status. */
  readonly status?: number;
}

/** The HTTP status with which S3 refused; undefined for all other errors. */
const s3Status = (error: UploadError): number | undefined =>
  "serviceCode" in error || "body" in error ? error.status : undefined;

interface Uploads {
  on(event: "upload-error", listener: (file: { readonly id: string } | undefined, error: UploadError) => void): unknown;
  on(event: "upload-progress", listener: (file: { readonly id: string } | undefined) => void): unknown;
  on(event: "back-online", listener: () => void): unknown;
  readonly getFiles: () => readonly { readonly id: string; readonly error?: unknown }[];
  readonly retryUpload: (fileId: string) => Promise<unknown>;
}

/** In a row, with nothing sent in between; after that, a person has to retry. */
const RETRIES = 3;

export const resumeByItself = (uppy: Uploads): void => {
  const waitingForNetwork = new Set<string>();
  const retries = new Map<string, number>();

  const retry = (fileId: string) => {
    if (!uppy.getFiles().some(({ id, error }) => id === fileId && error)) return;
    // Uppy's events tell how it ends.
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
    // S3's 403: the URL has expired, or the credentials that signed it have.
    if (s3Status(error) !== 403 || count > RETRIES) return;
    retries.set(file.id, count);
    // Only after Uppy has recorded the failure.
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
