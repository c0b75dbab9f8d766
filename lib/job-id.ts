/**
 * cielo24's job ids: 32 hex characters, in lower case. People and programs also spell them in upper case, or with the
 * hyphens of a UUID. Any of these is understood where an id comes in; everywhere behind, and in every answer, there is
 * but the normal form, since ids are compared and are part of keys.
 */

/** Source of a pattern for the normal form. */
export const JOB_ID = "[0-9a-f]{32}";

/** Every spelling that is understood. */
export const JOB_ID_SPELLINGS = /^(?:[0-9A-Fa-f]{32}|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})$/;

/** The normal form of a job id, however it is spelt; undefined where the text is none. */
export const normalJobId = (text: string): string | undefined =>
  JOB_ID_SPELLINGS.test(text) ? text.replaceAll("-", "").toLowerCase() : undefined;
