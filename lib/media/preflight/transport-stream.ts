import type { LookedAt } from "./bytes.ts";

/** Where packets begin, and how far apart they are: plain, and with the time stamps of cameras and Blu-ray. */
const LAYOUTS = [{ offset: 0, stride: 188 } as const, { offset: 4, stride: 192 } as const];
const PACKET_BYTES = 188;
const SYNC = 0x47;
const LEAST_PACKETS = 5;
/** Holds a frame or two at 20 Mbit/s. */
const END_BYTES = 128 * 1024;
const CLOCK_HZ = 90_000;
/** Stamps of one end that are further apart come of damage, or of recordings that were joined. */
const WIDEST_END_S = 10;

export type Layout = (typeof LAYOUTS)[number];

/** How the packets of an MPEG transport stream lie, or undefined if this is none. */
export const layoutOf = (beginning: Uint8Array): Layout | undefined =>
  LAYOUTS.find(({ offset, stride }) => {
    const syncs = beginning.filter((_, at) => at % stride === offset);
    return syncs.length >= LEAST_PACKETS && syncs.every((byte) => byte === SYNC);
  });

/**
 * Seconds from the first time stamp at the beginning to the last at the end, as the clock may begin anywhere. Not a
 * positive number if an end has no stamps or the clock turns over, and undefined if it jumps. Reads both ends.
 */
export const readClock = async (look: LookedAt, layout: Layout): Promise<number | undefined> => {
  const { sizeBytes } = look;
  const endStart = Math.max(0, sizeBytes - END_BYTES);
  const first = stamps(await look.read(0, Math.min(END_BYTES, sizeBytes)), layout);
  const last = stamps(await look.read(endStart - (endStart % layout.stride), sizeBytes), layout);
  const isSteady = [first, last].every((end) => Math.max(...end) - Math.min(...end) < WIDEST_END_S);
  return isSteady ? Math.max(...last) - Math.min(...first) : undefined;
};

/** The presentation time stamps of sound and pictures, in seconds (ISO/IEC 13818-1, 2.4.3.2 and 2.4.3.6). */
const stamps = (bytes: Uint8Array, { offset, stride }: Layout): number[] => {
  const seconds: number[] = [];
  for (let at = offset; at + PACKET_BYTES <= bytes.length; at += stride) {
    const packet = new DataView(bytes.buffer, bytes.byteOffset + at, PACKET_BYTES);
    if (packet.getUint8(0) !== SYNC) return [];
    const isStart = (packet.getUint8(1) & 0x40) !== 0;
    const hasAdaptation = (packet.getUint8(3) & 0x20) !== 0;
    const pes = hasAdaptation ? 5 + packet.getUint8(4) : 4;
    if (!isStart || pes + 14 > PACKET_BYTES) continue;
    const startCode = packet.getUint32(pes);
    if (startCode < 0x1c0 || startCode > 0x1ef || (packet.getUint8(pes + 7) & 0x80) === 0) continue;
    // 3, 15 and 15 bits, each with a marker bit behind them.
    const [high, middle, low] = [
      packet.getUint8(pes + 9) & 0x0e,
      packet.getUint16(pes + 10),
      packet.getUint16(pes + 12),
    ];
    seconds.push((high * 2 ** 29 + (middle >> 1) * 2 ** 15 + (low >> 1)) / CLOCK_HZ);
  }
  return seconds;
};
