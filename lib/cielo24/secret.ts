import { inspect } from "node:util";

/** What is shown in place of a secret. */
const REDACTED = "[redacted]";

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

/** Removes secrets from cielo24's texts, which may repeat what a request contained. */
export interface Scrubber {
  /** Adds a secret that must not show. */
  readonly learn: (secret: string) => void;
  /** Replaces each piece of a known secret by `[redacted]`: 12 characters or more, in upper or lower case. */
  readonly scrub: (text: string) => string;
  /** The same, and also for the parts of this URL that are long enough to be random. */
  readonly withUrl: (url: string) => (text: string) => string;
}

const SHORTEST_PIECE = 12;

export const createScrubber = (): Scrubber => {
  const secrets = new Set<string>();
  const scrubAll = (text: string, all: Iterable<string>): string => [...all].reduce(redact, text);
  return {
    learn: (secret) => secrets.add(secret),
    scrub: (text) => scrubAll(text, secrets),
    withUrl: (url) => (text) => scrubAll(text, [...secrets, ...(url.match(/[\w-]{20,}/g) ?? [])]),
  };
};

const redact = (text: string, secret: string): string => {
  const wanted = lowerCase(secret);
  const searched = lowerCase(text);
  let clean = "";
  let at = 0;
  while (at < text.length) {
    let end = at + Math.min(SHORTEST_PIECE, wanted.length);
    if (wanted.includes(searched.slice(at, end)) && end <= text.length) {
      while (end < text.length && wanted.includes(searched.slice(at, end + 1))) end += 1;
      clean += REDACTED;
      at = end;
    } else {
      clean += text.charAt(at);
      at += 1;
    }
  }
  return clean;
};

/** ASCII only, so that the length stays the same. */
const lowerCase = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
