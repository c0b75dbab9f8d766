import { describe, expect, it } from "@jest/globals";
import { addMediaParameters } from "../../../functions/add-media/handler.ts";
import { deliveryParameters } from "../../../functions/delivery-status/handler.ts";
import { requestUploadUrlParameters, signUploadParameters } from "../../../functions/sign-upload/handler.ts";
import { updateMetadataParameters } from "../../../functions/update-metadata/handler.ts";
import { ApiError } from "../../../lib/http/errors.ts";
import { meantParameter, validate } from "../../../lib/http/validate.ts";

import * as v from "valibot";

const ROUTES = {
  add_media: addMediaParameters,
  delivery: deliveryParameters,
  request_upload_url: requestUploadUrlParameters,
  sign_upload: signUploadParameters,
  update_metadata: updateMetadataParameters,
};
const namesOf = (route: keyof typeof ROUTES) => Object.keys(ROUTES[route].entries);

describe("meantParameter", () => {
  it.each<[keyof typeof ROUTES, string, readonly string[]]>([
    ["add_media", "job_id", ["jobId", "jobid", "JOB_ID", "job-id", "Job Id", "job_di", "job_ids", "job"]],
    ["add_media", "media_url", ["mediaUrl", "media-url", "mediaurl", "media_uri", "media_rul", "url"]],
    ["add_media", "is_duplicate", ["isDuplicate", "is_dublicate", "is_duplicated", "duplicate"]],
    ["add_media", "v", ["V", "version"]],
    ["request_upload_url", "content_length", ["size", "filesize", "fileSize", "contentLength", "content_lenght"]],
    ["request_upload_url", "content_type", ["contentType", "Content-Type", "mimetype", "content_typ"]],
    ["request_upload_url", "filename", ["fileName", "file_name", "filenam"]],
    ["sign_upload", "part_number", ["partNumber", "partnumber", "part", "part_nmuber"]],
    ["sign_upload", "upload_id", ["uploadId", "UploadId", "upload"]],
    ["sign_upload", "method", ["Method", "metod", "methods"]],
    ["sign_upload", "key", ["Key"]],
    ["delivery", "wait", ["Wait", "waits", "wiat"]],
    ["update_metadata", "reference_id", ["referenceId", "refrence_id", "reference"]],
    ["update_metadata", "requestor_id", ["requestorId", "requester_id", "requestor"]],
  ])("finds in what was written to %s that %s was meant", (route, meant, written) => {
    for (const each of written) expect([each, meantParameter(each, namesOf(route))]).toEqual([each, meant]);
  });

  it.each<[keyof typeof ROUTES, readonly string[]]>([
    ["add_media", ["size", "contentLength", "filename", "callback_url", "external_id", "language", "_", "utm_source"]],
    ["request_upload_url", ["name", "file", "type", "id", "metadata", "job_name", "partNumber", "request_id"]],
    ["sign_upload", ["keys", "ke", "type", "name", "uploads_url", "checksum", "bucket"]],
    ["delivery", ["w", "cache", "timestamp", "callback"]],
    ["update_metadata", ["request_id", "preference", "requestor_name", "external_id", "", "ü", "__proto__"]],
  ])("leaves alone what is none of %s's parameters", (route, written) => {
    for (const each of written) expect([each, meantParameter(each, namesOf(route))]).toEqual([each, undefined]);
  });

  it("has no parameter that is another one's misspelling", () => {
    for (const route of Object.keys(ROUTES) as (keyof typeof ROUTES)[])
      for (const name of namesOf(route))
        expect(
          meantParameter(
            name,
            namesOf(route).filter((each) => each !== name),
          ),
        ).toBeUndefined();
  });
});

describe("validate", () => {
  const schema = v.object({ job_id: v.string(), content_length: v.optional(v.string()) });
  const refusal = (parameters: Record<string, string>) => {
    try {
      validate(schema, parameters);
    } catch (error) {
      if (error instanceof ApiError) return [error.code, error.comment];
      throw error;
    }
    return undefined;
  };

  it("refuses a misspelt parameter, and says which was meant", () => {
    expect(refusal({ job_id: "a", size: "7" })).toEqual([
      "INVALID_QUERY",
      "size is no parameter of this call: did you mean content_length?",
    ]);
    expect(refusal({ jobId: "a" })).toEqual([
      "INVALID_QUERY",
      "jobId is no parameter of this call: did you mean job_id?",
    ]);
  });

  it("ignores one that would be a misspelling, were the parameter itself not there", () => {
    expect(validate(schema, { job_id: "a", jobId: "b" })).toEqual({ job_id: "a" });
  });

  it("ignores all others", () => {
    expect(validate(schema, { job_id: "a", name: "b", request_id: "c" })).toEqual({ job_id: "a" });
  });

  it("repeats no name that is not plain", () => {
    expect(refusal({ "job\nid": "a" })).toEqual([
      "INVALID_QUERY",
      "A parameter is no parameter of this call: did you mean job_id?",
    ]);
  });
});
