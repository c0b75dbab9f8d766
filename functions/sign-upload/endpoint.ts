import { respond } from "../../lib/http/response.ts";
import { ApiError } from "../../lib/http/errors.ts";
import type { ApiRequest, Endpoint } from "../../lib/http/request.ts";
import { validate } from "../../lib/http/validate.ts";
import { mediaKey, parseMediaKey } from "../../lib/media/key.ts";
import type { SignedRequest, UploadSigner } from "../../lib/media/upload-signing.ts";
import type { Runtime } from "../../lib/runtime.ts";
import { beginUpload, type BeginUpload } from "./admission.ts";
import { checkMediaSize, checkRequestSize } from "./limits.ts";
import { requestUploadUrlParameters, signUploadParameters, type SignUploadParameters } from "./schema.ts";

export interface SignUpload extends Omit<BeginUpload, "clock"> {
  readonly signer: UploadSigner;
  readonly runtime: Pick<Runtime, "clock" | "randomHex">;
  readonly maxMediaBytes: number;
}

/** `GET /api/job/request_upload_url`: one PUT of the whole media, as cielo24's own action of that name. */
export const requestUploadUrl =
  (parts: SignUpload): Endpoint =>
  async ({ parameters, ...from }) => {
    const wanted = validate(requestUploadUrlParameters, parameters);
    const { url, ...signed } = show(await signPut(parts, wanted, from));
    return respond({ upload_url: url, ...signed });
  };

/** `POST /api/job/sign_upload`: one request to S3, of a single upload or of one in parts. */
export const signUpload =
  (parts: SignUpload): Endpoint =>
  async ({ parameters, ...from }) =>
    respond(show(await sign(parts, validate(signUploadParameters, parameters), from)));

/** Who asks, and by when they must have their answer. */
type From = Pick<ApiRequest, "caller" | "deadline">;

const show = ({ url, key, headers, expiresAt }: SignedRequest) => ({ url, key, headers, expires_at: expiresAt });

/** Which request is meant follows from its method and from whether there is an upload already, as in S3 itself. */
const sign = async (parts: SignUpload, wanted: SignUploadParameters, from: From): Promise<SignedRequest> => {
  const { signer, ownership } = parts;
  const { method, upload_id, part_number: partNumber, content_length: contentLength } = wanted;
  if (upload_id === undefined && partNumber === undefined) {
    if (method === "PUT") return signPut(parts, wanted, from);
    if (method === "POST") return signCreate(parts, wanted, from);
  }
  await ownership.bind(from.caller, wanted.job_id);
  const upload = { key: ownKey(wanted), uploadId: upload_id ?? missing("upload_id") };
  switch (method) {
    case "PUT":
      checkRequestSize(contentLength);
      return signer.part({ ...upload, partNumber: partNumber ?? missing("part_number"), contentLength });
    case "GET":
      return signer.listParts({ ...upload, afterPart: partNumber });
    case "POST":
      return signComplete(parts, upload);
    case "DELETE":
      return signer.abort(upload);
  }
};

type NewUpload = Pick<SignUploadParameters, "job_id" | "filename" | "content_length" | "content_type">;

const signPut = async (
  parts: SignUpload,
  { content_length: contentLength, content_type, ...wanted }: NewUpload,
  from: From,
) => {
  checkMediaSize(contentLength, parts.maxMediaBytes);
  checkRequestSize(contentLength);
  const key = await newKey(parts, wanted, from);
  return parts.signer.put({ key, contentLength, contentType: content_type });
};

const signCreate = async (parts: SignUpload, { content_length, content_type, ...wanted }: NewUpload, from: From) => {
  checkMediaSize(content_length, parts.maxMediaBytes);
  const key = await newKey(parts, wanted, from);
  return parts.signer.createMultipart({ key, contentType: content_type });
};

/**
 * The parts are counted before completing is signed. An upload that is gone was completed before, perhaps by a request
 * whose answer was lost: S3 itself answers for it, and a client takes NoSuchUpload after its own complete for success.
 */
const signComplete = async ({ signer, maxMediaBytes }: SignUpload, upload: { key: string; uploadId: string }) => {
  checkMediaSize(await signer.uploadedBytes(upload), maxMediaBytes);
  return signer.complete(upload);
};

/** A client's own wish for a key is ignored: it gets this one back instead. */
const newKey = async (
  { runtime, ...parts }: SignUpload,
  { job_id: jobId, filename }: NewUpload,
  { caller, deadline }: From,
): Promise<string> => {
  await beginUpload({ ...parts, clock: runtime.clock }, { jobId, caller, deadline });
  return mediaKey(jobId, runtime.randomHex(), filename);
};

/** The key binds the job, as the job binds the owner: nobody gets at the parts of a foreign upload. */
const ownKey = ({ job_id: jobId, key = missing("key") }: SignUploadParameters): string => {
  const parsed = parseMediaKey(key);
  if (typeof parsed === "object" && parsed.uploadId !== undefined && parsed.jobId === jobId) return key;
  throw new ApiError("INVALID_QUERY", { comment: "key must be one that was answered for this job_id." });
};

const missing = (name: string): never => {
  throw new ApiError("MISSING_PARAMETER", { comment: `${name} is missing.` });
};
