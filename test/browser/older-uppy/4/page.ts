import AwsS3 from "@uppy/aws-s3";
import Uppy from "@uppy/core";
import { startPage, type FileMeta } from "../page.ts";

await startPage((callbacks) => new Uppy<FileMeta, Record<string, unknown>>().use(AwsS3, callbacks));
