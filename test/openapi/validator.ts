import { Ajv2020 } from "ajv/dist/2020.js";
import { partsOf, type Schema } from "./description.ts";

const ajv = new Ajv2020({
  strict: false,
  formats: {
    "date-time": /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/,
    uri: (text: string) => URL.canParse(text),
    // For generators: they say how to hold a value, and nothing about which.
    int64: true,
    binary: true,
  },
});
const compiled = new WeakMap<object, ReturnType<Ajv2020["compile"]>>();

const validatorOf = (schema: object) => {
  const known = compiled.get(schema) ?? ajv.compile(schema);
  compiled.set(schema, known);
  return known;
};

/** What is wrong with a value by a schema of the description; nothing where it is right. */
export const findFaults = (schema: object, value: unknown): string[] => {
  const validate = validatorOf(schema);
  if (validate(value)) return [];
  return (validate.errors ?? []).map(({ instancePath, message = "" }) => `${instancePath} ${message}`.trim());
};

/** Whether the parameter may have this value, by the description. In a query everything is text, numbers included. */
export const isDescribed = (schema: Schema, value: string): boolean =>
  findFaults(schema, readAs(schema, value)).length === 0;

const readAs = (schema: Schema, text: string): unknown => {
  const is = (wanted: string) => partsOf(schema).some(({ type }) => type === wanted);
  if (is("integer") && /^(\d+|-[1-9]\d*)$/.test(text)) return Number(text);
  if (is("boolean") && /^(true|false)$/.test(text)) return text === "true";
  return text;
};

const closedOnes = new WeakMap<Schema, Schema>();

/**
 * The schema with every object closed: clients must expect more properties one day, but what is answered today is to be
 * described in full.
 */
export const closed = (schema: Schema): Schema => {
  const known = closedOnes.get(schema) ?? { ...closeNested(schema), ...(isObject(schema) ? CLOSED : {}) };
  closedOnes.set(schema, known);
  return known;
};

const CLOSED = { unevaluatedProperties: false };

const isObject = (schema: Schema): boolean =>
  partsOf(schema).some(({ properties }) => properties !== undefined) && !("additionalProperties" in schema);

/** Parts of a schema stay open, or each would close the others out. */
const closeNested = (schema: Schema): Schema => ({
  ...schema,
  ...(schema.allOf ? { allOf: schema.allOf.map(closeNested) } : {}),
  ...(schema.oneOf ? { oneOf: schema.oneOf.map(closeNested) } : {}),
  ...(schema.properties
    ? { properties: Object.fromEntries(Object.entries(schema.properties).map(([name, each]) => [name, closed(each)])) }
    : {}),
});
