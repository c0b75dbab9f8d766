import { timesAt } from "./memories.ts";

/** What costs and simulation go by: what was counted, what was measured, and what is only assumed. */

/**
 * The calls of one upload whose delivery takes less than `PROGRESS_INTERVAL_MS`; a longer one writes its progress once in
 * that time. `test/scale/calls.test.ts` counts them on the local stack.
 */
export const CALLS = {
  /** `request_upload_url`, of an owner and a job that the ledger does not know. */
  signing: { GetItem: 2, UpdateItem: 2 },
  /** From the event to the end of the invocation, of a warm function, and of a file whose head says all. */
  delivery: {
    ChangeMessageVisibility: 1,
    GetItem: 1,
    UpdateItem: 4,
    PutEvents: 1,
    HeadObject: 2,
    GetObject: 2,
  },
  /** `delivery`, of a job that has its end. */
  status: { GetItem: 2 },
} as const;

/**
 * What the index of open rows adds to the ledger's writes: an entry costs one when it is made or removed, two when it is
 * moved. Signing makes it; the claim moves it, and the end removes it once it is announced.
 */
export const INDEX_WRITES = { signing: 1, delivery: 3 } as const;

/** S3 sends the message, Lambda receives and deletes it. The local stack does this without a call. */
export const QUEUE_CALLS_AROUND = 3;

/** cielo24 is called for `job/info` and `add_media`. */
export const CIELO24_CALLS = 2;

/** Assumed: what S3 and the way to cielo24 carry for one delivery. */
const LINK_BYTES_PER_S = 50e6;

/** Assumed: the calls around the bytes, warm, with some 70 ms to cielo24. */
const CALLS_S = 1;

/** Lambda's own log lines, the gateway's and the functions'; the last are 1.4 kB. */
export const LOG_BYTES_PER_UPLOAD = 4000;

/** Bytes. */
export const MIB = 1024 ** 2;
/** Bytes. */
export const GIB = 1024 ** 3;

/**
 * How long deliver-media runs for so many bytes: the calls, and then as long as the link takes, or the CPU as it was
 * measured. Throws for a memory that has not been measured.
 */
export const deliveryS = (sizeBytes: number, memoryMb: number, linkBytesPerS = LINK_BYTES_PER_S): number => {
  const { mibS, gibS } = timesAt(memoryMb);
  return Math.max(CALLS_S, mibS) + Math.max(sizeBytes / linkBytesPerS, (gibS - mibS) * (sizeBytes / GIB));
};

/** Assumed, as cielo24 documents no limit: the calls that it answers in a second. */
export const CIELO24_CALLS_PER_S = 20;

/** The parts of the client library, `client/upload.ts`. */
export const PART_BYTES = 8 * MIB;
