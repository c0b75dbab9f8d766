import { textField, type ApiAnswer } from "./answer-fields.ts";
import type { CallApi } from "./api.ts";

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

/** cielo24's task. */
export interface Task {
  readonly taskId: string;
}

export const createCalls = (callApi: CallApi) => ({
  /** Never repeated by itself: an answer that was lost is looked for with `waitForDelivery`. */
  addMediaUrl: async ({ jobId, mediaUrl, isDuplicate = false, signal }: AddMediaUrlOptions): Promise<Task> =>
    readTask(
      await callApi({
        method: "POST",
        path: "/api/job/add_media",
        body: { job_id: jobId, media_url: mediaUrl, ...(isDuplicate ? { is_duplicate: true } : {}) },
        signal,
        isRepeatable: false,
      }),
    ),

  updateMetadata: async ({ jobId, referenceId, requestorId, signal }: UpdateMetadataOptions): Promise<Task> =>
    readTask(
      await callApi({
        method: "POST",
        path: "/api/job/update_metadata",
        body: { job_id: jobId, reference_id: referenceId, requestor_id: requestorId },
        signal,
      }),
    ),
});

const readTask = (answer: ApiAnswer): Task => ({ taskId: textField(answer, "TaskId") });
