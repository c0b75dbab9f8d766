import { globSync, readFileSync } from "node:fs";
import { parse } from "yaml";
import type { Stage } from "./check.ts";
import { stringsIn, type Template } from "./cloudformation.ts";

/** What operators read. `docs/api.md` shows XML, whose elements look like the names of outputs. */
const PAGES = globSync("docs/*.md").filter((page) => page !== "docs/api.md");

export interface Name {
  readonly page: string;
  readonly name: string;
}

const find = (pattern: RegExp): Name[] =>
  PAGES.flatMap((page) => [...readFileSync(page, "utf8").matchAll(pattern)].map(([, name = ""]) => ({ page, name })));

/** The outputs that pages call by name: `<MediaQueueUrl>`, `$(output MediaQueueUrl)`, "the output `MediaQueueUrl`". */
export const usedOutputs = (): Name[] =>
  find(/(?:(?<!\w)<|\boutput `?)([A-Z][a-z]\w+)(?:>|`|\)|\b)/g).filter(({ name }) => /[a-z][A-Z]/.test(name));

/** What pages have to be typed into a shell, line by line. */
export const shellLines = (): string[] =>
  find(/^```sh\n(.*?)^```$/gms).flatMap(({ name: block }) => block.trimEnd().split("\n"));

/** What pages leave to their readers to fill in: `<job_id>`. */
export const placeholders = (): Name[] => find(/<([a-z]\w*)>/g);

/** The names that begin with a stage's, as the template has them. */
export const usedNames = (stage: Stage): Name[] =>
  find(new RegExp(`\\b(cielo24-proxy-${stage}(?:-(?:\\w+|<account>|<region>))*)(?![\\w-])`, "g")).map((use) => ({
    ...use,
    name: use.name.replace("<account>", "${AWS::AccountId}").replace("<region>", "${AWS::Region}"),
  }));

/** The outputs of a stage: its template's, the framework's included, and those of a user pool and of a domain. */
export const outputsOf = (template: Template): Set<string> => {
  const { cognito } = parse(readFileSync("resources/cognito.yml", "utf8")) as { cognito: { Outputs: object } };
  const { with: domain } = parse(readFileSync("resources/domain.yml", "utf8")) as { with: { Outputs: object } };
  return new Set(
    [template["Outputs"], cognito.Outputs, domain.Outputs].flatMap((outputs) => Object.keys(outputs as object)),
  );
};

/** The names of a stage: of its stack, and of what its template gives a name to. */
export const namesOfStage = (template: Template, stage: Stage): Set<string> =>
  new Set([`cielo24-proxy-${stage}`, ...stringsIn(template.Resources)]);
