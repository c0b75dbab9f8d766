import { readFileSync } from "node:fs";
import { parse } from "yaml";

/** A JSON schema, as far as it is looked at here. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly maxLength?: number;
  readonly allOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly default?: unknown;
}

interface Example {
  readonly value: unknown;
}

export interface Content {
  readonly schema: Schema;
  readonly examples?: Readonly<Record<string, Example>>;
}

export interface Parameter {
  readonly name: string;
  readonly in: "query" | "path";
  readonly required?: boolean;
  readonly schema: Schema;
  readonly example?: string | number;
}

export interface Response {
  readonly description: string;
  readonly headers?: Readonly<Record<string, { readonly required?: boolean; readonly schema: Schema }>>;
  readonly content?: Readonly<Record<string, Content>>;
}

/** What the description says of one route, with every reference resolved. */
export interface Operation {
  readonly routeKey: string;
  readonly method: string;
  readonly path: string;
  readonly operationId: string;
  readonly description: string;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Content>> };
  readonly responses: Readonly<Record<string, Response>>;
}

interface Description {
  readonly openapi: string;
  readonly info: { readonly version: string };
  readonly components: { readonly responses: Readonly<Record<string, Response>> };
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>> & { parameters?: readonly Parameter[] }>>;
}

const FILE = new URL("../../docs/openapi.yml", import.meta.url);
const METHODS = ["get", "head", "post", "put", "delete", "patch", "options"];

const resolve = (node: unknown, whole: unknown): unknown => {
  if (Array.isArray(node)) return node.map((each: unknown) => resolve(each, whole));
  if (typeof node !== "object" || node === null) return node;
  const { $ref: reference } = node as { $ref?: string };
  if (reference !== undefined) return resolve(follow(reference, whole), whole);
  return Object.fromEntries(Object.entries(node).map(([name, value]) => [name, resolve(value, whole)]));
};

const follow = (reference: string, whole: unknown): unknown => {
  let at = whole;
  for (const part of reference.replace(/^#\//, "").split("/")) at = (at as Record<string, unknown> | undefined)?.[part];
  if (at === undefined) throw new Error(`${reference} leads nowhere`);
  return at;
};

/** `docs/openapi.yml` without references; there are no circles in it. Read at once, since tests are made of it. */
const readDescription = (): Description => {
  const whole: unknown = parse(readFileSync(FILE, "utf8"));
  return resolve(whole, whole) as Description;
};

export const description = readDescription();

export const operations: readonly Operation[] = Object.entries(description.paths).flatMap(
  ([path, { parameters: ofPath = [], ...item }]) =>
    Object.entries(item)
      .filter(([method]) => METHODS.includes(method))
      .map(([method, operation]) => {
        const { parameters = [], description: text = "", ...rest } = operation as Partial<Operation>;
        return {
          ...(rest as Operation),
          routeKey: `${method.toUpperCase()} ${path}`,
          method: method.toUpperCase(),
          path,
          description: text,
          parameters: [...ofPath, ...parameters],
        };
      }),
);

export const operationOf = (operationId: string): Operation => {
  const found = operations.find((operation) => operation.operationId === operationId);
  if (!found) throw new Error(`No operation is called ${operationId}`);
  return found;
};

/** All schemas that a schema is put together of, itself first. */
export const partsOf = (schema: Schema): readonly Schema[] => [
  schema,
  ...[...(schema.allOf ?? []), ...(schema.oneOf ?? [])].flatMap(partsOf),
];
