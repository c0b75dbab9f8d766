/**
 * Uppy 6 in front of cielo24-proxy: the options of `@uppy/aws-s3` with which it uploads straight to the proxy's bucket.
 * One file without dependencies, made to be copied into an application; `docs/clients/uppy.md` explains it.
 *
 *     const client = createClient({ baseUrl, token });          // cielo24-proxy/client
 *     uppy.use(AwsS3, signRequestOptions({ uppy, signUpload: client.signUpload }));
 *     uppy.setFileMeta(file.id, { job_id: jobId });             // before the upload: one job takes one medium
 */

/** One request to S3: an object, or a multipart upload's creation, part, list of parts, completion or end. */
export interface RequestToSign {
  readonly jobId: string;
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  readonly key?: string;
  readonly uploadId?: string;
  readonly partNumber?: number;
  readonly filename?: string;
  /** Bytes of the medium. */
  readonly contentLength?: number;
  readonly signal?: AbortSignal;
}

/** Calls `POST /api/job/sign_upload` with the user's token. `key` is where the object goes: the proxy chooses it. */
export type SignUpload = (
  request: RequestToSign,
) => Promise<{ readonly url: string; readonly key: string; readonly headers: Readonly<Record<string, string>> }>;

/** What is used of a file of Uppy's. `meta.job_id` is the application's to set; `meta.name` is always there. */
export interface UploadFile {
  readonly id: string;
  readonly name?: string | undefined;
  readonly size: number | null;
  readonly meta: { readonly name?: unknown; readonly job_id?: unknown };
}

/** What Uppy calls `signRequest` with. */
interface UppyRequest {
  readonly method: "GET" | "PUT" | "POST" | "DELETE" | "HEAD";
  readonly key: string;
  readonly uploadId?: string;
  readonly partNumber?: number;
}

const MIB = 1024 * 1024;
const MULTIPART_FROM_BYTES = 100 * MIB;
const SMALLEST_PART_BYTES = 5 * MIB;
/** S3 lists a thousand parts at a time, and Uppy reads one list: of more, a resumed upload would send some again. */
const MOST_PARTS = 1000;

/** A single PUT can't be resumed, so large files go up in parts. */
export const shouldUseMultipart = ({ size }: { readonly size: number | null }): boolean =>
  (size ?? 0) > MULTIPART_FROM_BYTES;

export const getChunkSize = ({ size }: { readonly size: number }): number =>
  Math.max(SMALLEST_PART_BYTES, Math.ceil(size / MOST_PARTS));

/** What the proxy has to know of a file to choose its key. @throws where it has no job */
export const describeFile = ({ name, size, meta: { job_id: jobId } }: UploadFile) => {
  if (typeof jobId !== "string" || jobId === "") throw new Error("This file has no job id.");
  return {
    jobId,
    ...(name === undefined ? {} : { filename: name }),
    // S3 then takes exactly so many bytes; and what is too large for cielo24 is refused before it travels.
    ...(size === null || size === 0 ? {} : { contentLength: size }),
  };
};

/** Keys are `media/<job_id>/…`, which still tells the job once Uppy has removed the file. */
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
  /** Uppy tells `signRequest` the key that it proposes and nothing of the file, so the file's id stands for a key. */
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
