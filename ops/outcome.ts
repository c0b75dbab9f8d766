import { Interruption } from "../cli/outcome.ts";
import { LedgerError } from "../lib/delivery/ledger.ts";

/** How a command ends. */
export type Outcome =
  | "done"
  | "failed"
  | "usage"
  | "refused"
  | "found_wrong"
  | "unauthorized"
  | "unavailable"
  | "rejected"
  | "needs_review"
  | "not_yet"
  | "not_confirmed"
  | "interrupted"
  | "terminated";

/** As far as the uploaders' command line has the same, they are its codes. Scripts depend on these: never renumber. */
export const EXIT_CODES: Readonly<Record<Outcome, number>> = {
  done: 0,
  failed: 1,
  usage: 2,
  refused: 3,
  found_wrong: 3,
  unauthorized: 4,
  unavailable: 5,
  rejected: 6,
  needs_review: 7,
  not_yet: 8,
  not_confirmed: 9,
  interrupted: 130,
  terminated: 143,
};

/** What a command cannot do, and why. */
export class OpsError extends Error {
  override readonly name = "OpsError";
  readonly outcome: Outcome;
  /** For programs: `NO_SUCH_JOB`. */
  readonly type: string;
  /** What to do next, in a sentence. */
  readonly nextStep: string | undefined;

  constructor(outcome: Outcome, type: string, message: string, nextStep?: string) {
    super(message);
    this.outcome = outcome;
    this.type = type;
    this.nextStep = nextStep;
  }
}

/** The command line is wrong. */
export const usageError = (message: string, nextStep = "Add --help for all options, with examples."): OpsError =>
  new OpsError("usage", "USAGE", message, nextStep);

/** An error as it is told. */
export interface ToldError {
  readonly outcome: Outcome;
  readonly type: string;
  readonly comment: string;
  readonly next?: string | undefined;
}

const CREDENTIALS =
  "Log in to AWS, or name the credentials by --profile or AWS_PROFILE; `aws sts get-caller-identity` shows whose they are.";

/** What an error means to the person: what happened, and what to do. */
export const tellError = (error: unknown): ToldError => {
  if (error instanceof OpsError)
    return { outcome: error.outcome, type: error.type, comment: error.message, next: error.nextStep };
  if (error instanceof Interruption) return { outcome: error.outcome, type: "INTERRUPTED", comment: error.message };
  if (error instanceof LedgerError)
    return {
      outcome: "unavailable",
      type: error.code,
      comment: "The table cannot be reached, or may not be used.",
      next: "`doctor` says which of the two it is.",
    };
  if (!(error instanceof Error)) return { outcome: "failed", type: "FAILED", comment: String(error) };
  const { name, message } = error;
  const { code, $metadata } = error as { readonly code?: unknown; readonly $metadata?: { httpStatusCode?: number } };
  const type = name === "Error" && typeof code === "string" ? code : name;
  if (NO_CREDENTIALS.test(name)) return { outcome: "unauthorized", type, comment: message, next: CREDENTIALS };
  if (NOT_ALLOWED.test(name) || $metadata?.httpStatusCode === 403)
    return {
      outcome: "unauthorized",
      type,
      comment: message,
      next: "These credentials may not do that. docs/ops.md has the policy that an operator needs.",
    };
  if (/^Region (is missing|not accepted)/.test(message))
    return { ...tellError(usageError("There is no region: give --region, AWS_REGION or one in the profile.")), type };
  if (NOT_REACHED.test(typeof code === "string" ? code : name) || ($metadata?.httpStatusCode ?? 0) >= 500)
    return { outcome: "unavailable", type, comment: message || type, next: "Try again." };
  if ($metadata) return { outcome: "refused", type, comment: message };
  return { outcome: "failed", type, comment: message, next: "This should not happen: report it." };
};

const NO_CREDENTIALS =
  /^(CredentialsProviderError|TokenProviderError|ExpiredToken|InvalidClientTokenId|UnrecognizedClient|InvalidAccessKeyId|SignatureDoesNotMatch|InvalidSignature|IncompleteSignature|MissingAuthenticationToken)/;
const NOT_ALLOWED = /^(AccessDenied|AuthorizationError|NotAuthorized|UnauthorizedOperation)/;
const NOT_REACHED = /^(ECONN|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EPIPE|ETIMEDOUT|TimeoutError|Throttling)/;
