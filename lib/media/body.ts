/** The source of the bytes of a media transfer. */
export interface MediaBody {
  readonly sizeBytes: number;
  /**
   * The bytes in order, exactly `sizeBytes` of them. The transfer owns the iterator and closes it with `return()`. The
   * source throws MediaReadError if it cannot go on. It may reuse a buffer once the next one is asked for.
   */
  read(signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** A body whose first bytes are on their way before anybody has asked for them. */
export interface EarlyBody extends MediaBody {
  /** Whether somebody reads it. It can be read once. */
  readonly isTaken: () => boolean;
  /** Stops reading, and waits until the source is closed. May be called at any time, and more than once. */
  readonly close: () => Promise<void>;
}

/** Begins to read the body. Whoever calls this closes it, read or not. */
export const openEarly = (body: MediaBody): EarlyBody => {
  const stopping = new AbortController();
  const bytes = body.read(stopping.signal)[Symbol.asyncIterator]();
  let first: ReturnType<typeof bytes.next> | undefined = bytes.next();
  // Whoever reads it hears of it.
  first.catch(() => undefined);
  let isTaken = false;

  const close = async (): Promise<void> => {
    stopping.abort();
    await bytes.return?.();
  };
  const next = () => {
    const given = first ?? bytes.next();
    first = undefined;
    return given;
  };
  return {
    sizeBytes: body.sizeBytes,
    isTaken: () => isTaken,
    close,
    read: (signal) => {
      isTaken = true;
      if (signal.aborted) stopping.abort();
      signal.addEventListener("abort", () => {
        stopping.abort();
      });
      return {
        [Symbol.asyncIterator]: () => ({ next, return: () => close().then(() => ({ done: true, value: undefined })) }),
      };
    },
  };
};

/** The media could not be read to its end. `code` says whether another attempt may help. */
export class MediaReadError extends Error {
  override readonly name = "MediaReadError";
  /**
   * - `OBJECT_GONE`: the version no longer exists
   * - `OBJECT_CHANGED`: these are not the bytes that were announced
   * - `OBJECT_ARCHIVED`: the object is in an archive and must be restored before it can be read
   * - `ACCESS_REFUSED`: S3 refuses access: the role, the bucket's policy, or the object's encryption key
   * - `READ_FAILED`: S3 failed or stalled, and so did the attempts to resume
   */
  readonly code: "OBJECT_GONE" | "OBJECT_CHANGED" | "OBJECT_ARCHIVED" | "ACCESS_REFUSED" | "READ_FAILED";
  /** S3's own error code (`AccessDenied`, `KMS.DisabledException` and so on), if it sent one. */
  readonly storeCode: string | undefined;

  constructor(code: MediaReadError["code"], storeCode?: string) {
    super(`media: ${code}`);
    this.code = code;
    this.storeCode = storeCode;
  }
}

/** S3 did not say what has been uploaded: it failed, stalled or refused this function's credentials. */
export class UploadStoreError extends Error {
  override readonly name = "UploadStoreError";
  readonly code = "STORE_UNAVAILABLE";
}
