import { ApiError } from "./errors.ts";

export type Pair = readonly [name: string, value: string];

/**
 * The parameters of a query string or form body, in order and repetitions included. `+` is a space, as in the older
 * dialect of cielo24's clients. Stricter than URLSearchParams, which lets a bad `%` pass and replaces bad UTF-8.
 *
 * @throws {ApiError} INVALID_QUERY naming the parameter that is badly encoded
 */
export const decodeForm = (text: string): Pair[] =>
  text
    .split("&")
    .filter((part) => part !== "")
    .map((part) => {
      const [rawName = "", ...rest] = part.split("=");
      const name = decode(rawName);
      if (name === undefined) throw badlyEncoded("The name of a parameter");
      const value = decode(rest.join("="));
      if (value === undefined) throw badlyEncoded(quoteName(name));
      return [name, value];
    });

const badlyEncoded = (what: string) =>
  new ApiError("INVALID_QUERY", { comment: `${what} is not percent-encoded UTF-8.` });

const decode = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return undefined;
  }
};

/** A parameter's name as an error may repeat it: nothing but plain names is echoed. */
export const quoteName = (name: string): string => (/^[\w.-]{1,64}$/.test(name) ? name : "A parameter");
