/** An error that cielo24 answers with 400 and its JSON. */
export class ApiFailure extends Error {
  override readonly name = "ApiFailure";
  readonly errorType: string;

  constructor(errorType: string, comment: string) {
    super(comment);
    this.errorType = errorType;
  }
}
