import { Cielo24Error } from "../../lib/cielo24/errors.ts";
import { respond } from "../../lib/http/response.ts";
import { ApiError } from "../../lib/http/errors.ts";
import type { Ownership } from "../../lib/http/ownership.ts";
import type { Endpoint } from "../../lib/http/request.ts";
import { validate } from "../../lib/http/validate.ts";
import { updateMetadataParameters } from "./schema.ts";
import type { Cielo24 } from "../../lib/cielo24/api.ts";

/** Sets the grouping metadata of a job at cielo24. Repeating it changes nothing. */
export const updateMetadata =
  ({ cielo24, ownership }: { cielo24: Pick<Cielo24, "updateMetadata">; ownership: Ownership }): Endpoint =>
  async ({ parameters, caller, deadline }) => {
    const { job_id: jobId, reference_id, requestor_id } = validate(updateMetadataParameters, parameters);
    await ownership.bind(caller, jobId);
    try {
      const metadata = { jobId, referenceId: reference_id, requestorId: requestor_id };
      const { taskId } = await cielo24.updateMetadata(metadata, { deadline });
      return respond({ TaskId: taskId });
    } catch (error) {
      throw explain(error);
    }
  };

/**
 * The action came and went in cielo24's documentation, so an account may well lack it. How cielo24 says so is not
 * documented: by NOT_IMPLEMENTED, or by the page of a web server that knows no such path.
 */
const explain = (error: unknown): unknown => {
  if (!(error instanceof Cielo24Error)) return error;
  if (error.code === "REFUSED" && error.errorType === "NOT_IMPLEMENTED") return new ApiError("ACTION_NOT_OFFERED");
  if (error.code === "UNINTELLIGIBLE")
    return new ApiError("UNINTELLIGIBLE", {
      comment:
        "cielo24 gave an answer that its documentation does not know. Perhaps it does not offer update_metadata to the account behind this API. Tell the operator, with the RequestId.",
    });
  return error;
};
