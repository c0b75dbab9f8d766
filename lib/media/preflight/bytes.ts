/** Bytes to look at: one version of an object, or a local file. */
export interface MediaBytes {
  readonly sizeBytes: number;
  /** Bytes from `start` up to `end` (exclusive), which lies within the size. */
  read(start: number, end: number): Promise<Uint8Array>;
}

/** What one look may cost: bytes read, and reads. */
export interface PreflightBudget {
  readonly bytes: number;
  readonly requests: number;
}

/** The bytes of one look. Whatever was read once is not read again. */
export interface LookedAt extends MediaBytes {
  /** The first match in what was read so far, block by block in the order of reading, with one character a byte. */
  seen(pattern: RegExp): RegExpExecArray | undefined;
}

/** A read costs a round trip, whatever its size, so each brings what lies behind, too: enough for a `moov`'s beginning. */
const LEAST_READ_BYTES = 16 * 1024;

/**
 * `media`, read ahead, remembered and bounded: `read` rejects rather than ask for more than the budget allows, and if
 * `media` gives another number of bytes than it was asked for. One read at a time is under way.
 */
export const withinBudget = (media: MediaBytes, budget: PreflightBudget): LookedAt => {
  const { sizeBytes } = media;
  const blocks: { readonly start: number; readonly end: number; readonly bytes: Uint8Array }[] = [];
  let bytesLeft = budget.bytes;
  let aheadBytes = LEAST_READ_BYTES;
  let idle: Promise<unknown> = Promise.resolve();

  const readBlock = async (start: number, leastEnd: number) => {
    const last = blocks.at(-1);
    // Whoever reads on and on gets more each time, so that a long beginning takes few requests.
    aheadBytes = last && last.start < start && start <= last.end ? aheadBytes * 2 : LEAST_READ_BYTES;
    const end = Math.min(Math.max(leastEnd, start + aheadBytes), start + bytesLeft, sizeBytes);
    if (start < 0 || end < leastEnd || blocks.length >= budget.requests)
      throw new RangeError("Out of the look's reach.");
    bytesLeft -= end - start;
    const bytes = await media.read(start, end);
    if (bytes.length !== end - start) throw new Error("The source gave another number of bytes than it was asked for.");
    const block = { start, end, bytes };
    blocks.push(block);
    return block;
  };

  return {
    sizeBytes,
    read(start, end) {
      const result = idle.then(async () => {
        const known = blocks.find((block) => block.start <= start && end <= block.end);
        const block = known ?? (await readBlock(start, end));
        return block.bytes.subarray(start - block.start, end - block.start);
      });
      idle = result.catch(() => undefined);
      return result;
    },
    seen: (pattern) => {
      for (const { bytes } of blocks) {
        const match = pattern.exec(latin1(bytes));
        if (match) return match;
      }
      return undefined;
    },
  };
};

/** Each byte as one character, for patterns. */
export const latin1 = (bytes: Uint8Array): string => {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
};
