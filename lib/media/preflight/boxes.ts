import { latin1, type LookedAt } from "./bytes.ts";
import type { Learning } from "./facts.ts";

/**
 * MP4 and QuickTime, by their own boxes (ISO/IEC 14496-12, and Apple's QuickTime File Format). Read here rather than by
 * mediabunny, which reads the whole `moov` (several MB for a long film), unpacks its sample tables and drops tracks whose
 * codec it does not know. This needs the headers of a few boxes.
 */

/** Files that play have boxes that end a little behind the file, so only a real gap counts. */
const TOLERATED_GAP_BYTES = 64 * 1024;

const FIRST_BOXES = new Set(["ftyp", "styp", "moov", "mdat", "wide", "free", "skip", "pnot", "sidx", "moof"]);

/** Brands of HEIF whose files are one image, or several that do not move. */
const IMAGE_BRANDS = new Set(["heic", "heix", "heim", "heis", "mif1", "mif2", "avif", "jpeg"]);

/** Handlers of tracks that never have sound. QuickTime's `MPEG` and others may. */
const SILENT_HANDLERS = new Set(["vide", "auxv", "pict", "hint", "text", "sbtl", "subt", "clcp", "tmcd", "meta"]);

interface Box {
  readonly type: string;
  /** Where its contents begin. */
  readonly body: number;
  /** Where it ends by its own account, maybe behind the file. */
  readonly end: number;
}

const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The box at `start`, or undefined where none can be. One without a size goes on to `parentEnd`. */
const readBox = async (look: LookedAt, start: number, parentEnd: number): Promise<Box | undefined> => {
  if (start + 8 > Math.min(parentEnd, look.sizeBytes)) return undefined;
  const header = await look.read(start, Math.min(start + 16, look.sizeBytes));
  const type = latin1(header.subarray(4, 8));
  if (!/^[\x20-\x7e]{4}$/.test(type)) return undefined;
  const short = view(header).getUint32(0);
  if (short === 1 && header.length < 16) return undefined;
  const size = short === 1 ? Number(view(header).getBigUint64(8)) : short;
  const headerBytes = short === 1 ? 16 : 8;
  // Recorders leave 0 or all ones where they could not come back to write the size.
  const isOpen = size === 0 || short === 0xffff_ffff || size > Number.MAX_SAFE_INTEGER;
  if (!isOpen && size < headerBytes) return undefined;
  return { type, body: start + headerBytes, end: isOpen ? parentEnd : start + size };
};

/** Whether this begins like MP4 or QuickTime. */
export const hasBoxes = (beginning: Uint8Array): boolean => FIRST_BOXES.has(latin1(beginning.subarray(4, 8)));

/** Adds what the boxes say. Rejects if it cannot read on; what was learned by then is certain all the same. */
export const learnFromBoxes = async (look: LookedAt, facts: Learning): Promise<void> => {
  facts.container = "QuickTime";
  let brand = "";
  let hasMovie = false;
  let hasItems = false;
  let at = 0;
  while (at < look.sizeBytes) {
    const box = await readBox(look, at, look.sizeBytes);
    // Whatever follows a movie is ignored by players. Before one, it leaves in doubt where the movie is.
    if (!box) return;
    if (box.type === "ftyp") {
      brand = latin1(await look.read(box.body, Math.min(box.body + 4, look.sizeBytes)));
      if (brand !== "qt  ") facts.container = "MP4";
    }
    const isFragmented = box.type === "moov" ? await learnFromMovie(look, box, facts) : box.type === "moof";
    // A fragmented recording plays up to wherever it ends.
    if (isFragmented) return;
    hasMovie ||= box.type === "moov";
    hasItems ||= box.type === "meta";
    const missingBytes = box.end - look.sizeBytes;
    if ((box.type === "mdat" || box.type === "moov") && missingBytes > TOLERATED_GAP_BYTES) {
      facts.truncated = `at least ${Math.round(missingBytes / 1024)} KiB are missing at its end`;
      break;
    }
    at = box.end;
  }
  if (hasMovie) return;
  if (IMAGE_BRANDS.has(brand)) {
    delete facts.container;
    delete facts.truncated;
    facts.notMedia = "an image (HEIC or AVIF)";
  } else if (!hasItems) facts.truncated ??= "its index (moov) is missing";
};

/** Resolves to whether the movie is fragmented: then its `moov` knows its tracks, but not its duration. */
const learnFromMovie = async (look: LookedAt, moov: Box, facts: Learning): Promise<boolean> => {
  const movie = { handlers: [] as string[], durationS: 0, longestTrackS: 0, isFragmented: false };
  /** @returns whether all of it was understood */
  const walk = async (parent: Box): Promise<boolean> => {
    for (let at = parent.body; at + 8 <= parent.end;) {
      const box = await readBox(look, at, parent.end);
      if (!box || box.end > parent.end) return false;
      if (box.type === "trak" || box.type === "mdia") {
        if (!(await walk(box))) return false;
      } else if (box.type === "mvhd") movie.durationS = await readDuration(look, box);
      else if (box.type === "mdhd") movie.longestTrackS = Math.max(movie.longestTrackS, await readDuration(look, box));
      else if (box.type === "hdlr" && parent.type === "mdia")
        movie.handlers.push(latin1(await look.read(box.body + 8, box.body + 12)));
      else if (box.type === "mvex") movie.isFragmented = true;
      at = box.end;
    }
    return true;
  };
  if (!(await walk(moov))) return movie.isFragmented;
  // The movie's own duration counts silence before a late start, the track's what an edit has cut off.
  const durationS = Math.min(movie.durationS, movie.longestTrackS);
  if (durationS > 0 && !movie.isFragmented) facts.durationS = durationS;
  const { handlers } = movie;
  const audioTracks = handlers.filter((handler) => handler === "soun").length;
  if (audioTracks > 0 || handlers.every((handler) => SILENT_HANDLERS.has(handler))) facts.audioTracks = audioTracks;
  facts.videoTracks = handlers.filter((handler) => handler === "vide").length;
  return movie.isFragmented;
};

/** In seconds, or 0 where it is unknown. */
const readDuration = async (look: LookedAt, box: Box): Promise<number> => {
  const bytes = view(await look.read(box.body, box.body + 32));
  const isLong = bytes.getUint8(0) === 1;
  const timescale = bytes.getUint32(isLong ? 20 : 12);
  const units = isLong ? Number(bytes.getBigUint64(24)) : bytes.getUint32(16);
  const isKnown = timescale > 0 && units < (isLong ? Number.MAX_SAFE_INTEGER : 0xffff_ffff);
  return isKnown ? units / timescale : 0;
};
