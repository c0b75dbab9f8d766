import * as v from "valibot";
import { isList, type Kind, type ListKind } from "./kinds.ts";
import { meant } from "./nearest.ts";
import { findDisagreements, isUsed, PARAMETERS } from "./parameters.ts";
import { findStageFaults } from "./stage.ts";

/** The sections of a parameters' file by their names. Their values are texts, `null`, lists and mappings. */
export type Sections = ReadonlyMap<string, unknown>;

/** What the command line says. */
export interface Chosen {
  readonly stage: string;
  /** `--region`, which goes before the parameter. */
  readonly region?: string | undefined;
  /** `--param name=value`, which goes before the file. */
  readonly params: ReadonlyMap<string, string>;
  /** The example's placeholders are good enough to package, but not to deploy. */
  readonly isDeploy: boolean;
}

/** A stage's parameters as the template gets them: numbers and flags as such, and every text as it was written. */
export type Params = Readonly<Record<string, unknown>>;

interface Given {
  readonly value: unknown;
  /** The section, or `--param`. */
  readonly where: string;
}

interface Checked {
  /** A sentence each. Only without any are the values whole. */
  readonly faults: readonly string[];
  readonly values: Params;
}

/**
 * Everything that is wrong with a stage's name and parameters, and what its template gets. The example has a value for
 * each parameter; a fault for which nothing better is known names that one. What the stage does not use is left out.
 */
export const checkParams = (sections: Sections, example: Sections, chosen: Chosen, file: string): Checked => {
  const given = new Map<string, Given>();
  const faults = [...findSectionFaults(sections, chosen.stage, file)];
  for (const [where, section] of [
    ...["default", chosen.stage].map((name) => [name, sections.get(name)] as const),
    ["--param", Object.fromEntries(chosen.params)] as const,
  ]) {
    if (!isMapping(section)) continue;
    for (const [name, value] of Object.entries(section))
      if (Object.hasOwn(PARAMETERS, name)) given.set(name, { value, where });
      else faults.push(unknownName(name, where));
  }
  if (chosen.region !== undefined) given.set("region", { value: chosen.region, where: "--region" });

  const values: Record<string, unknown> = {};
  for (const [name, kind] of Object.entries(PARAMETERS)) {
    if (!isUsed(name, given.get("identityProvider")?.value)) continue;
    const one = given.get(name);
    const usual = exampleOf(example, name, chosen.stage);
    if (one === undefined) {
      // The value that leaves the stage as it is, which for most is an empty one: somebody may copy it.
      if (sections.has(chosen.stage)) faults.push(`${name} is missing: it must be ${kind.wanted}${hint(usual)}`);
      continue;
    }
    const instance = usual || kind.instance;
    const found = findFaults(name, kind, one, instance);
    faults.push(...found);
    if (found.length === 0) values[name] = isList(kind) ? listed(kind, one.value) : v.parse(kind.schema, one.value);
    if (chosen.isDeploy && isPlaceholder(one.value))
      faults.push(`${name} (${one.where}) still has the example's value`);
  }
  const region = values["region"] as string | undefined;
  const hasUserPool = values["identityProvider"] === "cognito";
  faults.push(...findStageFaults(chosen.stage, { region, hasUserPool }));
  faults.push(...findDisagreements(values));
  return { faults, values };
};

const listed = ({ isOptional }: ListKind, value: unknown): unknown =>
  isOptional && Array.isArray(value) ? value.join(",") : value;

const isMapping = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const findSectionFaults = (sections: Sections, stage: string, file: string): string[] => {
  const stages = [...sections.keys()].filter((name) => name !== "default" && !Object.hasOwn(PARAMETERS, name));
  const faults = [...sections.keys()]
    .filter((name) => Object.hasOwn(PARAMETERS, name))
    .map((name) => `${name} stands outside of the sections of ${file}: move it below default, or below a stage`);
  if (stage === "default") faults.push(`default is the section for all stages, and no stage: use ${stages.join(", ")}`);
  else if (!sections.has(stage)) {
    const near = meant(stage, stages);
    const others = stages.length === 0 ? "" : `, or use ${stages.join(", ")}`;
    faults.push(
      `no section \`${stage}\` in ${file}: add one${others}${near === undefined ? "" : ` (did you mean ${near}?)`}`,
    );
  }
  for (const name of new Set(["default", stage])) {
    const section = sections.get(name) ?? {};
    if (!isMapping(section))
      faults.push(`section \`${name}\` in ${file} must hold parameters, each as \`name: value\``);
  }
  return faults;
};

const unknownName = (name: string, where: string): string => {
  const near = meant(name, Object.keys(PARAMETERS));
  const what = near === undefined ? "docs/parameters.md has all of them" : `did you mean ${near}?`;
  return `${name} (${where}) is no parameter: ${what}`;
};

/** The example's value of a parameter: the stage's own, the one for all stages, or that of its first stage. */
const exampleOf = (example: Sections, name: string, stage: string): unknown => {
  for (const section of [example.get(stage), example.get("default"), ...example.values()])
    if (isMapping(section) && Object.hasOwn(section, name)) return section[name];
  return undefined;
};

/** As it is written in YAML. */
const shown = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(shown).join(", ")}]`;
  return value === "" ? '""' : String(value);
};

const findFaults = (name: string, kind: Kind | ListKind, { value, where }: Given, instance: unknown): string[] => {
  const fault = (problem: string, entry?: number) =>
    `${name} (${where}${entry === undefined ? "" : `, entry ${entry + 1}`}) ${problem}`;
  if (value === null) return [fault(`has no value: it must be ${kind.wanted}${hint(instance)}`)];
  if (where === "--param") {
    if (value === "") return [fault(`has no value. The framework takes none that is empty: write it into params.yml`)];
    if (isList(kind)) return [fault("is a list, which the command line cannot give: write it into params.yml")];
  }
  if (!isList(kind)) return isRight(kind, value) ? [] : [fault(problemWith(kind, value, instance))];

  if (kind.isOptional && value === "") return [];
  if (!Array.isArray(value) || value.length === 0 || value.length > kind.most)
    return [
      fault(
        `must be ${kind.wanted}${hint(
          instance,
          nearestOf(kind.item, value, (near) => [near]),
        )}`,
      ),
    ];
  const entries = value as readonly unknown[];
  const [anInstance] = Array.isArray(instance) ? (instance as unknown[]) : [];
  return entries.flatMap((entry, at) => {
    if (!isRight(kind.item, entry)) return [fault(problemWith(kind.item, entry, anInstance), at)];
    const first = entries.indexOf(entry);
    return first === at ? [] : [fault(`must be another one than entry ${first + 1}: remove it`, at)];
  });
};

/** What the framework would put something else in place of. */
const hasVariable = (value: unknown): boolean => typeof value === "string" && value.includes("${");

const isRight = (kind: Kind, value: unknown): boolean => !hasVariable(value) && v.is(kind.schema, value);

const problemWith = (kind: Kind, value: unknown, instance: unknown): string =>
  hasVariable(value)
    ? `must be written out, since \`\${…}\` cannot be checked: it must be ${kind.wanted}${hint(instance)}`
    : `must be ${kind.wanted}${hint(
        instance,
        nearestOf(kind, value, (near) => near),
      )}`;

/** The right value that is nearest to a wrong one, also to one in a list of one. */
const nearestOf = (kind: Kind, value: unknown, wrap: (near: string) => unknown): unknown => {
  const [only] = Array.isArray(value) && value.length === 1 ? (value as unknown[]) : [value];
  if (typeof only !== "string") return undefined;
  const near = [only, kind.nearest(only)].find((each) => each !== undefined && isRight(kind, each));
  return near === undefined ? undefined : wrap(near);
};

/** Ends a fault: the value that was probably meant, or else the example's. */
const hint = (instance: unknown, near?: unknown): string => {
  if (near !== undefined)
    return /^\d+$/.test(shown(near)) ? `: the nearest is ${shown(near)}` : `: did you mean ${shown(near)}?`;
  return instance === undefined ? "" : `: for instance ${shown(instance)}`;
};

/** RFC 2606: nobody can own such a name. `example-corp.test` is another one, and somebody's. */
const PLACEHOLDER = /\.example(?![\w-])/;

const isPlaceholder = (value: unknown): boolean => PLACEHOLDER.test(shown(value));
