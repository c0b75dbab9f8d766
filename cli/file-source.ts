import fs, { open, type FileHandle } from "node:fs/promises";
import { basename } from "node:path";
import { ProxyError, type MediaRange, type MediaSource } from "../client/index.ts";
import { mediaTypeOf } from "../client/media-names.ts";
import { codeOf, reasonOf } from "./files.ts";
import { UsageError } from "./outcome.ts";

/** A file on disk, which is read while it is sent: of each part under way, only one piece is in memory. */
export interface FileSource extends MediaSource, AsyncDisposable {
  readonly name: string;
  readonly slice: (start: number, end: number) => MediaRange;
  /** A few bytes, for a look into the file. */
  readonly read: (start: number, end: number) => Promise<Uint8Array<ArrayBuffer>>;
  /** From the file name's ending; undefined if that is unknown. */
  readonly type: string | undefined;
  /** Milliseconds since 1970. */
  readonly modifiedAt: number;
  /**
   * Guards against mixing parts of two versions, and against a recording that is still growing. Reading checks, too.
   * @throws {ProxyError} SOURCE_CHANGED
   */
  readonly checkUnchanged: () => Promise<void>;
}

/** Small enough to show progress on a slow connection. */
const PIECE_BYTES = 64 * 1024;
const ANOTHER_FILE = "Give the path of a media file that you may read.";

/** @throws {UsageError} */
export const openFile = async (path: string): Promise<FileSource> => {
  await checkIsFile(path);
  const handle = await reading(path, () => open(path, "r"));
  const stat = await handle.stat();
  const changed = (how: string) =>
    new ProxyError({ source: "client", errorType: "SOURCE_CHANGED", comment: `${path} ${how}.` });
  const checkUnchanged = async (): Promise<void> => {
    const { size, mtimeMs } = await handle.stat();
    if (size !== stat.size || mtimeMs !== stat.mtimeMs) throw changed("changed while it was uploaded");
  };
  const read = async (bytes: Uint8Array<ArrayBuffer>, start: number) => {
    const length = await readAll(handle, bytes, start).catch((error: unknown) => {
      throw changed(`cannot be read any more (${codeOf(error)})`);
    });
    await checkUnchanged();
    return bytes.subarray(0, length);
  };
  return {
    name: basename(path),
    type: mediaTypeOf(path),
    size: stat.size,
    modifiedAt: stat.mtimeMs,
    slice: (start, end) => ({
      size: end - start,
      // Each piece is in the memory of the one before, which its reader has sent by then.
      async *stream() {
        const piece = new Uint8Array(Math.min(PIECE_BYTES, end - start));
        for (let at = start; at < end; at += piece.length)
          yield await read(piece.subarray(0, Math.min(piece.length, end - at)), at);
      },
    }),
    read: (start, end) => read(new Uint8Array(end - start), start),
    checkUnchanged,
    [Symbol.asyncDispose]: () => handle.close(),
  };
};

/** Before it is opened, since opening a pipe waits for whoever writes to it. @throws {UsageError} */
const checkIsFile = async (path: string): Promise<void> => {
  if (path === "-") throw noFile("- stands for the standard input, which");
  const stat = await reading(path, () => fs.stat(path));
  if (stat.isFile()) return;
  if (stat.isDirectory())
    throw new UsageError(
      `${path} is a directory.`,
      "A job takes one file: give each file its job, in a list (--jobs list.csv), or as FILE=JOB FILE=JOB ….",
    );
  if (stat.isFIFO() || stat.isSocket()) throw noFile(`${path} is a pipe, which`);
  throw new UsageError(`${path} is no plain file.`, ANOTHER_FILE);
};

const noFile = (what: string) =>
  new UsageError(
    `${what} cannot be uploaded: its size has to be known first, and what a bad network loses is read once more.`,
    "Write it to a file, and upload that.",
  );

/** @throws {UsageError} */
const reading = async <T>(path: string, act: () => Promise<T>): Promise<T> => {
  try {
    return await act();
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${reasonOf(error)}.`, ANOTHER_FILE);
  }
};

/** @returns how many bytes there were; fewer if the file has become shorter */
const readAll = async (handle: FileHandle, bytes: Uint8Array, start: number): Promise<number> => {
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, start + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
};
