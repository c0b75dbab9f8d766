const SPELLINGS = /^(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;

/**
 * A job id of cielo24's as the API answers it, 32 hex characters in lower case. It may be given in upper case, and with
 * the hyphens of a UUID; undefined where the text is no job id.
 */
export const normalJobId = (text: string): string | undefined =>
  SPELLINGS.test(text) ? text.replaceAll("-", "").toLowerCase() : undefined;
