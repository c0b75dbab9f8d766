import { open, type FileHandle } from "node:fs/promises";
import { basename } from "node:path";
import { ProxyError, type MediaSource } from "../client/index.ts";
import { mediaTypeOf } from "../client/media-names.ts";
import { codeOf } from "./files.ts";
import { UsageError } from "./outcome.ts";

/** A file on disk; only the parts that are being sent are in memory. */
export interface FileSource extends MediaSource, AsyncDisposable {
  readonly name: string;
  readonly slice: (start: number, end: number) => Promise<Uint8Array<ArrayBuffer>>;
  /** From the file name's extension; undefined if that is unknown. */
  readonly type: string | undefined;
  /** Milliseconds since 1970. */
  readonly modifiedAt: number;
  /**
   * Guards against mixing parts of two versions, and against a recording that is still growing. `slice` checks, too.
   * @throws {ProxyError} SOURCE_CHANGED
   */
  readonly checkUnchanged: () => Promise<void>;
}

const ANOTHER_FILE = "Give the path of a media file that you may read.";

/** @throws {UsageError} */
export const openFile = async (path: string): Promise<FileSource> => {
  const handle = await openForReading(path);
  const stat = await handle.stat();
  if (!stat.isFile()) {
    await handle.close();
    throw new UsageError(`${path} is ${stat.isDirectory() ? "a directory" : "no plain file"}.`, ANOTHER_FILE);
  }
  const checkUnchanged = async (): Promise<void> => {
    const { size, mtimeMs } = await handle.stat();
    if (size === stat.size && mtimeMs === stat.mtimeMs) return;
    throw new ProxyError({
      source: "client",
      errorType: "SOURCE_CHANGED",
      comment: `${path} changed while it was uploaded.`,
    });
  };
  return {
    name: basename(path),
    type: mediaTypeOf(path),
    size: stat.size,
    modifiedAt: stat.mtimeMs,
    slice: async (start, end) => {
      const bytes = await readRange(handle, start, end);
      await checkUnchanged();
      return bytes;
    },
    checkUnchanged,
    [Symbol.asyncDispose]: () => handle.close(),
  };
};

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "you may not read it",
  EPERM: "you may not read it",
  EISDIR: "it is a directory",
};

const openForReading = async (path: string): Promise<FileHandle> => {
  try {
    return await open(path, "r");
  } catch (error) {
    const code = codeOf(error);
    throw new UsageError(`${path} cannot be read: ${REASONS[code] ?? code}.`, ANOTHER_FILE);
  }
};

/** Returns fewer bytes if the file has become shorter. */
const readRange = async (handle: FileHandle, start: number, end: number): Promise<Uint8Array<ArrayBuffer>> => {
  const bytes = new Uint8Array(end - start);
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, start + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
};
