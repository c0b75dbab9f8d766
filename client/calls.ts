import type { CallApi } from "./api.ts";
import { readDelivery, type Delivery } from "./delivery.ts";
import { textField, type ResponseBody } from "./api-response.ts";

export interface AddMediaUrlOptions {
  readonly jobId: string;
  readonly mediaUrl: string;
  /** cielo24's `is_duplicate`. */
  readonly isDuplicate?: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface UpdateMetadataOptions {
  readonly jobId: string;
  readonly referenceId: string;
  readonly requestorId: string;
  readonly signal?: AbortSignal | undefined;
}

export interface CancelDeliveryOptions {
  readonly jobId: string;
  readonly signal?: AbortSignal | undefined;
}

/** cielo24's task. */
export interface Task {
  readonly taskId: string;
}

/**
 * The calls that are made, and done: most return a task of cielo24.
 *
 * @param callPatiently repeats what may pass
 */
export const createCalls = (callApi: CallApi, callPatiently: CallApi) => ({
  /** Never repeated automatically: after a lost response, `waitForDelivery` tells whether cielo24 took the media. */
  addMediaUrl: async ({ jobId, mediaUrl, isDuplicate = false, signal }: AddMediaUrlOptions): Promise<Task> =>
    readTask(
      await callApi({
        method: "POST",
        path: "/api/job/add_media",
        body: { job_id: jobId, media_url: mediaUrl, is_duplicate: isDuplicate || undefined },
        signal,
      }),
    ),

  updateMetadata: async ({ jobId, referenceId, requestorId, signal }: UpdateMetadataOptions): Promise<Task> =>
    readTask(
      await callPatiently({
        method: "POST",
        path: "/api/job/update_metadata",
        body: { job_id: jobId, reference_id: referenceId, requestor_id: requestorId },
        signal,
      }),
    ),

  cancelDelivery: async ({ jobId, signal }: CancelDeliveryOptions): Promise<Delivery> =>
    readDelivery(
      await callPatiently({ method: "DELETE", path: "/api/job/delivery", query: { job_id: jobId }, signal }),
    ),
});

const readTask = (body: ResponseBody): Task => ({ taskId: textField(body, "TaskId") });
