import * as v from "valibot";

/** What `npm audit --json` says; undefined if no audit service answered. */
export type AuditReport = v.InferOutput<typeof Report>;

const Advisory = v.object({
  name: v.string(),
  title: v.string(),
  url: v.string(),
  severity: v.string(),
  range: v.string(),
});
/** `via` also has names of packages, whose own entries say more. */
const Report = v.object({
  vulnerabilities: v.record(v.string(), v.object({ via: v.array(v.union([v.string(), Advisory])) })),
});

/** An advisory that is known and accepted until a day, and why. */
const Allowed = v.array(
  v.strictObject({
    /** As GitHub names it: `GHSA-…`. */
    advisory: v.pipe(v.string(), v.regex(/^GHSA(-[0-9a-z]{4}){3}$/)),
    package: v.string(),
    because: v.pipe(v.string(), v.minLength(20)),
    /** The last day, at most half a year ahead. */
    until: v.pipe(v.string(), v.isoDate()),
  }),
);
export type AllowedAdvisories = v.InferOutput<typeof Allowed>;

/** @throws {v.ValiError} */
export const parseAllowed = (text: string): AllowedAdvisories => v.parse(Allowed, JSON.parse(text));

export const parseReport = (text: string): AuditReport | undefined => {
  try {
    const parsed = v.safeParse(Report, JSON.parse(text));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
};

const DAY_MS = 86_400_000;
const LONGEST_DAYS = 183;
const SEVERE = ["high", "critical"];

/**
 * What has to be seen to, a line for each; nothing if all is well. Of what ships, that is each severe advisory that is not
 * allowed; of tools and tests, each critical one. Of the list, it is each entry that has expired, or that nothing needs.
 *
 * @param shipped names of packages
 * @param now ms since the epoch
 */
export const judgeAudit = (
  { vulnerabilities }: AuditReport,
  allowed: AllowedAdvisories,
  { shipped, now }: { readonly shipped: ReadonlySet<string>; readonly now: number },
): string[] => {
  const advisories = Object.values(vulnerabilities).flatMap(({ via }) =>
    via.flatMap((each) => (typeof each === "string" ? [] : [{ ...each, id: each.url.split("/").at(-1) ?? "" }])),
  );
  const entryFor = (advisory: { id: string; name: string }) =>
    allowed.find((entry) => entry.advisory === advisory.id && entry.package === advisory.name);
  const open = advisories
    .filter(({ name, severity }) => (shipped.has(name) ? SEVERE.includes(severity) : severity === "critical"))
    .filter((advisory) => !entryFor(advisory))
    .map(
      ({ id, name, title, range, severity }) =>
        `${name} ${range}, which ${shipped.has(name) ? "ships" : "is a tool"}: ${severity}, ${title} (${id})`,
    );
  const entries = allowed.flatMap((entry) => {
    const leftDays = (Date.parse(entry.until) + DAY_MS - now) / DAY_MS;
    if (leftDays < 0) return [`${entry.advisory} was allowed until ${entry.until}: decide again`];
    if (leftDays > LONGEST_DAYS)
      return [`${entry.advisory} is allowed until ${entry.until}: at most half a year ahead`];
    const isNeeded = advisories.some((advisory) => entryFor(advisory) === entry);
    return isNeeded ? [] : [`${entry.advisory} of ${entry.package} is allowed, and nothing has it: remove the entry`];
  });
  return [...open, ...entries];
};
