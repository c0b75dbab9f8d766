/** A CloudFormation template, as JSON has it. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export interface Template {
  Resources: Record<string, { Type: string; Properties?: Record<string, Json>; [attribute: string]: Json | undefined }>;
  [section: string]: unknown;
}

/**
 * What is at a path below `Resources`: names and array indexes with dots between them, or `[Sid=Log]` for the element of
 * an array that has this name and value. Undefined where there is nothing.
 */
export const at = (template: Template, path: string): Json | undefined =>
  path.split(".").reduce<Json | undefined>((value, step) => child(value, step), template.Resources as Json);

/** The text, number or flag at a path, as text. @throws where there is none */
export const textAt = (template: Template, path: string): string => {
  const value = at(template, path);
  if (value === undefined || value === null || typeof value === "object")
    throw new Error(`There is no text at ${path}`);
  return String(value);
};

/** Sets what is at a path; `undefined` removes it. The place around it must exist. */
export const put = (template: Template, path: string, value: Json | undefined): void => {
  const steps = path.split(".");
  const last = steps.pop() ?? "";
  const place = at(template, steps.join(".")) ?? (steps.length === 0 ? (template.Resources as Json) : undefined);
  if (place === undefined || place === null || typeof place !== "object")
    throw new Error(`There is nothing around ${path}`);
  const key = Array.isArray(place) ? String(indexOf(place, last)) : last;
  if (value === undefined) Reflect.deleteProperty(place, key);
  else Reflect.set(place, key, value);
};

/** Adds an element to the array at a path. */
export const push = (template: Template, path: string, value: Json): void => {
  const array = at(template, path);
  if (!Array.isArray(array)) throw new Error(`There is no array at ${path}`);
  array.push(value);
};

const child = (value: Json | undefined, step: string): Json | undefined => {
  if (value === undefined || value === null || typeof value !== "object") return undefined;
  return Array.isArray(value) ? value[indexOf(value, step)] : value[step];
};

const indexOf = (array: readonly Json[], step: string): number => {
  const [, name, wanted] = /^\[(\w+)=(.*)\]$/.exec(step) ?? [];
  if (name === undefined) return Number(step);
  return array.findIndex((element) => child(element, name) === wanted);
};

/** The logical names of the resources of a type. */
export const namesOf = (template: Template, type: string): string[] =>
  Object.keys(template.Resources).filter((name) => template.Resources[name]?.Type === type);

/** Every string, and every number as one, that is somewhere in a value. */
export const stringsIn = (value: unknown): string[] => {
  if (typeof value === "string" || typeof value === "number") return [String(value)];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(stringsIn) : [];
};

/** The logical names that a value refers to by Ref, Fn::GetAtt, Fn::Sub, Condition-free DependsOn. */
export const referencesIn = (value: unknown): string[] => {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) => {
    if (key === "Ref") return [String(inner)];
    if (key === "Fn::GetAtt") return [Array.isArray(inner) ? String(inner[0]) : String(inner).replace(/\..*$/, "")];
    if (key === "DependsOn") return Array.isArray(inner) ? inner.map(String) : [String(inner)];
    if (key === "Fn::Sub") return [...String(inner).matchAll(/\$\{([\w:]+)[^}]*\}/g)].map(([, name]) => name ?? "");
    return referencesIn(inner);
  });
};

/** A circle of references between resources, or undefined. */
export const findCircle = (template: Template): string[] | undefined => {
  const done = new Set<string>();
  const visit = (name: string, way: readonly string[]): string[] | undefined => {
    if (way.includes(name)) return [...way.slice(way.indexOf(name)), name];
    if (done.has(name) || !(name in template.Resources)) return undefined;
    for (const next of referencesIn(template.Resources[name])) {
      const circle = visit(next, [...way, name]);
      if (circle) return circle;
    }
    done.add(name);
    return undefined;
  };
  for (const name of Object.keys(template.Resources)) {
    const circle = visit(name, []);
    if (circle) return circle;
  }
  return undefined;
};
