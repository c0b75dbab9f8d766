/** Why something stands still. It is not final, and nothing needs to be done: it goes on by itself. */
export interface Waiting {
  /**
   * NETWORK (no answer), STALLED (a connection on which nothing moves), or the type of the refusal that is being repeated.
   * Deliveries have the proxy's own types.
   */
  readonly errorType: string;
  /** For people. */
  readonly comment: string;
  /** When the next step is due: ISO 8601, UTC. */
  readonly nextAttemptAt?: string;
}

/** Told when something begins to stand still, or for another reason, and undefined once it moves again. */
export type OnWaiting = (waiting: Waiting | undefined) => void;
