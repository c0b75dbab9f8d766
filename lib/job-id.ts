/**
 * cielo24's job ids have 32 hex characters, in lower case. People and programs also write them in upper case, or with the
 * hyphens of a UUID. Each of these spellings is accepted where an id comes in. From there on, and in every response, an
 * id has its normal form, since ids are compared and are part of keys.
 */

/** A pattern for the normal form, as text. */
export const JOB_ID = "[0-9a-f]{32}";

/** Every spelling that is accepted. */
export const JOB_ID_SPELLINGS = /^(?:[0-9A-Fa-f]{32}|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})$/;

/** The normal form of a job id in any accepted spelling; undefined if the text is not a job id. */
export const normalJobId = (text: string): string | undefined =>
  JOB_ID_SPELLINGS.test(text) ? text.replaceAll("-", "").toLowerCase() : undefined;
