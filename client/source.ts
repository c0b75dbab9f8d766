import { orAborted } from "./abort.ts";
import { ProxyError } from "./errors.ts";

/** What `fetch` can send more than once. */
export type MediaBytes = Blob | Uint8Array<ArrayBuffer>;

/** Media to be uploaded: a File or Blob of a browser's, or anything else whose bytes can be had by range. */
export interface MediaSource {
  readonly size: number;
  /** Bytes from `start` up to but without `end`. May be asked for the same range again. */
  slice(start: number, end: number): MediaBytes | Promise<MediaBytes>;
}

/**
 * @throws {ProxyError} SOURCE_CHANGED where the source has not what it said it has
 * @throws the signal's reason
 */
export const readSlice = async (
  source: MediaSource,
  { start, end }: { readonly start: number; readonly end: number },
  signal: AbortSignal | undefined,
): Promise<MediaBytes> => {
  const bytes = await orAborted(source.slice(start, end), signal);
  const size = bytes instanceof Blob ? bytes.size : bytes.byteLength;
  if (size === end - start) return bytes;
  throw new ProxyError({
    source: "client",
    errorType: "SOURCE_CHANGED",
    comment: "The media changed while it was uploaded.",
  });
};
