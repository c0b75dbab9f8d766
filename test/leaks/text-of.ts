import { inspect } from "node:util";

const DEPTH = 10;
/** An error that holds a socket holds half of Node; what lies further out is left to `inspect`. */
const MAX_OBJECTS = 5_000;

/**
 * Anything as text, to a depth of 10: what `inspect`, `JSON.stringify` and `String` make of it, and whatever reflection
 * finds: causes, hidden fields, symbols, getters (a class's, too), bytes, keys and values of collections.
 */
export const textOf = (value: unknown): string => {
  if (typeof value === "string") return value;
  const texts = [...fieldsOf(value)];
  for (const show of SHOWN_AS)
    try {
      texts.push(show(value));
    } catch {
      // A value that cannot be shown in this way does not show in it.
    }
  return texts.join("\n");
};

const SHOWN_AS: readonly ((value: unknown) => string)[] = [
  (value) => inspect(value, { depth: DEPTH, showHidden: true, maxStringLength: null, maxArrayLength: null }),
  (value) => inspect(value, { depth: DEPTH, maxStringLength: null, customInspect: false }),
  (value) => JSON.stringify(value),
  String,
];

const fieldsOf = (root: unknown): Set<string> => {
  const texts = new Set<string>();
  const seen = new Set<object>();
  const visit = (value: unknown, depth: number): void => {
    if (typeof value === "symbol") texts.add(value.description ?? "");
    else if (value instanceof Uint8Array) {
      texts.add(Buffer.from(value).toString("latin1"));
      // For the scanner to decompress.
      texts.add(Buffer.from(value).toString("base64"));
    } else if (typeof value === "object" && value !== null) visitFields(value, depth);
    else if (typeof value !== "function") texts.add(String(value));
  };
  const visitFields = (value: object, depth: number): void => {
    if (depth > DEPTH || seen.has(value) || seen.size >= MAX_OBJECTS) return;
    seen.add(value);
    if (value instanceof Map || value instanceof Set)
      for (const each of value as Iterable<unknown>) visit(each, depth + 1);
    for (const [key, field] of readFields(value)) {
      visit(key, depth + 1);
      visit(field, depth + 1);
    }
  };
  visit(root, 0);
  return texts;
};

/** Own fields of every kind, and what the getters of the value's classes give. */
const readFields = (value: object): [string | symbol, unknown][] => {
  const fields: [string | symbol, unknown][] = [];
  for (let owner: object | null = value; owner && owner !== Object.prototype; owner = prototypeOf(owner))
    for (const key of Reflect.ownKeys(owner)) {
      if (owner !== value && !Reflect.getOwnPropertyDescriptor(owner, key)?.get) continue;
      try {
        fields.push([key, Reflect.get(value, key)]);
      } catch {
        // A getter that throws shows nothing.
      }
    }
  return fields;
};

const prototypeOf = (value: object): object | null => Object.getPrototypeOf(value) as object | null;
