import type { Runtime } from "../runtime.ts";
import type { ApiMiddleware } from "./request.ts";

/** API Gateway ends a call after 30 s, functions have 29 s: what they do must be over after 24 s. */
const LONGEST_CALL_MS = 24_000;
/** Left for the answer, and for writes that must not be cut off. */
const RESERVE_MS = 3_000;

/** The clock time by which everything that a request asks for must have ended: secret, login, call, repeat. */
const readDeadline = (nowMs: number, remainingMs: number): number =>
  nowMs + Math.max(Math.min(remainingMs - RESERVE_MS, LONGEST_CALL_MS), 0);

/** Adds the deadline to the request. */
export const deadline = ({ clock }: Pick<Runtime, "clock">): ApiMiddleware => ({
  before: (request) => {
    const remainingMs = request.context.getRemainingTimeInMillis();
    request.event = { ...request.event, deadline: readDeadline(clock(), remainingMs) };
  },
});
