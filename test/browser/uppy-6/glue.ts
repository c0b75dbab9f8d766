import AwsS3 from "@uppy/aws-s3";
import Uppy from "@uppy/core";
import { resumeByItself } from "../../../web/uppy/resume.ts";
import { signRequestOptions } from "../../../web/uppy/sign-request.ts";
import { startPage, type FileMeta } from "../older-uppy/page.ts";

await startPage(({ signUpload }) => {
  const uppy = new Uppy<FileMeta, Record<string, unknown>>();
  uppy.use(AwsS3, signRequestOptions({ uppy, signUpload }));
  resumeByItself(uppy);
  return uppy;
});
