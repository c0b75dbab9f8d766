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

/** A read costs a round trip, whatever its size, so each brings what lies behind, too: enough for a `moov`'s beginning. */
const LEAST_READ_BYTES = 16 * 1024;

/** The bytes of one look. Whatever was read once is read no more. */
export interface LookedAt extends MediaBytes {
  /** The first match in what was read so far, in the order in which it was read, with one character a byte. */
  seen(pattern: RegExp): RegExpExecArray | undefined;
}

/**
 * `media`, read ahead, remembered and bounded: `read` rejects instead of asking for more than the budget allows, and if
 * `media` gives another number of bytes than asked for. One read at a time is under way.
 */
export const withinBudget = (media: MediaBytes, budget: PreflightBudget): LookedAt => {
  const blocks: { readonly start: number; readonly end: number; readonly bytes: Uint8Array }[] = [];
  let bytesLeft = budget.bytes;
  let requestsLeft = budget.requests;
  let aheadBytes = LEAST_READ_BYTES;
  let idle: Promise<unknown> = Promise.resolve();

  const fetchBlock = async (start: number, leastEnd: number) => {
    // Whoever reads on and on gets more each time, so that a long beginning takes few requests.
    aheadBytes = blocks.at(-1)?.end === start ? aheadBytes * 2 : LEAST_READ_BYTES;
    const end = Math.min(Math.max(leastEnd, start + aheadBytes), start + bytesLeft, media.sizeBytes);
    if (end < leastEnd || requestsLeft === 0) throw new Error("The look has used up its budget.");
    bytesLeft -= end - start;
    requestsLeft -= 1;
    const bytes = await media.read(start, end);
    if (bytes.length !== end - start) throw new Error("The source gave another number of bytes than asked for.");
    const block = { start, end, bytes };
    blocks.push(block);
    return block;
  };

  const collect = async (start: number, end: number): Promise<Uint8Array> => {
    const collected = new Uint8Array(end - start);
    for (let at = start; at < end;) {
      const from = at;
      const block = blocks.find((known) => known.start <= from && from < known.end) ?? (await fetchBlock(at, end));
      const part = block.bytes.subarray(at - block.start, end - block.start);
      if (part.length === collected.length) return part;
      collected.set(part, at - start);
      at += part.length;
    }
    return collected;
  };

  return {
    sizeBytes: media.sizeBytes,
    seen(pattern) {
      for (const { bytes } of blocks) {
        const match = pattern.exec(latin1(bytes));
        if (match) return match;
      }
      return undefined;
    },
    read(start, end) {
      if (!(start >= 0 && start <= end && end <= media.sizeBytes))
        return Promise.reject(new RangeError("There are no such bytes."));
      if (end - start > budget.bytes) return Promise.reject(new RangeError("That is more than the whole budget."));
      const result = idle.then(() => collect(start, end));
      idle = result.catch(() => undefined);
      return result;
    },
  };
};

/** Each byte as one character, for patterns. */
export const latin1 = (bytes: Uint8Array): string => {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
};
