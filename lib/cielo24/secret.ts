import { inspect } from "node:util";

/** What is shown in place of a secret. */
export const REDACTED = "[redacted]";

/**
 * A secret that cannot be printed by accident: every conversion to text gives `[redacted]`. Only this folder reveals
 * it, and only to put it into a request.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}
