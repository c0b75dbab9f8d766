import type { Need } from "./needs.ts";

/** `<action> on <resource>[ if <pattern of row keys>]`, as `test/template/grants.ts` reads it from a role. */
export type Grant = string;

/**
 * Functions that take a 403 for a 404, and so are never told the difference: docs/decisions/media-source.md.
 */
const TAKE_403_FOR_404 = ["media-source"];

/** What a function was seen to need, and its role does not grant. One line each. */
export const findMissing = (grants: readonly Grant[], needs: readonly Need[]): string[] =>
  unique(
    needs
      .filter(({ by, tellsAbsence }) => !(tellsAbsence && TAKE_403_FOR_404.includes(by)))
      .filter((need) => !grants.some((grant) => covers(grant, need)))
      .map(
        ({ by, action, resource, rowKey, operation, tellsAbsence }) =>
          `The role of ${by} lacks ${action} on ${kindOf(resource)}${rowKey === undefined ? "" : ` (rows like ${kindOf(rowKey)})`}: ${tellsAbsence ? `without it, S3 answers 403 and not 404 to its ${operation}` : `it called ${operation}`}`,
      ),
  );

/** What a role grants, and the function was not seen to need. One line each. */
export const findSuperfluous = (by: string, grants: readonly Grant[], needs: readonly Need[]): string[] =>
  grants
    .filter((grant) => !needs.some((need) => covers(grant, need)))
    .map((grant) => `The role of ${by} grants ${grant}: no call of its own needed that`);

const covers = (grant: Grant, { action, resource, rowKey = "" }: Need): boolean => {
  const [, granted, on = "", condition = "*"] = /^(\S+) on (.+?)(?: if (.+))?$/.exec(grant) ?? [];
  return granted === action && matches(on, resource) && matches(condition, rowKey);
};

/** IAM's wildcards. */
const matches = (pattern: string, text: string): boolean =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, "\\$&")
      .replaceAll("*", ".*")
      .replaceAll("?", ".")}$`,
    "s",
  ).test(text);

/** Without what differs from job to job, so that a thing is said once. */
const kindOf = (text: string): string =>
  text.replace(/^(MediaBucket\/[^/]*\/).*$/s, "$1*").replace(/[0-9a-f]{32}/g, "*");

const unique = (lines: readonly string[]): string[] => [...new Set(lines)];
