import * as v from "valibot";
import { ApiError } from "./errors.ts";
import type { Parameters } from "./request.ts";

/** A schema over parameters: an object whose messages go on after the parameter's name ("must be 1"). */
type ParameterSchema = v.GenericSchema<unknown, unknown>;

/**
 * The parameters that the schema names, checked and converted; all others are left out.
 *
 * @throws {ApiError} MISSING_PARAMETER, INVALID_OPTION or INVALID_QUERY; the comment names every parameter at fault
 */
export const validate = <S extends ParameterSchema>(schema: S, parameters: Parameters): v.InferOutput<S> => {
  const result = v.safeParse(schema, parameters, { abortPipeEarly: true });
  if (result.success) return result.output;
  const [first] = result.issues;
  throw new ApiError(codeOf(first), { comment: result.issues.map(describe).join(" ") });
};

type Issue = v.BaseIssue<unknown>;

const isMissing = (issue: Issue): boolean => issue.input === undefined;

const codeOf = (issue: Issue) => {
  if (isMissing(issue)) return "MISSING_PARAMETER";
  return issue.type === "picklist" ? "INVALID_OPTION" : "INVALID_QUERY";
};

const describe = (issue: Issue): string =>
  `${v.getDotPath(issue) ?? "The request"} ${isMissing(issue) ? "is missing" : issue.message}.`;
