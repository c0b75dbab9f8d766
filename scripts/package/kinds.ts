import * as v from "valibot";
import { meant, nearestNumber } from "./nearest.ts";

/** What a parameter's value may be. Values come as texts, as they stand in the file. */
export interface Kind {
  /** Ends the sentence "The parameter must be …". */
  readonly wanted: string;
  /** Takes the text, and gives the value that the template gets. */
  readonly schema: v.GenericSchema<string, unknown>;
  /** Makes of a wrong text the right one that is nearest to it, if there is any. May be wrong: the schema decides. */
  readonly nearest: (text: string) => string | undefined;
  /** The range or the allowed values, as the parameter's row in docs/parameters.md has them. */
  readonly range?: readonly string[];
  /** A right value to name where the example's is empty. */
  readonly instance?: string;
}

/** A list of such values. */
export interface ListKind {
  readonly wanted: string;
  readonly item: Kind;
  readonly most: number;
  /** It may be empty, and goes to the template as one text with commas, since a list decides nothing there. */
  readonly isOptional?: true;
  /** A right value to name where the example's is empty. */
  readonly instance?: readonly string[];
}

/** Digits as YAML 1.2, YAML 1.1 and the functions all read them: neither 007 nor 1_000 nor 1e3. */
const digits = v.pipe(v.string(), v.regex(/^(0|[1-9]\d{0,14})$/), v.transform(Number));

/** What somebody probably meant by a number: 1_000, 1e3, 0x10, 0o17 and 30.5 have a value. */
const numberOf = (text: string): number | undefined => {
  const value = Number(text.replaceAll(/[_\s]/g, "") || "none");
  return Number.isNaN(value) ? undefined : value;
};

export const wholeNumber = (min: number, max: number): Kind => ({
  wanted: `a whole number from ${min} to ${max}`,
  schema: v.pipe(digits, v.minValue(min), v.maxValue(max)),
  nearest: (text) => {
    const value = numberOf(text);
    return value === undefined ? undefined : String(Math.min(Math.max(Math.round(value), min), max));
  },
  range: [`${min} to ${max}`],
});

export const oneOfNumbers = (...allowed: number[]): Kind => ({
  wanted: `one of ${allowed.join(", ")}`,
  schema: v.pipe(digits, v.picklist(allowed)),
  nearest: (text) => {
    const value = numberOf(text);
    return value === undefined ? undefined : String(nearestNumber(value, allowed));
  },
  range: [allowed.join(", ")],
});

export const oneOf = (...allowed: string[]): Kind => ({
  wanted: `one of ${allowed.join(", ")}`,
  schema: v.picklist(allowed),
  nearest: (text) => meant(text, allowed),
  range: allowed.map((each) => `\`${each}\``),
});

/** How YAML 1.1 and others spell flags. */
const SPELLINGS: Readonly<Record<string, string>> = {
  yes: "true",
  y: "true",
  on: "true",
  1: "true",
  no: "false",
  n: "false",
  off: "false",
  0: "false",
};

export const flag: Kind = {
  wanted: "true or false",
  schema: v.pipe(
    v.picklist(["true", "false"]),
    v.transform((value) => value === "true"),
  ),
  nearest: (text) => SPELLINGS[text.toLowerCase()] ?? meant(text, ["true", "false"]),
};

/** A text that passes a test. */
export const text = (
  wanted: string,
  isRight: (text: string) => boolean,
  nearest: Kind["nearest"] = (trimmed) => trimmed,
): Kind => ({
  wanted,
  schema: v.pipe(v.string(), v.check(isRight)),
  nearest: (given) => nearest(given.trim()),
});

/** The same, or nothing at all: `""`. */
export const emptyOr = (kind: Kind): Kind => ({
  ...kind,
  wanted: `empty, or ${kind.wanted}`,
  schema: v.union([v.literal(""), kind.schema]),
  nearest: (given) => (given.trim() === "" ? "" : kind.nearest(given)),
});

export const listOf = (item: Kind, most = 100): ListKind => ({
  wanted: `a list of 1 to ${most}, each ${item.wanted}`,
  item,
  most,
});

/** The same, or nothing at all: `""`. */
export const listOrNone = (item: Kind, most: number, instance: readonly string[]): ListKind => ({
  wanted: `empty, or a list of 1 to ${most}, each ${item.wanted}`,
  item,
  most,
  isOptional: true,
  instance,
});

export const isList = (kind: Kind | ListKind): kind is ListKind => "item" in kind;
