import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import type { BusEvent } from "./event-bus.ts";

/** What somebody is told by a rule of `resources/events.yml`: the lines of a mail. */
export interface Notice {
  /** The rule, without `Rule`: "MediaNeedsReview". */
  readonly rule: string;
  /** Whether it goes to the topic that wakes somebody, or to the one of what can wait. */
  readonly wakes: boolean;
  readonly lines: readonly string[];
}

/** Whatever a pattern may say about a field: its value, or `anything-but` some. */
type Matcher = string | { readonly "anything-but": readonly string[] };
type Pattern = { readonly [field: string]: readonly Matcher[] | Pattern };

interface Rule {
  readonly Type: string;
  readonly Properties: {
    readonly EventPattern: Pattern;
    readonly Targets: readonly {
      readonly Arn: { readonly Ref: string };
      readonly InputTransformer: {
        readonly InputPathsMap: Readonly<Record<string, string>>;
        readonly InputTemplate: { readonly "Fn::Sub": string };
      };
    }[];
  };
}

const PROJECT = new URL("../../", import.meta.url);

const readYaml = async (path: string): Promise<unknown> => parse(await readFile(new URL(path, PROJECT), "utf8"));

/**
 * The rules of the template, as they are deployed: which events they take, and the texts that their transformers make of
 * them.
 *
 * @param names what CloudFormation puts in for the template's own resources
 */
export const readNotices = async (
  { region, stage }: { readonly region: string; readonly stage: string },
  names: Readonly<Record<string, string>>,
): Promise<(event: BusEvent) => Notice[]> => {
  const { Resources } = (await readYaml("resources/events.yml")) as { Resources: Record<string, Rule> };
  const links = (await readYaml("resources/links.yml")) as Record<string, string>;
  const { service } = (await readYaml("serverless.yml")) as { service: string };
  const values = new Map([
    ["self:service", service],
    ["sls:stage", stage],
    ["self:provider.region", region],
    ["AWS::Region", region],
    ["self:custom.mediaBucket.nameInText", "${MediaBucket}"],
    ...Object.entries(links).map(([name, link]) => [`self:custom.links.${name}`, link] as const),
    ...Object.entries(names),
  ]);
  const fillIn = (text: string): string =>
    text.replaceAll(/\$\{([^}]+)\}/g, (_, name: string) => {
      const value = values.get(name);
      if (value === undefined) throw new Error(`resources/events.yml needs ${name}`);
      return fillIn(value);
    });
  const rules = Object.entries(Resources)
    .filter(([, { Type }]) => Type === "AWS::Events::Rule")
    .flatMap(([name, { Properties }]) =>
      Properties.Targets.map(({ Arn, InputTransformer: { InputPathsMap, InputTemplate } }) => ({
        rule: name.replace(/Rule$/, ""),
        wakes: Arn.Ref === "AlarmTopic",
        pattern: Properties.EventPattern,
        paths: InputPathsMap,
        template: fillIn(InputTemplate["Fn::Sub"]),
      })),
    );

  return ({ source, detailType, detail }) => {
    const event = { source, "detail-type": detailType, detail };
    return rules.flatMap(({ rule, wakes, pattern, paths, template }) => {
      const lines = matches(pattern, event) && transform(template, paths, event);
      return lines ? [{ rule, wakes, lines }] : [];
    });
  };
};

const matches = (pattern: Pattern, value: unknown): boolean =>
  Object.entries(pattern).every(([field, wanted]) => {
    const inner = (value as Readonly<Record<string, unknown>> | undefined)?.[field];
    return isMatchers(wanted) ? wanted.some((matcher) => isMatch(matcher, inner)) : matches(wanted, inner);
  });

const isMatchers = (wanted: readonly Matcher[] | Pattern): wanted is readonly Matcher[] => Array.isArray(wanted);

/** `anything-but` wants the field, with another value. */
const isMatch = (matcher: Matcher, value: unknown): boolean =>
  typeof matcher === "string"
    ? matcher === value
    : typeof value === "string" && !matcher["anything-but"].includes(value);

/** Like EventBridge, inserts as it is what the event has, nothing for what it lacks, and loses what is no text any more. */
const transform = (
  template: string,
  paths: Readonly<Record<string, string>>,
  event: unknown,
): readonly string[] | undefined => {
  const valueAt = (path: string) =>
    path
      .split(".")
      .slice(1)
      .reduce<unknown>((value, name) => (value as Readonly<Record<string, unknown>> | undefined)?.[name], event);
  const text = template.replaceAll(/<(\w+)>/g, (_, name: string) => {
    const value = valueAt(paths[name] ?? "");
    return typeof value === "string" || typeof value === "number" ? String(value) : "";
  });
  try {
    return text.split("\n").map((line) => JSON.parse(line) as string);
  } catch {
    return undefined;
  }
};
