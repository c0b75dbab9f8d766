import Uppy, { type UppyFile } from "@uppy/core";
import Dashboard from "@uppy/dashboard";
import GoldenRetriever, { type GoldenRetrieverOptions } from "@uppy/golden-retriever";
import type { Client } from "../client/index.ts";
import Cielo24 from "../client/uppy/index.ts";
import { createChoosing } from "./choosing.ts";
import { chooseAgain, UPPY_WORDS } from "./uppy-words.ts";

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
const NOTICE_MS = 7_000;
const GIB = 1024 ** 3;
/** Larger files are not copied into IndexedDB: after a reload the person selects them again, and the upload resumes. */
const RESTORED_FILES = { maxFileSize: 2 * GIB, maxTotalSize: 8 * GIB };

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
  const mayBeAdded = createChoosing({
    tell: (text) => {
      uppy.info(text, "error", NOTICE_MS);
    },
    addFile: (file) => {
      uppy.addFiles([file]);
    },
  });
  const uppy: Uploads = new Uppy<FileMeta, NoBody>({
    id,
    onBeforeFileAdded: mayBeAdded,
    // No types: the file dialog would hide what it does not know, such as files without an ending.
    restrictions: { maxFileSize: LARGEST_MEDIUM_BYTES },
    locale: {
      strings: UPPY_WORDS,
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
    note: "Video or audio, up to 10 GB each. Large files resume where they stopped.",
  });
  const nameWhatIsLost = () => {
    const names = uppy.getFiles().flatMap(({ isGhost, name }) => (isGhost ? [name] : []));
    // The Dashboard shows these words only where a file is lost; setting them draws it anew.
    if (names.length === 0) return;
    const text = chooseAgain(names);
    uppy.getPlugin("Dashboard")?.setOptions({ locale: { strings: { recoveredXFiles: { 0: text, 1: text } } } });
  };
  for (const event of ["restored", "file-added", "file-removed"] as const) uppy.on(event, nameWhatIsLost);
  uppy.use(Cielo24, { client });
  // The plugin's types lack this option, which it passes on to its store.
  uppy.use(GoldenRetriever, { indexedDB: RESTORED_FILES } as GoldenRetrieverOptions);
  return uppy;
};
