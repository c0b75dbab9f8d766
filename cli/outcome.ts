import { ProxyError, type Delivery } from "../client/index.ts";

/** How a command, or one of its files, ends. */
export type Outcome =
  | "done"
  | "delivered"
  | "already_delivered"
  | "uploaded"
  | "skipped"
  | "failed"
  | "usage"
  | "refused"
  | "unauthorized"
  | "unavailable"
  | "rejected"
  | "needs_review"
  | "not_yet"
  | "interrupted"
  | "terminated";

/** Scripts depend on these: never renumber. */
export const EXIT_CODES: Readonly<Record<Outcome, number>> = {
  done: 0,
  delivered: 0,
  already_delivered: 0,
  uploaded: 0,
  skipped: 0,
  failed: 1,
  usage: 2,
  refused: 3,
  unauthorized: 4,
  unavailable: 5,
  rejected: 6,
  needs_review: 7,
  not_yet: 8,
  interrupted: 130,
  terminated: 143,
};

/** The command line is wrong, or a file cannot be read. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly nextStep: string;

  constructor(message: string, nextStep = "See cielo24-proxy --help.") {
    super(message);
    this.nextStep = nextStep;
  }
}

/** The abort reason when the person, or the system, interrupts the program. */
export class Interruption extends Error {
  override readonly name = "Interruption";
  readonly outcome: "interrupted" | "terminated";

  constructor(outcome: "interrupted" | "terminated") {
    super(outcome === "interrupted" ? "Interrupted." : "Terminated.");
    this.outcome = outcome;
  }
}

/** How far a delivery has got, as an outcome. */
export const outcomeOfDelivery = ({ state }: Pick<Delivery, "state">): Outcome => {
  switch (state) {
    case "DELIVERED":
      return "delivered";
    case "REJECTED":
      return "rejected";
    case "NEEDS_REVIEW":
      return "needs_review";
    default:
      return "not_yet";
  }
};

/** What stands between this program and the API, whatever its status. */
const UNREACHABLE: ReadonlySet<string> = new Set(["UNINTELLIGIBLE", "NOT_THE_API", "NOT_THE_STORE", "HTTP_PROXY"]);

export const outcomeOfError = (error: unknown): Outcome => {
  if (error instanceof UsageError) return "usage";
  if (error instanceof Interruption) return error.outcome;
  if (error instanceof Error && error.name === "TimeoutError") return "not_yet";
  if (!(error instanceof ProxyError)) return "failed";
  const { errorType, status = 0, source } = error;
  if (UNREACHABLE.has(errorType)) return "unavailable";
  if (errorType === "NO_TOKEN" || status === 401 || (status === 403 && source !== "storage")) return "unauthorized";
  if (errorType === "BAD_BASE_URL" || errorType === "BAD_HTTP_PROXY") return "usage";
  if (errorType === "NEEDS_REVIEW") return "needs_review";
  // cielo24 may have taken the media: only the delivery's status tells.
  if (errorType === "CIELO24_ANSWER_UNKNOWN") return "not_yet";
  if (error.isRetryable || status >= 500) return "unavailable";
  return "refused";
};
