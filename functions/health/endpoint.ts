import { respond, type ApiResponse } from "../../lib/http/response.ts";

/** That the API answers, and the version that does; anybody may know that and nothing else. */
export const health =
  (version: string) =>
  // eslint-disable-next-line @typescript-eslint/require-await -- endpoints are asynchronous
  async (): Promise<ApiResponse> =>
    respond({ Version: version });
