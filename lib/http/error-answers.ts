import { respondWithError } from "./response.ts";
import { toApiError } from "./errors.ts";
import type { ApiMiddleware } from "./request.ts";

/** Turns whatever was thrown into an answer. */
export const errorAnswers = (): ApiMiddleware => ({
  onError: (request) => {
    request.response = respondWithError(toApiError(request.error), request.event.requestContext.requestId);
  },
});
