import { ProxyError } from "./errors.ts";

/** A 200 of the API's, taken apart as JSON. */
export type ApiAnswer = Readonly<Record<string, unknown>>;

/** @throws {ProxyError} UNINTELLIGIBLE where the answer lacks it */
export const textField = (answer: ApiAnswer, name: string): string => {
  const value = answer[name];
  if (typeof value === "string") return value;
  throw new ProxyError({
    source: "api",
    errorType: "UNINTELLIGIBLE",
    comment: `The answer lacks ${name}.`,
    status: 200,
  });
};

export const optionalText = (answer: ApiAnswer, name: string): string | undefined =>
  answer[name] === undefined ? undefined : textField(answer, name);

/** A number; undefined where there is none. */
export const optionalNumber = (answer: ApiAnswer, name: string): number | undefined => {
  const value = answer[name];
  return typeof value === "number" ? value : undefined;
};
