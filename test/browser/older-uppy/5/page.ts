import AwsS3 from "@uppy/aws-s3";
import Uppy from "@uppy/core";
import { awsS3Callbacks } from "../../../../web/uppy/callbacks.ts";
import { startPage, type FileMeta } from "../page.ts";

await startPage(({ signUpload }) =>
  new Uppy<FileMeta, Record<string, unknown>>().use(AwsS3, awsS3Callbacks({ signUpload })),
);
