/** Where the bytes of a media transfer come from. */
export interface MediaBody {
  readonly sizeBytes: number;
  /**
   * The bytes in order, exactly `sizeBytes` of them. The transfer owns the iterator and closes it by `return()`; the
   * source throws MediaReadError where it cannot go on. Buffers may be reused by the source once the next one is asked for.
   */
  read(signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** A medium could not be read to its end. `code` says whether trying again may help. */
export class MediaReadError extends Error {
  override readonly name = "MediaReadError";
  /**
   * - `OBJECT_GONE`: no such version any more
   * - `OBJECT_CHANGED`: the bytes behind the name are not those that were announced
   * - `OBJECT_ARCHIVED`: it lies in an archive, from which it would have to be restored first
   * - `ACCESS_REFUSED`: the store refuses: the role, the bucket's policy, or the key that the object is encrypted with
   * - `READ_FAILED`: the store failed or stalled, resuming included
   */
  readonly code: "OBJECT_GONE" | "OBJECT_CHANGED" | "OBJECT_ARCHIVED" | "ACCESS_REFUSED" | "READ_FAILED";
  /** S3's own error code (`AccessDenied`, `KMS.DisabledException` and so on), where it gave one. */
  readonly storeCode: string | undefined;

  constructor(code: MediaReadError["code"], storeCode?: string) {
    super(`media: ${code}`);
    this.code = code;
    this.storeCode = storeCode;
  }
}

/** S3 did not say what has been uploaded: it failed, stalled or refused our credentials. */
export class UploadStoreError extends Error {
  override readonly name = "UploadStoreError";
  readonly code = "STORE_UNAVAILABLE";
}
