import { describe, expect, it } from "@jest/globals";
import { ACCOUNT_ERROR_TYPES, CIELO24_ERROR_TYPES } from "../../lib/cielo24/api.ts";
import { API_ERROR_CODES, ApiError } from "../../lib/http/errors.ts";
import { operations, partsOf, type Operation } from "./description.ts";

/** ErrorTypes of cielo24's that never reach a client as a 400: they have an answer of their own. */
const ANSWERED_OTHERWISE = new Set(["BAD_API_TOKEN", "LOGIN_INVALID", "UNHANDLED_ERROR", "ITEM_NOT_FOUND"]);
/** `REFUSED` has whatever ErrorType cielo24 gave. */
const ours = API_ERROR_CODES.filter((code) => code !== "REFUSED").map((code) => new ApiError(code));

/** `status ErrorType` of every error that an operation may answer. */
const errorsOf = ({ responses }: Operation): string[] =>
  Object.entries(responses).flatMap(([status, { content }]) =>
    partsOf(content?.["application/json"]?.schema ?? {})
      .flatMap(({ properties }) => properties?.["ErrorType"]?.enum ?? [])
      .map((type) => `${status} ${String(type)}`),
  );
const described = new Set(operations.flatMap(errorsOf));

describe("the errors in the description", () => {
  it.each(ours)("has $status $errorType, which the functions answer ($code)", ({ status, errorType }) => {
    expect(described).toContain(`${status} ${errorType}`);
  });

  it("has none that nobody answers", () => {
    const known = new Set([
      ...ours.map(({ status, errorType }) => `${status} ${errorType}`),
      ...CIELO24_ERROR_TYPES.map((type) => `400 ${type}`),
    ]);
    expect([...described].filter((error) => !known.has(error))).toEqual([]);
  });

  it.each<[operationId: string, others: readonly string[]]>([
    // Errors about the account do not blame the media: they are answered with 502.
    ["addMediaByUrl", [...ACCOUNT_ERROR_TYPES]],
    ["addMedia", [...ACCOUNT_ERROR_TYPES]],
    // Likewise.
    ["updateMetadata", ["NOT_IMPLEMENTED"]],
    ["updateMetadataByQuery", ["NOT_IMPLEMENTED"]],
  ])("passes on what cielo24 itself may refuse with, and no more: %s", (operationId, others) => {
    const operation = operations.find((each) => each.operationId === operationId);
    const refusals = CIELO24_ERROR_TYPES.filter((type) => !ANSWERED_OTHERWISE.has(type) && !others.includes(type));
    const answered = operation ? errorsOf(operation) : [];
    expect(answered).toEqual(expect.arrayContaining(refusals.map((type) => `400 ${type}`)));
    for (const type of others) expect(answered).not.toContain(`400 ${type}`);
  });

  it.each(operations)("has for $routeKey what API Gateway itself may answer", ({ responses, method }) => {
    expect(Object.keys(responses)).toEqual(expect.arrayContaining(["429", "500", "503"]));
    if (method === "HEAD") return;
    for (const status of ["429", "503"])
      expect(partsOf(responses[status]?.content?.["application/json"]?.schema ?? {})).toContainEqual(
        expect.objectContaining({ required: ["message"] }),
      );
  });
});
