/** The same spellings as in the functions' `lib/job-id.ts`: the client ships on its own and imports nothing from there. */
const SPELLINGS = /^(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;

/**
 * A cielo24 job id in the form that the API returns: 32 hex characters in lower case. Upper case and the hyphens of a
 * UUID are understood, too; undefined if the text is no job id.
 */
export const normalJobId = (text: string): string | undefined =>
  SPELLINGS.test(text) ? text.replaceAll("-", "").toLowerCase() : undefined;

/** Whether two spellings name one job. Texts that are no job ids are compared as they are. */
export const isSameJob = (one: string, other: string): boolean =>
  (normalJobId(one) ?? one) === (normalJobId(other) ?? other);
