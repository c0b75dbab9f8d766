import fc from "fast-check";
import type { FuzzRequest } from "./case.ts";

export type Pairs = readonly (readonly [name: string, value: string])[];

/**
 * How parameters travel: all in the query, or all but `v` in a JSON or form body. The functions read them the same way,
 * whatever the method.
 */
export type Carrier = "query" | "json" | "form";

export const carriers = fc.constantFrom<Carrier>("query", "json", "form");

const JSON_TYPES = ["application/json", "Application/JSON; charset=utf-8", "application/vnd.api+json"];
export const FORM_TYPE = "application/x-www-form-urlencoded";

export const encodePairs = (pairs: Pairs): string =>
  pairs.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join("&");

/** JSON without a DEL, which would make a body look binary. */
export const toJson = (value: unknown): string => JSON.stringify(value).replaceAll("\x7f", "\\u007f");

/** The request that carries the parameters so. Lone surrogates travel in JSON alone. */
export const carry = (
  routeKey: string,
  pairs: Pairs,
  carrier: Carrier,
  headers: Readonly<Record<string, string>>,
): FuzzRequest => {
  const [method = "", path = ""] = routeKey.split(" ");
  if (carrier === "query") return { method, target: `${path}?${encodePairs(pairs)}`, headers };
  const inQuery = pairs.filter(([name]) => name === "v");
  const inBody = pairs.filter(([name]) => name !== "v");
  const target = inQuery.length > 0 ? `${path}?${encodePairs(inQuery)}` : path;
  return carrier === "json"
    ? {
        method,
        target,
        headers: { ...headers, "content-type": JSON_TYPES[pairs.length % JSON_TYPES.length] ?? "" },
        body: toJson(Object.fromEntries(inBody)),
      }
    : { method, target, headers: { ...headers, "content-type": FORM_TYPE }, body: encodePairs(inBody) };
};
