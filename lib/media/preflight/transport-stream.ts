import type { LookedAt } from "./bytes.ts";

/** Where packets begin, and how far apart: plain, with the time stamps of cameras and Blu-ray, with error correction. */
const LAYOUTS = [
  { offset: 0, stride: 188 },
  { offset: 4, stride: 192 },
  { offset: 0, stride: 204 },
] as const;

const SYNC = 0x47;
const LEAST_PACKETS = 5;
/** Has a frame or two at 20 Mbit/s. */
const ENDS_BYTES = 128 * 1024;
const CLOCK_HZ = 90_000;

type Layout = (typeof LAYOUTS)[number];

/** How the packets of an MPEG transport stream lie, or undefined if this is none. */
export const layoutOf = (beginning: Uint8Array): Layout | undefined =>
  LAYOUTS.find((layout) => isInStep(beginning, layout) && beginning.length >= LEAST_PACKETS * layout.stride);

const isInStep = (bytes: Uint8Array, { offset, stride }: Layout): boolean => {
  for (let at = offset; at < bytes.length; at += stride) if (bytes[at] !== SYNC) return false;
  return true;
};

/**
 * Seconds from the first time stamp at the beginning to the last at the end: the clock may begin anywhere. Undefined if
 * the clock turned over or went back, or if an end has no stamp. Reads both ends.
 */
export const readClock = async (look: LookedAt, layout: Layout): Promise<number | undefined> => {
  const { offset, stride } = layout;
  const beginning = await look.read(0, Math.min(ENDS_BYTES, look.sizeBytes));
  const endPackets = Math.max(0, Math.floor((look.sizeBytes - ENDS_BYTES) / stride));
  const end = await look.read(endPackets * stride, look.sizeBytes);
  if (!isInStep(beginning, layout) || !isInStep(end, layout)) return undefined;
  const firstTicks = Math.min(...timestamps(beginning, offset, stride));
  const lastTicks = Math.max(...timestamps(end, offset, stride));
  const durationS = (lastTicks - firstTicks) / CLOCK_HZ;
  return Number.isFinite(durationS) && durationS > 0 ? durationS : undefined;
};

/** The presentation time stamps of sound and pictures (ISO/IEC 13818-1, 2.4.3.2 and 2.4.3.6). */
function* timestamps(bytes: Uint8Array, offset: number, stride: number): Generator<number> {
  for (let at = offset; at + 188 <= bytes.length; at += stride) {
    const packet = bytes.subarray(at, at + 188);
    const byte = (index: number): number => packet[index] ?? 0;
    const isStart = (byte(1) & 0x40) !== 0;
    const pes = 4 + (byte(3) & 0x20 ? 1 + byte(4) : 0);
    const isPes = byte(pes) === 0 && byte(pes + 1) === 0 && byte(pes + 2) === 1;
    const isSoundOrPicture = byte(pes + 3) >= 0xc0 && byte(pes + 3) <= 0xef;
    if (!isStart || pes + 14 > 188 || !isPes || !isSoundOrPicture || !(byte(pes + 7) & 0x80)) continue;
    const high = ((byte(pes + 9) >> 1) & 0x07) * 2 ** 30;
    yield high + (byte(pes + 10) << 22) + ((byte(pes + 11) >> 1) << 15) + (byte(pes + 12) << 7) + (byte(pes + 13) >> 1);
  }
}
