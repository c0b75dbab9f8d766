import * as v from "valibot";
import { ApiError } from "./errors.ts";
import { quoteName } from "./form.ts";
import { meantParameter } from "./misspelt.ts";
import type { Parameters } from "./request.ts";

/** A schema over parameters: an object whose messages go on after the parameter's name ("must be 1"). */
type ParameterSchema = v.GenericSchema<unknown, unknown> & { readonly entries: Readonly<Record<string, unknown>> };

/**
 * The parameters that the schema names, checked and converted; all others are left out. One that is a known one misspelt
 * is refused: left out, it would be as if the caller had not asked for what it says.
 *
 * @throws {ApiError} MISSING_PARAMETER, INVALID_OPTION or INVALID_QUERY; the comment names every parameter at fault
 */
export const validate = <S extends ParameterSchema>(schema: S, parameters: Parameters): v.InferOutput<S> => {
  refuseMisspelt(Object.keys(schema.entries), parameters);
  const result = v.safeParse(schema, parameters, { abortPipeEarly: true });
  if (result.success) return result.output;
  const [first] = result.issues;
  throw new ApiError(codeOf(first), { comment: result.issues.map(describe).join(" ") });
};

const refuseMisspelt = (known: readonly string[], parameters: Parameters): void => {
  const missing = known.filter((name) => !(name in parameters));
  for (const name of Object.keys(parameters)) {
    if (known.includes(name)) continue;
    // What is given under its own name is not what a misspelt one was meant to be.
    const meant = meantParameter(name, missing);
    if (meant !== undefined)
      throw new ApiError("INVALID_QUERY", {
        comment: `${quoteName(name)} is no parameter of this call: did you mean ${meant}?`,
      });
  }
};

type Issue = v.BaseIssue<unknown>;

const isMissing = (issue: Issue): boolean => issue.input === undefined;

const codeOf = (issue: Issue) => {
  if (isMissing(issue)) return "MISSING_PARAMETER";
  return issue.type === "picklist" ? "INVALID_OPTION" : "INVALID_QUERY";
};

const describe = (issue: Issue): string =>
  `${v.getDotPath(issue) ?? "The request"} ${isMissing(issue) ? "is missing" : issue.message}.`;
