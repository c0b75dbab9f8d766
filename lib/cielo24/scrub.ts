/** Keeps what must not show, and takes it out of texts of cielo24's, which may repeat what they were sent. */
export interface Scrubber {
  readonly learn: (secret: string) => void;
  /** Replaces every piece of a secret, of twelve characters or more and in either case, by `[redacted]`. */
  readonly scrub: (text: string) => string;
  /** The same, for one more URL: what in it is long enough to be random. */
  readonly withUrl: (url: string) => (text: string) => string;
}

const REDACTED = "[redacted]";
const PIECE = 12;

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
    let end = at + Math.min(PIECE, wanted.length);
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

/** Of ASCII alone: the length must not change. */
const lowerCase = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
