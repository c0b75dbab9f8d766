import type { Client } from "../client/index.ts";
import type { MediaFile, Uploads } from "./uploads.ts";
import { s3Status, type UploadError } from "./uppy/resume.ts";
import { jobOfKey } from "./uppy/sign-request.ts";

const WAIT_S = 5;

/**
 * Handles S3's 404 for a multipart upload. Either it was completed and the response was lost, so that the media is being
 * delivered already; or its parts are gone, because it was aborted or left for a week. Uppy would list its parts for ever.
 */
export const mendLostUpload = async (
  { uppy, client }: { uppy: Uploads; client: Pick<Client, "getDelivery"> },
  { id }: Pick<MediaFile, "id">,
  error: UploadError,
): Promise<void> => {
  const file = uppy.getFiles().find((each) => each.id === id);
  if (s3Status(error) !== 404 || !file?.meta.job_id) return;
  const delivery = await client.getDelivery({ jobId: file.meta.job_id, waitS: WAIT_S }).catch(() => undefined);
  // If the API does not answer, the person can retry.
  if (!delivery || !uppy.getFiles().some((each) => each.id === id)) return;
  startAnew(uppy, id);
  if (delivery.state === "UPLOADING") void uppy.retryUpload(id).catch(() => undefined);
  else uppy.emit("upload-success", uppy.getFile(id), { status: 200 });
};

/** Deletes the parts of an upload that will not be resumed, and lets Uppy start a new one. */
export const forgetUpload = (
  { uppy, client }: { uppy: Uploads; client: Pick<Client, "abortUpload"> },
  { id, s3Multipart }: MediaFile,
): void => {
  if (!s3Multipart) return;
  startAnew(uppy, id);
  // If this fails, the bucket's lifecycle rule removes the parts after a week.
  client.abortUpload({ jobId: jobOfKey(s3Multipart.key), ...s3Multipart }).catch(() => undefined);
};

const startAnew = (uppy: Uploads, id: string): void => {
  // Uppy's types don't know that it sets this itself.
  uppy.setFileState(id, { s3Multipart: undefined, error: null } as object);
};
