import * as v from "valibot";
import { Cielo24Error, type Cielo24 } from "../../lib/cielo24/api.ts";
import { connectCielo24 } from "../../lib/cielo24/client.ts";
import { connectTable } from "../../lib/delivery/aws/table.ts";
import { createOwnership, type Ownership } from "../../lib/http/caller.ts";
import { respond, type Endpoint } from "../../lib/http/endpoint.ts";
import { ApiError } from "../../lib/http/errors.ts";
import { apiHandler, type HttpHandler } from "../../lib/http/handler.ts";
import { apiVersion, jobId, plainText, validate } from "../../lib/http/validate.ts";
import { lambdaHandler, type Runtime } from "../../lib/runtime.ts";

export const build = (runtime: Runtime): HttpHandler => {
  const ownership = createOwnership(connectTable(runtime).owners);
  return apiHandler(
    runtime,
    "update-metadata",
    { scope: "metadata.write" },
    updateMetadata({ cielo24: connectCielo24(runtime), ownership }),
  );
};

export const handler = lambdaHandler(build);

/** cielo24's `update_metadata`, less `api_token`. */
export const updateMetadataParameters = v.object({
  v: apiVersion,
  job_id: jobId,
  reference_id: plainText,
  requestor_id: plainText,
});

/** Sets the grouping metadata of a job at cielo24. Repeating it changes nothing. */
export const updateMetadata =
  ({ cielo24, ownership }: { cielo24: Pick<Cielo24, "updateMetadata">; ownership: Ownership }): Endpoint =>
  async ({ parameters, caller, deadline }) => {
    const { job_id, reference_id, requestor_id } = validate(updateMetadataParameters, parameters);
    await ownership.bind(caller, job_id);
    try {
      const metadata = { jobId: job_id, referenceId: reference_id, requestorId: requestor_id };
      const { taskId } = await cielo24.updateMetadata(metadata, { deadline });
      return respond({ TaskId: taskId });
    } catch (error) {
      throw explain(error);
    }
  };

/**
 * cielo24's documentation has had this action and dropped it, so an account may lack it. How cielo24 says so is not
 * documented: with NOT_IMPLEMENTED, or with the page of a web server that knows no such path.
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
