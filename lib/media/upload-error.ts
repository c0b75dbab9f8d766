/** S3 did not say what has been uploaded: it failed, stalled or refused our credentials. */
export class UploadStoreError extends Error {
  override readonly name = "UploadStoreError";
  readonly code = "STORE_UNAVAILABLE";
}
