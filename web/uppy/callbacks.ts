/**
 * Uppy 4 and 5 with cielo24-proxy: callbacks for `@uppy/aws-s3` that upload straight to the proxy's bucket. Copy this file
 * into your application together with `sign-request.ts`; `docs/clients/uppy.md` explains both.
 *
 *     uppy.use(AwsS3, awsS3Callbacks({ signUpload: client.signUpload }));
 */
import {
  describeFile,
  getChunkSize,
  jobOfKey,
  shouldUseMultipart,
  type SignUpload,
  type UploadFile,
} from "./sign-request.ts";

interface Upload {
  readonly key: string;
  readonly uploadId?: string;
  readonly signal?: AbortSignal;
}

interface Part {
  readonly PartNumber?: number;
  readonly ETag?: string;
  readonly Size?: number;
}

/** The callbacks of `@uppy/aws-s3`, 4 and 5. The parts of a file are uploaded in parallel, each signed just before. */
export const awsS3Callbacks = ({ signUpload }: { readonly signUpload: SignUpload }) => {
  /** Signs a request about an upload that exists; the key tells its job. */
  const sign = (
    { key, uploadId = "", signal }: Upload,
    method: "GET" | "PUT" | "POST" | "DELETE",
    partNumber?: number,
  ) =>
    signUpload({
      jobId: jobOfKey(key),
      method,
      key,
      uploadId,
      ...(partNumber === undefined ? {} : { partNumber }),
      ...(signal ? { signal } : {}),
    });

  const signNew = (file: UploadFile, method: "PUT" | "POST", signal?: AbortSignal) =>
    signUpload({ method, ...describeFile(file), ...(signal ? { signal } : {}) });

  return {
    shouldUseMultipart,
    getChunkSize,

    getUploadParameters: async (file: UploadFile, { signal }: { readonly signal?: AbortSignal } = {}) => {
      const { url, headers } = await signNew(file, "PUT", signal);
      return { method: "PUT" as const, url, headers: { ...headers }, fields: {} };
    },

    createMultipartUpload: async (file: UploadFile & { readonly type?: string | undefined }) => {
      const { url, key, headers } = await signNew(file, "POST");
      const xml = await send("POST", url, {
        headers: { ...(file.type ? { "content-type": file.type } : {}), ...headers },
      });
      return { key, uploadId: textOf(xml, "UploadId") };
    },

    signPart: async (_file: unknown, { partNumber, ...upload }: Upload & { readonly partNumber: number }) => {
      const { url, headers } = await sign(upload, "PUT", partNumber);
      return { url, headers: { ...headers } };
    },

    listParts: async (_file: unknown, upload: Upload) => {
      const { url } = await sign(upload, "GET");
      const xml = await send("GET", url, upload);
      return [...xml.matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part = ""]) => ({
        PartNumber: Number(textOf(part, "PartNumber")),
        Size: Number(textOf(part, "Size")),
        ETag: textOf(part, "ETag"),
      }));
    },

    completeMultipartUpload: async (
      _file: unknown,
      { parts, ...upload }: Upload & { readonly parts: readonly Part[] },
    ) => {
      const { url } = await sign(upload, "POST");
      const list = [...parts]
        .sort((a, b) => (a.PartNumber ?? 0) - (b.PartNumber ?? 0))
        .map(
          ({ PartNumber = 0, ETag = "" }) => `<Part><PartNumber>${PartNumber}</PartNumber><ETag>${ETag}</ETag></Part>`,
        );
      const body = `<CompleteMultipartUpload>${list.join("")}</CompleteMultipartUpload>`;
      return { location: textOf(await send("POST", url, { ...upload, body }), "Location") };
    },

    abortMultipartUpload: async (_file: unknown, upload: Upload): Promise<void> => {
      const { url } = await sign(upload, "DELETE");
      await send("DELETE", url, upload);
    },
  };
};

/** @returns S3's XML. @throws if S3 refuses: when completing takes long, S3 may do so in the body of a 200. */
const send = async (
  method: string,
  url: string,
  { headers = {}, body, signal }: { headers?: Record<string, string>; body?: string; signal?: AbortSignal } = {},
): Promise<string> => {
  const response = await fetch(url, {
    method,
    headers,
    ...(body === undefined ? {} : { body }),
    ...(signal ? { signal } : {}),
  });
  const xml = await response.text();
  if (response.ok && !xml.includes("<Error>")) return xml;
  throw Object.assign(new Error(`S3 refused: ${textOf(xml, "Message") || response.status}`), {
    status: response.status,
  });
};

/** S3 generates this XML, so it has no markup beyond elements and the entities for quotes and ampersands. */
const textOf = (xml: string, element: string): string =>
  (new RegExp(`<${element}>([^<]*)</${element}>`).exec(xml)?.[1] ?? "")
    .replaceAll(/&(quot|#34);/g, '"')
    .replaceAll("&amp;", "&");
