const BUFFERS = 4;
const BUFFER_BYTES = 256 * 1024;
/** What is left of a buffer takes another read if it is at least so long. */
const LEAST_ROOM_BYTES = 64 * 1024;

interface Block {
  readonly memory: Uint8Array;
  /** Chunks of it that are waiting or with the consumer. */
  chunks: number;
}

interface Chunk {
  readonly block: Block;
  readonly start: number;
  end: number;
}

/**
 * The memory between a socket that reads and a consumer that takes: a few large blocks, used again and again, so that
 * reading an object takes the same memory whatever its size. What the consumer holds is not written to.
 */
export interface ReadBuffers {
  /** Where the next read goes. The same until `added`, since sockets may ask more than once. */
  room(): Uint8Array;
  /** So many bytes were read into the room. */
  added(sizeBytes: number): void;
  /** Whether the socket should read on. Once everything was taken there is always room. */
  hasRoom(): boolean;
  /** The bytes that came next, as many as lie together. What was taken before is free again. */
  take(): Uint8Array | undefined;
  /** Forgets what was not taken. No socket may be reading any more. */
  clear(): void;
}

export const createReadBuffers = (): ReadBuffers => {
  // Slow buffers, since slices of the shared pool would keep that alive.
  const newBlock = (): Block => ({ memory: Buffer.allocUnsafeSlow(BUFFER_BYTES), chunks: 0 });
  const free = Array.from({ length: BUFFERS }, newBlock);
  const waiting: Chunk[] = [];
  let current: Block | undefined;
  let end = 0;
  let taken: Chunk | undefined;

  const release = ({ block }: Chunk) => {
    block.chunks -= 1;
    if (block.chunks === 0 && block !== current) free.push(block);
  };

  return {
    room: () => {
      if (!current || BUFFER_BYTES - end < LEAST_ROOM_BYTES) {
        const full = current;
        // Pausing a TLS socket does not stop what it has decrypted already: that must not overwrite anything.
        current = free.pop() ?? newBlock();
        end = 0;
        if (full?.chunks === 0) free.push(full);
      }
      return current.memory.subarray(end);
    },

    added: (sizeBytes) => {
      if (!current) throw new Error("Nothing can be added where no room was asked for");
      const last = waiting.at(-1);
      if (last?.block === current && last.end === end) last.end += sizeBytes;
      else {
        waiting.push({ block: current, start: end, end: end + sizeBytes });
        current.chunks += 1;
      }
      end += sizeBytes;
    },

    // Two, since the next room is asked for even when nothing more is to be read.
    hasRoom: () => free.length >= 2,

    take: () => {
      if (taken) release(taken);
      taken = waiting.shift();
      return taken?.block.memory.subarray(taken.start, taken.end);
    },

    clear: () => {
      for (const chunk of waiting.splice(0)) release(chunk);
      if (current?.chunks === 0) free.push(current);
      current = undefined;
    },
  };
};
