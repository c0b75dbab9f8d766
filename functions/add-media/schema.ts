import * as v from "valibot";
import { apiVersion, jobId } from "../../lib/http/fields.ts";

/** cielo24's `add_media`, less `api_token`. */
export const addMediaParameters = v.object({
  v: apiVersion,
  job_id: jobId,
  media_url: v.optional(v.string()),
  is_duplicate: v.optional(
    v.pipe(v.string(), v.toLowerCase(), v.picklist(["true", "false"], "must be true or false")),
    "false",
  ),
});
