import Uppy, { type UppyFile } from "@uppy/core";
import Dashboard from "@uppy/dashboard";
import GoldenRetriever, { type GoldenRetrieverOptions } from "@uppy/golden-retriever";
import type { Client } from "../client/index.ts";
import Cielo24 from "../client/uppy/index.ts";
import { kindOfName } from "../lib/media/names.ts";

/** What the page keeps with a file. */
export interface FileMeta {
  job_id?: string;
  [key: string]: unknown;
}
type NoBody = Record<string, unknown>;
export type MediaFile = UppyFile<FileMeta, NoBody>;
export type Uploads = Uppy<FileMeta, NoBody>;

/** cielo24 takes 10 GiB − 1. */
const LARGEST_MEDIUM_BYTES = 10_737_418_239;
const ALLOWED_TYPES = [
  "video/*",
  "audio/*",
  ".mp4",
  ".mov",
  ".mkv",
  ".mxf",
  ".avi",
  ".wmv",
  ".mp3",
  ".m4a",
  ".wav",
  ".flac",
];
const NOTICE_MS = 7_000;
const GIB = 1024 ** 3;
/** Larger files are not copied into IndexedDB: after a reload the person selects them again, and the upload resumes. */
const RESTORED_FILES = { maxFileSize: 2 * GIB, maxTotalSize: 8 * GIB };

/** Tells of files that are left out for their names, of all that were chosen together in one notice. */
const createLeftOut = (tell: (text: string) => void) => {
  let names: string[] = [];
  return (name: string): void => {
    names.push(name);
    if (names.length > 1) return;
    // Uppy goes through everything that was chosen before anything else runs.
    queueMicrotask(() => {
      const [first = "", ...others] = names;
      names = [];
      tell(
        others.length > 0
          ? `${others.length + 1} files are left out, such as ${first}: by their names they only go with media, or are not finished.`
          : kindOfName(first) === "sidecar"
            ? `${first} is left out: by its name it only goes with media. Choose the video or audio itself.`
            : `${first} is left out: by its name it is a program's own file, or not finished. Choose the video or audio itself.`,
      );
    });
  };
};

/** Uppy with its Dashboard, uploading through the proxy. */
export const createUploads = ({
  id,
  target,
  client,
}: {
  /** Files are restored by this id after a reload. */
  id: string;
  target: HTMLElement;
  client: Client;
}): Uploads => {
  const leaveOut = createLeftOut((text) => {
    uppy.info(text, "error", NOTICE_MS);
  });
  const uppy: Uploads = new Uppy<FileMeta, NoBody>({
    id,
    onBeforeFileAdded: ({ id: fileId, name }, files) => {
      if (kindOfName(name) === "media") return !Object.hasOwn(files, fileId);
      leaveOut(name);
      return false;
    },
    restrictions: { allowedFileTypes: ALLOWED_TYPES, maxFileSize: LARGEST_MEDIUM_BYTES, minFileSize: 1 },
    locale: {
      strings: {
        exceedsSize: "%{file} is too large: cielo24 takes up to %{size}. Cut it, or compress it.",
        inferiorSize: "This file is empty. Choose another one.",
        youCanOnlyUploadFileTypes: "That is neither video nor audio. Choose a file such as .mp4, .mov, .mp3 or .wav.",
        noDuplicates: "%{fileName} is in the list already.",
      },
      pluralize: (count: number) => (count === 1 ? 0 : 1),
    },
  });
  uppy.use(Dashboard, {
    inline: true,
    target,
    width: "100%",
    height: 360,
    theme: "auto",
    proudlyDisplayPoweredByUppy: false,
    disableThumbnailGenerator: true,
    singleFileFullScreen: false,
    note: "Video or audio, up to 10 GiB each. Large files resume where they stopped.",
  });
  uppy.use(Cielo24, { client });
  // The plugin's types lack this option, which it passes on to its store.
  uppy.use(GoldenRetriever, { indexedDB: RESTORED_FILES } as GoldenRetrieverOptions);
  return uppy;
};
