import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseDocument } from "yaml";
import { checkParams, type Chosen, type Params, type Sections } from "./check.ts";
import { readAssignments } from "./options.ts";

const OWN_PARAMS = "params.yml";
export const EXAMPLE_PARAMS = "params.example.yml";

/**
 * A stage's parameters, of `params.yml` (or the example where there is none) and of the command line.
 *
 * @throws with everything that is wrong with them
 */
export const readParams = (folder: string, chosen: Chosen): Params => {
  const file = existsSync(join(folder, OWN_PARAMS)) ? OWN_PARAMS : EXAMPLE_PARAMS;
  const { faults, values } = checkParams(
    readSections(folder, file),
    readSections(folder, EXAMPLE_PARAMS),
    chosen,
    file,
  );
  if (faults.length === 0) return values;
  throw new Error(`The parameters of ${chosen.stage} (${file}) are not fit:\n  ${faults.join("\n  ")}`);
};

/** The framework's options, as far as they say which parameters count; `null` or absent if they are not given. */
interface FrameworkOptions {
  readonly stage?: string | null;
  readonly region?: string | null;
  readonly param?: readonly (string | null)[] | null;
}

/**
 * The parameters by stage, for serverless.yml. The framework would read the file itself, but it takes digits for numbers:
 * it loses leading zeros, makes 1.1 of 1.10 and rounds long numbers.
 *
 * @throws like `readParams`
 */
export const paramsForFramework = (options: FrameworkOptions): Record<string, Params> => {
  const stage = options.stage ?? "dev";
  const params = readAssignments(options.param ?? []);
  const chosen = { stage, region: options.region ?? undefined, params, isDeploy: false };
  try {
    return { [stage]: readParams(join(import.meta.dirname, "../.."), chosen) };
  } catch (error) {
    // Of an error with a stack, the framework shows that.
    (error as Error).stack = "";
    throw error;
  }
};

/**
 * Reads a parameters' file so that every value is the text that stands there: nothing is turned into a number, a date or
 * a flag, so `0123`, `1.10` and the numbers of accounts stay what they are.
 *
 * @throws if it is no YAML, or has other tags than those of texts, lists and mappings
 */
export const readSections = (folder: string, file: string): Sections =>
  parseSections(readFileSync(join(folder, file), "utf8"), file);

export const parseSections = (source: string, file: string): Sections => {
  const sections = valueOf(source, file) ?? {};
  if (Array.isArray(sections) || typeof sections !== "object")
    throw new Error(`${file} must have sections: default, and one for each stage`);
  return new Map(Object.entries(sections));
};

const valueOf = (source: string, file: string): unknown => {
  const document = parseDocument(source, { schema: "failsafe", customTags: ["null"], merge: true });
  try {
    const [problem] = [...document.errors, ...document.warnings];
    if (problem !== undefined) throw problem;
    return document.toJS();
  } catch (error) {
    throw new Error(`${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
};
