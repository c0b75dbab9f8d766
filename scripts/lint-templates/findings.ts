/** What a tool says against a resource of a template. */
export interface Finding {
  readonly rule: string;
  /** Its name in the template, or that of a section. */
  readonly resource: string;
}

/** A row of the list: these rules are allowed to speak against these resources. */
interface Allowed {
  readonly rules: readonly string[];
  /** Names, in which `*` stands for anything. */
  readonly resources: readonly string[];
}

/** The tools, each with how its report is read and its rules are named. */
export const TOOLS: Readonly<Record<string, { names: RegExp; read: (report: never) => Finding[] }>> = {
  "cfn-lint": {
    names: /^[EWI]\d{4}$/,
    read: (report: readonly { Rule: { Id: string }; Location: { Path: readonly string[] } }[]) =>
      report.map(({ Rule, Location: { Path } }) => ({
        rule: Rule.Id,
        resource: (Path[0] === "Resources" ? Path[1] : Path[0]) ?? "",
      })),
  },
  checkov: {
    names: /^CKV2?_/,
    read: (report: { results: { failed_checks: readonly { check_id: string; resource: string }[] } }) =>
      report.results.failed_checks.map(({ check_id, resource }) => ({
        rule: check_id,
        resource: resource.replace(/^.*\./, ""),
      })),
  },
  "control-tower": { names: /^[a-z0-9_]+$/, read: readGuard },
  registry: { names: /^(?!CKV)[A-Z0-9]+_[A-Z0-9_]+$/, read: readGuard },
};

/** cfn-guard names a resource by the paths of the values that failed. */
function readGuard(report: readonly { not_compliant: readonly { Rule: { name: string } }[] }[]): Finding[] {
  return report.flatMap(({ not_compliant }) =>
    not_compliant.flatMap(({ Rule }) => {
      const resources = [...JSON.stringify(Rule).matchAll(/\/Resources\/(\w+)/g)].map(([, name = ""]) => name);
      return [...new Set(resources)].map((resource) => ({ rule: Rule.name, resource }));
    }),
  );
}

/** The rows of the table on the page whose first column is called "finding". */
export const readList = (page: string): Allowed[] => {
  const [, table = ""] = /^\| finding +\|.*\n\| -+.*\n((?:\|.*\n)*)/m.exec(page) ?? [];
  return table
    .split("\n")
    .filter((row) => row !== "")
    .map((row) => {
      const [, rules = "", resources = ""] = row.split("|");
      return { rules: namesIn(rules), resources: namesIn(resources) };
    });
};

const namesIn = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);

/**
 * Where findings and list disagree, a sentence for each case. Rules of tools that did not run are left out.
 *
 * @param ran names of TOOLS
 */
export const compare = (findings: readonly Finding[], list: readonly Allowed[], ran: readonly string[]): string[] => {
  const hasRun = (rule: string) => ran.some((tool) => TOOLS[tool]?.names.test(rule));
  const isOf = ({ rules, resources }: Allowed, { rule, resource }: Finding) =>
    rules.includes(rule) && resources.some((pattern) => matches(pattern, resource));
  const unlisted = findings
    .filter((finding) => !list.some((row) => isOf(row, finding)))
    .map(({ rule, resource }) => `${rule} speaks against ${resource}: mend it, or list it with its reason`);
  const stale = list.flatMap((row) => {
    const found = findings.filter((finding) => isOf(row, finding));
    const rules = row.rules.filter((rule) => hasRun(rule) && !found.some((finding) => finding.rule === rule));
    const resources = row.rules.some(hasRun)
      ? row.resources.filter((pattern) => !found.some(({ resource }) => matches(pattern, resource)))
      : [];
    const unknown = row.rules.filter((rule) => !Object.values(TOOLS).some(({ names }) => names.test(rule)));
    return [
      ...rules.map((rule) => `${rule} speaks against none of ${row.resources.join(", ")} any more: take it out`),
      ...resources.map((pattern) => `${pattern} is found by none of ${row.rules.join(", ")} any more: take it out`),
      ...unknown.map((rule) => `${rule} is a rule of no tool`),
    ];
  });
  return [...new Set([...unlisted, ...stale])];
};

const matches = (pattern: string, name: string): boolean =>
  new RegExp(`^${pattern.replaceAll("*", "\\w*")}$`).test(name);
