const BUFFERS = 3;
const BUFFER_BYTES = 512 * 1024;
/** The rest of a buffer is used for another read if it has at least this size. */
const LEAST_ROOM_BYTES = 64 * 1024;

interface Block {
  readonly memory: Uint8Array;
  /** How many of its chunks are waiting, or with the consumer. */
  chunks: number;
}

interface Chunk {
  readonly block: Block;
  readonly start: number;
  end: number;
}

/**
 * The memory between a socket that fills it and a consumer that empties it: a few large blocks, used again and again, so
 * that reading an object takes the same memory whatever its size. The chunk that the consumer holds is not overwritten.
 */
export interface ReadBuffers {
  /** Where the next read goes. The same until `added` is called, since a socket may ask more than once. */
  room(): Uint8Array;
  /** Reports how many bytes were read into the room. */
  added(sizeBytes: number): void;
  /** Whether the socket should read on. Once everything has been taken there is always room. */
  hasRoom(): boolean;
  /** How many bytes have been read, and not taken. */
  waitingBytes(): number;
  /** The next bytes, as many as are contiguous. Frees the chunk that was taken before. */
  take(): Uint8Array | undefined;
  /** Frees the chunk that was taken before, so that there is more room while the next bytes are waited for. */
  release(): void;
  /** Drops what has not been taken. No socket may be reading any more. */
  clear(): void;
}

export const createReadBuffers = (): ReadBuffers => {
  // Not from Node's shared pool, which a slice would keep alive.
  const newBlock = (): Block => ({ memory: Buffer.allocUnsafeSlow(BUFFER_BYTES), chunks: 0 });
  const unused = Array.from({ length: BUFFERS }, newBlock);
  const waiting: Chunk[] = [];
  let current: Block | undefined;
  let end = 0;
  let taken: Chunk | undefined;
  let waitingBytes = 0;

  const free = ({ block }: Chunk) => {
    block.chunks -= 1;
    if (block.chunks === 0 && block !== current) unused.push(block);
  };
  const release = () => {
    if (taken) free(taken);
    taken = undefined;
  };

  return {
    room: () => {
      if (!current || BUFFER_BYTES - end < LEAST_ROOM_BYTES) {
        const full = current;
        // A paused TLS socket still delivers what it has decrypted. That must not overwrite anything.
        current = unused.pop() ?? newBlock();
        end = 0;
        if (full?.chunks === 0) unused.push(full);
      }
      return current.memory.subarray(end);
    },

    added: (sizeBytes) => {
      if (!current) throw new Error("Bytes were added before room was asked for");
      const last = waiting.at(-1);
      if (last?.block === current && last.end === end) last.end += sizeBytes;
      else {
        waiting.push({ block: current, start: end, end: end + sizeBytes });
        current.chunks += 1;
      }
      end += sizeBytes;
      waitingBytes += sizeBytes;
    },

    // Two, since the socket asks for the next room even if it is about to pause.
    hasRoom: () => unused.length >= 2,

    waitingBytes: () => waitingBytes,

    take: () => {
      release();
      taken = waiting.shift();
      if (!taken) return undefined;
      waitingBytes -= taken.end - taken.start;
      return taken.block.memory.subarray(taken.start, taken.end);
    },

    release,

    clear: () => {
      for (const chunk of waiting.splice(0)) free(chunk);
      waitingBytes = 0;
      if (current?.chunks === 0) unused.push(current);
      current = undefined;
    },
  };
};
