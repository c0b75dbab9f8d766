import * as v from "valibot";
import { apiVersion, jobId, plainText } from "../../lib/http/fields.ts";

/** cielo24's `update_metadata`, less `api_token`. */
export const updateMetadataParameters = v.object({
  v: apiVersion,
  job_id: jobId,
  reference_id: plainText,
  requestor_id: plainText,
});
