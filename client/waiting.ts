/** Why something stands still. Not final: it goes on by itself. */
export interface Waiting {
  readonly errorType: string;
  /** For people. */
  readonly comment: string;
  /** When the next attempt is due: ISO 8601, UTC. */
  readonly nextAttemptAt?: string;
}
