import AwsS3 from "@uppy/aws-s3";
import Uppy, { type UppyFile } from "@uppy/core";
import Dashboard from "@uppy/dashboard";
import GoldenRetriever, { type GoldenRetrieverOptions } from "@uppy/golden-retriever";
import { resumeByItself } from "./uppy/resume.ts";
import { signRequestOptions, type SignUpload } from "./uppy/sign-request.ts";

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
const GIB = 1024 ** 3;
/** Larger files are not copied into IndexedDB: after a reload the person selects them again, and the upload resumes. */
const RESTORED_FILES = { maxFileSize: 2 * GIB, maxTotalSize: 8 * GIB };

/** Uppy with its Dashboard, uploading through the proxy. */
export const createUploads = ({
  id,
  target,
  signUpload,
}: {
  /** Files are restored by this id after a reload. */
  id: string;
  target: HTMLElement;
  signUpload: SignUpload;
}): Uploads => {
  const uppy: Uploads = new Uppy<FileMeta, NoBody>({
    id,
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
  uppy.use(AwsS3, signRequestOptions({ uppy, signUpload }));
  // The plugin's types lack this option, which it passes on to its store.
  uppy.use(GoldenRetriever, { indexedDB: RESTORED_FILES } as GoldenRetrieverOptions);
  resumeByItself(uppy);
  return uppy;
};
