import AwsS3 from "@uppy/aws-s3";
import Uppy from "@uppy/core";
import { createClient } from "../../client/index.ts";
import { signRequestOptions } from "../../web/uppy/sign-request.ts";

/**
 * How the page uploaded before it had a plugin of its own, without all that costs time: no Dashboard, and no copy of the file
 * for a reload. The address's fragment has the API, the token and the job.
 */
const { api = "", token = "", job = "" } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));

const uppy = new Uppy<{ job_id?: string }, Record<string, unknown>>();
uppy.use(AwsS3, signRequestOptions({ uppy, signUpload: createClient({ baseUrl: api, token }).signUpload }));

const input = document.querySelector("input");
document.querySelector("button")?.addEventListener("click", () => {
  const file = input?.files?.[0];
  if (!file) return;
  const id = uppy.addFile({ name: file.name, type: file.type, data: file });
  uppy.setFileMeta(id, { job_id: job });
  void uppy.upload();
});
