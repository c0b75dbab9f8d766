import { latin1, type LookedAt } from "./bytes.ts";
import type { Learning } from "./facts.ts";

/**
 * MP4 and QuickTime, by their own boxes (ISO/IEC 14496-12, and Apple's QuickTime File Format). Read here rather than by
 * mediabunny, which reads the whole `moov` (several MB for a long film), unpacks its sample tables and leaves out tracks
 * that it does not understand. This needs the headers of a few boxes.
 */

/** Files that play have boxes that end a little behind the file, so only a real gap counts. */
const TOLERATED_GAP_BYTES = 64 * 1024;

const FIRST_BOX = /^[^]{4}(?:ftyp|styp|moov|mdat|wide|free|skip|pnot|sidx|moof)/;
/** HEIF whose files are one image, or several that do not move. */
const IMAGE_BRAND = /^(?:hei[cxms]|mif[12]|avif|jpeg)$/;
/** Handlers of tracks that never have sound. QuickTime's `MPEG`, among others, may. */
const SILENT_HANDLER = /^(?:vide|auxv|pict|hint|text|sbtl|subt|clcp|tmcd|meta)$/;

interface Box {
  readonly type: string;
  /** Where its contents begin. */
  readonly body: number;
  /** Where it ends by its own account, maybe behind the file. */
  readonly end: number;
}

/** Whether this begins like MP4 or QuickTime. */
export const hasBoxes = (beginning: Uint8Array): boolean => FIRST_BOX.test(latin1(beginning.subarray(0, 8)));

/** Adds what the boxes say. Rejects if it cannot read on; what was learned by then is certain all the same. */
export const learnFromBoxes = async (look: LookedAt, facts: Learning): Promise<void> => {
  const types = new Set<string>();
  let brand = "qt  ";
  for (let at = 0; at < look.sizeBytes && facts.truncated === undefined;) {
    const box = await readBox(look, at, look.sizeBytes);
    // Whatever follows a movie is ignored by players. Before one, it leaves in doubt where the movie is.
    if (!box) return;
    if (box.type === "ftyp") brand = latin1(await look.read(box.body, box.body + 4));
    if (types.size === 0) facts.container = brand === "qt  " && box.type !== "styp" ? "QuickTime" : "MP4";
    types.add(box.type);
    // A fragmented recording plays up to wherever it ends.
    if (box.type === "moof" || (box.type === "moov" && (await learnFromMovie(look, box, facts)))) return;
    const missingBytes = box.end - look.sizeBytes;
    if ((box.type === "mdat" || box.type === "moov") && missingBytes > TOLERATED_GAP_BYTES)
      facts.truncated = `at least ${Math.round(missingBytes / 1024)} KiB are missing at its end`;
    at = box.end;
  }
  if (types.has("moov")) return;
  if (IMAGE_BRAND.test(brand)) {
    delete facts.container;
    delete facts.truncated;
    facts.notMedia = "an image (HEIC or AVIF)";
  } else if (!types.has("meta")) facts.truncated ??= "its index (moov) is missing";
};

/** The box at `start`, or undefined where none can be. One without a size goes on to `parentEnd`. */
const readBox = async (look: LookedAt, start: number, parentEnd: number): Promise<Box | undefined> => {
  if (start + 8 > Math.min(parentEnd, look.sizeBytes)) return undefined;
  const header = await look.read(start, Math.min(start + 16, look.sizeBytes));
  const type = latin1(header.subarray(4, 8));
  const short = view(header).getUint32(0);
  const headerBytes = short === 1 ? 16 : 8;
  if (!/^[ -~]{4}$/.test(type) || headerBytes > header.length) return undefined;
  const size = short === 1 ? Number(view(header).getBigUint64(8)) : short;
  // Recorders leave 0 or all ones where they could not come back to write the size.
  const isOpen = size === 0 || short === 0xffff_ffff || size > Number.MAX_SAFE_INTEGER;
  if (!isOpen && size < headerBytes) return undefined;
  return { type, body: start + headerBytes, end: isOpen ? parentEnd : start + size };
};

/** Resolves to whether the movie is fragmented: then its `moov` knows its tracks, but not its duration. */
const learnFromMovie = async (look: LookedAt, moov: Box, facts: Learning): Promise<boolean> => {
  const handlers: string[] = [];
  const durationsS = { mvhd: 0, mdhd: 0 };
  let isFragmented = false as boolean;
  /** Resolves to whether all of it was understood. */
  const walk = async (parent: Box): Promise<boolean> => {
    for (let at = parent.body; at + 8 <= parent.end;) {
      const box = await readBox(look, at, parent.end);
      if (!box || box.end > parent.end) return false;
      const { type, body, end } = box;
      if ((type === "trak" || type === "mdia") && !(await walk(box))) return false;
      if (type === "hdlr" && parent.type === "mdia") handlers.push(latin1(await look.read(body + 8, body + 12)));
      if (type === "mvhd" || type === "mdhd")
        durationsS[type] = Math.max(durationsS[type], await readDuration(look, box));
      isFragmented ||= type === "mvex";
      at = end;
    }
    return true;
  };
  if (!(await walk(moov)) || handlers.length === 0) return isFragmented;
  // The movie's duration counts a pause before a late start, the longest track's what an edit has cut off.
  const durationS = Math.min(durationsS.mvhd, durationsS.mdhd);
  if (durationS > 0 && !isFragmented) facts.durationS = durationS;
  const count = (type: string) => handlers.filter((handler) => handler === type).length;
  facts.videoTracks = count("vide");
  if (count("soun") > 0 || handlers.every((handler) => SILENT_HANDLER.test(handler))) facts.audioTracks = count("soun");
  return isFragmented;
};

/** In seconds, or 0 where it is unknown. */
const readDuration = async (look: LookedAt, { body }: Box): Promise<number> => {
  const bytes = view(await look.read(body, body + 32));
  const isLong = bytes.getUint8(0) === 1;
  const units = isLong ? Number(bytes.getBigUint64(24)) : bytes.getUint32(16);
  const timescale = bytes.getUint32(isLong ? 20 : 12);
  return timescale > 0 && units < (isLong ? Number.MAX_SAFE_INTEGER : 0xffff_ffff) ? units / timescale : 0;
};

const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
