import type { Outcome, Refusal } from "./facts.ts";

/** An error that cielo24 reports as JSON, with 400 unless stated otherwise. */
export class ApiFailure extends Error {
  override readonly name = "ApiFailure";
  readonly status: number;
  /** Undefined if the response is not JSON. */
  readonly errorType: string | undefined;

  constructor(errorType: string | undefined, comment: string, status = 400) {
    super(comment);
    this.errorType = errorType;
    this.status = status;
  }
}

/** cielo24 closes the connection without a response. */
export class ClosedWithoutResponse extends Error {
  override readonly name = "ClosedWithoutResponse";
}

/** @param comment what the refusal says, unless it has words of its own */
export const refusalOf = ({ status, errorType, errorComment }: Refusal, comment = ""): ApiFailure =>
  new ApiFailure(errorType, errorComment ?? comment, status);

/** Returns if the outcome is "accepted", and throws what the caller gets otherwise. */
export const allow = (outcome: Outcome): void => {
  if (outcome === "accepted") return;
  throw outcome === "closed" ? new ClosedWithoutResponse() : refusalOf(outcome);
};
