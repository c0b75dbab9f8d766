/** A question cannot be answered. The message says why. */
export class Unanswered extends Error {
  override readonly name = "Unanswered";
  /** cielo24's, if that was the reason. */
  readonly errorType: string | undefined;

  constructor(message: string, errorType?: string) {
    super(message);
    this.errorType = errorType;
  }
}

/** Ctrl-C, or what ends programs in its place. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}
