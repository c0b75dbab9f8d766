/**
 * Uppy 6 with cielo24-proxy: options for `@uppy/aws-s3` that upload straight to the proxy's bucket. Copy this file into
 * your application; it has no dependencies, and `docs/clients/uppy.md` explains it.
 *
 *     const client = createClient({ baseUrl, token });          // cielo24-proxy/client
 *     uppy.use(AwsS3, signRequestOptions({ uppy, signUpload: client.signUpload }));
 *     uppy.setFileMeta(file.id, { job_id: jobId });             // before the upload; one file per job
 */

/** One request to S3: a PUT of an object, or a multipart upload's creation, part, list of parts, completion or abort. */
export interface RequestToSign {
  readonly jobId: string;
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  readonly key?: string;
  readonly uploadId?: string;
  readonly partNumber?: number;
  readonly filename?: string;
  /** The file's size in bytes. */
  readonly contentLength?: number;
  readonly signal?: AbortSignal;
}

/** Calls `POST /api/job/sign_upload` with the user's token. The proxy chooses the object's `key`. */
export type SignUpload = (
  request: RequestToSign,
) => Promise<{ readonly url: string; readonly key: string; readonly headers: Readonly<Record<string, string>> }>;

/** The properties of Uppy's files that are used. The application sets `meta.job_id`; Uppy always sets `meta.name`. */
export interface UploadFile {
  readonly id: string;
  readonly name?: string | undefined;
  readonly size: number | null;
  readonly meta: { readonly name?: unknown; readonly job_id?: unknown };
}

/** Uppy's argument to `signRequest`. */
interface UppyRequest {
  readonly method: "GET" | "PUT" | "POST" | "DELETE" | "HEAD";
  readonly key: string;
  readonly uploadId?: string;
  readonly partNumber?: number;
}

const MIB = 1024 * 1024;
const MULTIPART_FROM_BYTES = 100 * MIB;
const SMALLEST_PART_BYTES = 5 * MIB;
/** S3 lists a thousand parts per page and Uppy reads one page, so with more parts a resumed upload would send some again. */
const MOST_PARTS = 1000;

/** A single PUT can't be resumed, so large files are uploaded in parts. */
export const shouldUseMultipart = ({ size }: { readonly size: number | null }): boolean =>
  (size ?? 0) > MULTIPART_FROM_BYTES;

export const getChunkSize = ({ size }: { readonly size: number }): number =>
  Math.max(SMALLEST_PART_BYTES, Math.ceil(size / MOST_PARTS));

/** What the proxy has to know about a file to choose its key. @throws if the file has no job id */
export const describeFile = ({ name, size, meta: { job_id: jobId } }: UploadFile) => {
  if (typeof jobId !== "string" || jobId === "") throw new Error("This file has no job id.");
  return {
    jobId,
    ...(name === undefined ? {} : { filename: name }),
    // S3 then accepts exactly this size, and the proxy refuses a file that is too large for cielo24 before it is uploaded.
    ...(size === null || size === 0 ? {} : { contentLength: size }),
  };
};

/** Keys are `media/<job_id>/…`, so they tell the job even after Uppy has removed the file. */
export const jobOfKey = (key: string): string => key.split("/")[1] ?? "";

/** The options of `@uppy/aws-s3`, 6.2 and later. */
export const signRequestOptions = ({
  uppy,
  signUpload,
}: {
  readonly uppy: { readonly getFiles: () => readonly UploadFile[] };
  readonly signUpload: SignUpload;
}) => ({
  shouldUseMultipart,
  getChunkSize,
  /** Uppy passes only the key it proposes to `signRequest`, nothing about the file, so the file's id serves as the key. */
  generateObjectKey: ({ id }: { readonly id: string }): string => id,
  signRequest: async ({ method, key, uploadId, partNumber }: UppyRequest) => {
    if (method === "HEAD") throw new Error("HEAD requests are not signed.");
    if (uploadId !== undefined)
      return signUpload({
        jobId: jobOfKey(key),
        method,
        key,
        uploadId,
        ...(partNumber === undefined ? {} : { partNumber }),
      });
    const file = uppy.getFiles().find(({ id }) => id === key);
    if (!file) throw new Error("The file was removed.");
    return signUpload({ method, ...describeFile(file) });
  },
});
