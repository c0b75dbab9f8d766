import * as v from "valibot";
import { connectCielo24 } from "../../lib/cielo24/client.ts";
import { readConfig } from "../../lib/config.ts";
import { connectEvents } from "../../lib/delivery/aws/events.ts";
import { connectTable } from "../../lib/delivery/aws/table.ts";
import { readRowExpiryMs } from "../../lib/delivery/settings.ts";
import { createOwnership } from "../../lib/http/caller.ts";
import { respond, type ApiRequest, type Endpoint } from "../../lib/http/endpoint.ts";
import { ApiError, invalidQuery } from "../../lib/http/errors.ts";
import { apiHandler, type HttpHandler } from "../../lib/http/handler.ts";
import { apiVersion, jobId, plainText, validate, wholeNumber } from "../../lib/http/validate.ts";
import { mediaKey, parseMediaKey } from "../../lib/media/key.ts";
import { connectUploadSigner, type SignedRequest, type UploadSigner } from "../../lib/media/upload-signing.ts";
import { connectObservability, type Observability } from "../../lib/observability.ts";
import { lambdaHandler, type Runtime } from "../../lib/runtime.ts";
import { beginUpload, askWith, type BeginUpload } from "./begin-upload.ts";
import { cancelDelivery } from "./cancel-upload.ts";

const SERVICE = "sign-upload";

export const build = (runtime: Runtime): HttpHandler => {
  const { maxMediaBytes } = readConfig(runtime.env, "maxMediaBytes");
  const { ledger, owners } = connectTable(runtime);
  const observability = connectObservability(runtime, SERVICE);
  const cielo24 = connectCielo24(runtime);
  const parts = {
    signer: connectUploadSigner(runtime),
    ledger,
    ownership: createOwnership(owners),
    runtime,
    expiryMs: readRowExpiryMs(runtime.env),
    maxMediaBytes,
    announce: connectEvents(runtime).announce,
  };
  return apiHandler(runtime, SERVICE, { scope: "media.write" }, (request) => {
    const ofRequest = observability.with({ requestId: request.requestContext.requestId });
    if (request.routeKey.endsWith("/delivery")) return cancelDelivery({ ...parts, observability: ofRequest })(request);
    const askAboutJob = askWith({ cielo24, clock: runtime.clock, observability: ofRequest });
    const endpoint = request.routeKey.endsWith("/request_upload_url") ? requestUploadUrl : signUpload;
    return endpoint({ ...parts, askAboutJob, log: ofRequest.log })(request);
  });
};

export const handler = lambdaHandler(build);

/** Far above S3's limits, so that exceeding those gets a 413 that says what to do instead. */
const contentLength = wholeNumber(1, 999_999_999_999_999);
const contentType = v.pipe(
  plainText,
  v.regex(/^[\w!#$&^.+-]{1,100}\/[\w!#$&^.+-]{1,100}(?:; ?[ -~]{1,100})?$/, "must be a media type such as video/mp4"),
);

/** `GET /api/job/request_upload_url`: cielo24's own action, and what the proxy needs to know about the file. */
export const requestUploadUrlParameters = v.object({
  v: apiVersion,
  job_id: jobId,
  filename: v.optional(plainText),
  content_length: v.optional(contentLength),
  content_type: v.optional(contentType),
});

/** `POST /api/job/sign_upload`: the request to S3 to sign. `v` may be left out, since cielo24 has no such action. */
export const signUploadParameters = v.object({
  v: v.optional(apiVersion),
  job_id: jobId,
  method: v.pipe(
    v.string(),
    v.toUpperCase(),
    v.picklist(["GET", "PUT", "POST", "DELETE"], "must be GET, PUT, POST or DELETE"),
  ),
  key: v.optional(v.pipe(v.string(), v.maxLength(1024, "is too long"))),
  upload_id: v.optional(v.pipe(v.string(), v.regex(/^[!-~]{1,1024}$/, "must be as S3 answered it"))),
  /** With GET, the last part of the page before: the list goes on after it. */
  part_number: v.optional(wholeNumber(1, 10_000)),
  filename: v.optional(plainText),
  content_length: v.optional(contentLength),
  content_type: v.optional(contentType),
});

type Wanted = v.InferOutput<typeof signUploadParameters>;

export interface SignUpload extends BeginUpload {
  readonly signer: UploadSigner;
  readonly runtime: Pick<Runtime, "clock" | "randomHex">;
  readonly maxMediaBytes: number;
  readonly log: Observability["log"];
}

/** Who makes the request, and by when they must have the response. */
type From = Pick<ApiRequest, "caller" | "deadline">;

/** `GET /api/job/request_upload_url`: one PUT of the whole media, like cielo24's own action of that name. */
export const requestUploadUrl =
  (parts: SignUpload): Endpoint =>
  async ({ parameters, ...from }) => {
    const wanted = validate(requestUploadUrlParameters, parameters);
    const { url, ...signed } = show(await signPut(parts, wanted, from));
    return respond({ upload_url: url, ...signed });
  };

/** `POST /api/job/sign_upload`: one request to S3, of an upload by one PUT or of one in parts. */
export const signUpload =
  (parts: SignUpload): Endpoint =>
  async ({ parameters, ...from }) =>
    respond(show(await sign(parts, validate(signUploadParameters, parameters), from)));

const show = ({ url, key, headers, expiresAt }: SignedRequest) => ({ url, key, headers, expires_at: expiresAt });

/** The method, and whether there is an upload already, tell which request is meant, as in S3 itself. */
const sign = async (parts: SignUpload, wanted: Wanted, from: From): Promise<SignedRequest> => {
  const { signer, ownership, maxMediaBytes } = parts;
  const { method, upload_id, part_number: partNumber, content_length: contentLength } = wanted;
  if (upload_id === undefined && partNumber === undefined) {
    if (method === "PUT") return signPut(parts, wanted, from);
    if (method === "POST") {
      checkMediaSize(contentLength, maxMediaBytes);
      return signer.createMultipart({ key: await newKey(parts, wanted, from), contentType: wanted.content_type });
    }
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
      // If the upload is gone, it was completed before, perhaps by a request whose response was lost. S3 itself reports
      // that: after its own complete, a client takes NoSuchUpload for success.
      checkMediaSize(await signer.uploadedBytes(upload), maxMediaBytes);
      return signer.complete(upload);
    case "DELETE":
      return signer.abort(upload);
  }
};

type NewUpload = Pick<Wanted, "job_id" | "filename" | "content_length" | "content_type">;

const signPut = async (parts: SignUpload, wanted: NewUpload, from: From): Promise<SignedRequest> => {
  const { content_length: contentLength, content_type: contentType } = wanted;
  checkMediaSize(contentLength, parts.maxMediaBytes);
  checkRequestSize(contentLength);
  return parts.signer.put({ key: await newKey(parts, wanted, from), contentLength, contentType });
};

/** Ignores a key that the client asks for: the response names this one. */
const newKey = async (parts: SignUpload, { job_id, filename }: NewUpload, from: From): Promise<string> => {
  const uploadId = parts.runtime.randomHex();
  await beginUpload(parts, { jobId: job_id, uploadId }, from);
  parts.log.info("an upload begins", { jobId: job_id, uploadId });
  return mediaKey(job_id, uploadId, filename);
};

/** The key names the job and the job has an owner, so no caller reaches the parts of someone else's upload. */
const ownKey = ({ job_id, key = missing("key") }: Wanted): string => {
  const parsed = parseMediaKey(key);
  if (typeof parsed === "object" && parsed.uploadId !== undefined && parsed.jobId === job_id) return key;
  throw invalidQuery("key must be one that was answered for this job_id.");
};

const missing = (name: string): never => {
  throw new ApiError("MISSING_PARAMETER", { comment: `${name} is missing.` });
};

/** S3 takes 5 GiB in one request, a single PUT or a part. */
const MAX_REQUEST_BYTES = 5_368_709_120;

const grouped = (bytes: number) => new Intl.NumberFormat("en").format(bytes);

const checkMediaSize = (sizeBytes = 0, maxMediaBytes: number): void => {
  if (sizeBytes > maxMediaBytes)
    throw tooLarge(
      `The media has ${grouped(sizeBytes)} bytes; at most ${grouped(maxMediaBytes)} can be delivered. Make it smaller, or cut it up for several jobs.`,
    );
};

const checkRequestSize = (sizeBytes = 0): void => {
  if (sizeBytes > MAX_REQUEST_BYTES)
    throw tooLarge(
      `One request to S3 takes at most ${grouped(MAX_REQUEST_BYTES)} bytes: upload in parts, signed by /api/job/sign_upload.`,
    );
};

const tooLarge = (comment: string) => new ApiError("MEDIA_TOO_LARGE", { comment });
