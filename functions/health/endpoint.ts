import { answer, type Answer } from "../../lib/http/answer.ts";

/** That the API answers, and the version that does; anybody may know that and nothing else. */
export const health =
  (version: string) =>
  // eslint-disable-next-line @typescript-eslint/require-await -- endpoints are asynchronous
  async (): Promise<Answer> =>
    answer({ Version: version });
