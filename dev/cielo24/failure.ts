/** An error that cielo24 reports as 400 with JSON. */
export class ApiFailure extends Error {
  override readonly name = "ApiFailure";
  readonly errorType: string;

  constructor(errorType: string, comment: string) {
    super(comment);
    this.errorType = errorType;
  }
}
