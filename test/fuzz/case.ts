/** A request as it goes over the wire. */
export interface FuzzRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** What must come back. */
export interface Expected {
  readonly status: number;
  /** Of an error of the functions. Errors without one are the gateway's own, `{"message"}`. */
  readonly errorType?: string;
  /** Fields that a success must have. */
  readonly fields?: readonly string[];
}

/** A request and the one right answer to it. */
export interface Case {
  /** Route and trick, in words. */
  readonly what: string;
  readonly request: FuzzRequest;
  readonly expected: Expected;
}

/** Stands for an unused job; the sender of a request replaces it by another one every time. */
export const FRESH_JOB = "0f".repeat(16);

export const withFreshJob = (request: FuzzRequest, nextJob: () => string): FuzzRequest => {
  const { target, body } = request;
  const text = typeof body === "string" ? body : "";
  if (!target.includes(FRESH_JOB) && !text.includes(FRESH_JOB)) return request;
  const jobId = nextJob();
  return {
    ...request,
    target: target.replaceAll(FRESH_JOB, jobId),
    ...(typeof body === "string" ? { body: body.replaceAll(FRESH_JOB, jobId) } : {}),
  };
};

/** Sent where credentials have no business; no answer and no log line may show it. */
export const CANARY = "c4n4ry5ecr37c4n4ry5ecr37c4n4ry00";
