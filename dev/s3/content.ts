import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, unlink } from "node:fs/promises";
import { join } from "node:path";

/** Stored bytes. */
export interface Content {
  readonly sizeBytes: number;
  /** The bytes from start up to, not including, end. */
  readonly read: (start: number, end: number) => AsyncIterable<Uint8Array>;
}

/** Larger contents are kept in a file instead of in memory. */
const MEMORY_BYTES = 1024 * 1024;
const READ_BYTES = 256 * 1024;

/** Bytes as they are. */
export const contentOf = (bytes: Uint8Array): Content => ({
  sizeBytes: bytes.byteLength,
  // eslint-disable-next-line @typescript-eslint/require-await -- the interface is a stream
  read: async function* (start, end) {
    if (end > start) yield bytes.subarray(start, end);
  },
});

/** Several contents in sequence, without copying them: a completed multipart upload. */
export const concatenate = (parts: readonly Content[]): Content => ({
  sizeBytes: parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  read: async function* (start, end) {
    let offset = 0;
    for (const part of parts) {
      const from = Math.max(start - offset, 0);
      const to = Math.min(end - offset, part.sizeBytes);
      if (from < to) yield* part.read(from, to);
      offset += part.sizeBytes;
    }
  },
});

/** The bytes of a content from start up to, not including, end, without copying them. */
export const slice = (content: Content, start: number, end: number): Content => ({
  sizeBytes: end - start,
  read: (from, to) => content.read(start + from, Math.min(start + to, end)),
});

/** Any number of bytes, generated when they are read: a repeated block that depends on the seed. Takes no memory. */
export const virtualContent = (sizeBytes: number, seed: number): Content => {
  // A prime length, so that neighbouring chunks differ.
  const block = new Uint8Array(Math.min(1_048_573, sizeBytes));
  let state = seed | 1;
  for (let at = 0; at < block.length; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    block[at] = state >>> 24;
  }
  return {
    sizeBytes,
    // eslint-disable-next-line @typescript-eslint/require-await -- made in memory
    read: async function* (start, end) {
      for (let at = start; at < end;) {
        const from = at % block.length;
        const piece = block.subarray(from, Math.min(from + READ_BYTES, block.length, from + end - at));
        yield piece;
        at += piece.byteLength;
      }
    },
  };
};

/** A received content and its MD5 in hex. */
export interface Received {
  readonly content: Content;
  readonly md5: string;
}

/**
 * Stores a small stream in memory, a larger one in a file in the directory.
 *
 * @param directory must exist; the caller removes it
 */
export const receive = async (
  stream: AsyncIterable<Uint8Array>,
  directory: string,
  name: string,
): Promise<Received> => {
  const md5 = createHash("md5");
  const inMemory: Uint8Array[] = [];
  const path = join(directory, name);
  let file: Awaited<ReturnType<typeof open>> | undefined;
  let sizeBytes = 0;
  try {
    for await (const chunk of stream) {
      md5.update(chunk);
      sizeBytes += chunk.byteLength;
      if (!file && sizeBytes > MEMORY_BYTES) {
        file = await open(path, "w");
        for (const earlier of inMemory.splice(0)) await file.writeFile(earlier);
      }
      if (file) await file.writeFile(chunk);
      else inMemory.push(Uint8Array.from(chunk));
    }
  } catch (error) {
    await file?.close();
    if (file) await unlink(path);
    throw error;
  }
  await file?.close();
  const content: Content = file
    ? {
        sizeBytes,
        read: (start, end) =>
          start < end
            ? createReadStream(path, { start, end: end - 1, highWaterMark: READ_BYTES })
            : contentOf(Buffer.alloc(0)).read(0, 0),
      }
    : contentOf(Buffer.concat(inMemory));
  return { content, md5: md5.digest("hex") };
};
