import { mediaTypeOf } from "../client/media-names.ts";
import { kindOfName } from "../lib/media/names.ts";
import { lookInto } from "./look.ts";

/** What is needed of a file of Uppy's, as it is to be added. */
interface ChosenFile {
  readonly id: string;
  readonly name: string;
  readonly data: unknown;
}

interface ChoosingOptions {
  /** Tells the person what is left out, and why. */
  readonly tell: (text: string) => void;
  /** Adds a file that had to be looked into first. It is asked about again. */
  readonly addFile: (file: { readonly name: string; readonly type: string; readonly data: File }) => void;
}

/** Why a file is left out, as the rest of a sentence that begins with its name. */
const REASONS = {
  sidecar: "is left out: by its name it only goes with media. Choose the video or audio itself.",
  ignored: "is left out: by its name it is a program's own file, or not finished. Choose the video or audio itself.",
  empty: "is empty. Choose another one.",
  unknown: "is neither video nor audio. Choose a file such as .mp4, .mov, .mp3 or .wav.",
} as const;
type Reason = keyof typeof REASONS;

const OF_SEVERAL: Readonly<Record<Reason, string>> = {
  sidecar: "by their names they only go with media, or are not finished",
  ignored: "by their names they only go with media, or are not finished",
  empty: "they are empty",
  unknown: "they are neither video nor audio",
};

/**
 * Which of the chosen files are taken. A name can rule a file out. Otherwise the name or the bytes must speak for media; what
 * the browser takes it for, which is its guess from the name, does not count. Those that are left out together are told of
 * in one notice.
 *
 * @returns whether a file may be added now, as Uppy asks
 */
export const createChoosing = ({ tell, addFile }: ChoosingOptions) => {
  const areMedia = new WeakSet<Blob>();
  let leftOut: { readonly name: string; readonly reason: Reason }[] = [];
  let looking = 0;

  const tellOfAll = () => {
    const [first] = leftOut;
    if (looking > 0 || !first) return;
    const reasons = [...new Set(leftOut.map(({ reason }) => OF_SEVERAL[reason]))];
    tell(
      leftOut.length === 1
        ? `${first.name} ${REASONS[first.reason]}`
        : `${leftOut.length} files are left out, such as ${first.name}: ${reasons.join(", or ")}.`,
    );
    leftOut = [];
  };
  const leaveOut = (name: string, reason: Reason) => {
    leftOut.push({ name, reason });
    // Uppy goes through everything that was chosen before anything else runs.
    queueMicrotask(tellOfAll);
  };

  const lookFirst = async (file: File) => {
    looking += 1;
    const { media } = await lookInto(file);
    looking -= 1;
    if (media.container === undefined) leaveOut(file.name, "unknown");
    else {
      areMedia.add(file);
      addFile({ name: file.name, type: file.type, data: file });
    }
    tellOfAll();
  };

  return ({ id, name, data }: ChosenFile, files: Readonly<Record<string, { readonly isGhost?: boolean }>>): boolean => {
    const known = files[id];
    // Uppy itself tells of a file that is there already, and takes one whose bytes it has lost.
    if (known) return known.isGhost === true;
    const kind = kindOfName(name);
    const isEmpty = data instanceof Blob && data.size === 0;
    if (kind !== "media" || isEmpty) leaveOut(name, kind === "media" ? "empty" : kind);
    else if (mediaTypeOf(name) !== undefined || !(data instanceof File) || areMedia.has(data)) return true;
    else void lookFirst(data);
    return false;
  };
};
