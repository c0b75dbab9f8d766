/** A medium could not be read to its end. `code` says whether trying again may help. */
export class MediaReadError extends Error {
  override readonly name = "MediaReadError";
  /**
   * - `OBJECT_GONE`: no such version any more
   * - `OBJECT_CHANGED`: the bytes behind the name are not those that were announced
   * - `READ_FAILED`: the store failed or stalled, resuming included
   */
  readonly code: "OBJECT_GONE" | "OBJECT_CHANGED" | "READ_FAILED";

  constructor(code: MediaReadError["code"]) {
    super(`media: ${code}`);
    this.code = code;
  }
}
