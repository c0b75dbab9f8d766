import { describe, expect, it } from "@jest/globals";
import { toJsonSchema } from "@valibot/to-json-schema";
import fc from "fast-check";
import { addMediaParameters } from "../../functions/add-media/handler.ts";
import { deliveryParameters } from "../../functions/delivery-status/handler.ts";
import { cancelParameters } from "../../functions/sign-upload/cancel-upload.ts";
import { requestUploadUrlParameters, signUploadParameters } from "../../functions/sign-upload/handler.ts";
import { updateMetadataParameters } from "../../functions/update-metadata/handler.ts";
import { checkMediaUrl } from "../../lib/media/media-url.ts";
import { operationOf, operations, partsOf, type Operation, type Schema } from "./description.ts";
import { isDescribed } from "./validator.ts";

import * as v from "valibot";

/** What validates the parameters of each operation. */
const VALIDATED_BY: Readonly<Record<string, v.ObjectSchema<v.ObjectEntries, undefined>>> = {
  requestUploadUrl: requestUploadUrlParameters,
  signUpload: signUploadParameters,
  getDelivery: deliveryParameters,
  cancelDelivery: cancelParameters,
  addMediaByUrl: addMediaParameters,
  addMedia: addMediaParameters,
  updateMetadataByQuery: updateMetadataParameters,
  updateMetadata: updateMetadataParameters,
};
/** Have no parameters that are validated. */
const WITHOUT_PARAMETERS = ["getHealth", "pullMedia", "measureMedia"];

/** Where the description asks for more than the schema does: a body that is media stands in for the URL. */
const ALSO_REQUIRED: Readonly<Record<string, readonly string[]>> = {
  addMediaByUrl: ["media_url"],
  addMedia: ["media_url"],
};

interface Described {
  readonly schema: Schema;
  readonly required: boolean;
}

/** Parameters by name, from the query and from the bodies that hold some. */
const parametersOf = ({ parameters, requestBody }: Operation): ReadonlyMap<string, Described> => {
  const named = new Map<string, Described>();
  for (const { name, schema, required = false } of parameters) named.set(name, { schema, required });
  for (const { schema } of Object.values(requestBody?.content ?? {}))
    for (const [name, each] of Object.entries(schema.properties ?? {}))
      named.set(name, { schema: each, required: schema.required?.includes(name) ?? false });
  return named;
};

const cases = Object.entries(VALIDATED_BY).flatMap(([operationId, schema]) =>
  [...parametersOf(operationOf(operationId))].map(([name, described]) => ({ operationId, name, described, schema })),
);

const find = <K extends keyof Schema>(schema: Schema, key: K): Schema[K] | undefined =>
  partsOf(schema)
    .map((part) => part[key])
    .find((value) => value !== undefined);

describe("the parameters in the description", () => {
  it("are compared with what validates them, for every operation", () => {
    const compared = [...Object.keys(VALIDATED_BY), ...WITHOUT_PARAMETERS].sort();
    expect(operations.map(({ operationId }) => operationId).sort()).toEqual(compared);
  });

  it.each(Object.entries(VALIDATED_BY))("have the names and are required as in the code: %s", (operationId, schema) => {
    const validated = toJsonSchema(schema, { typeMode: "input", errorMode: "ignore" });
    const named = parametersOf(operationOf(operationId));
    expect([...named.keys()].sort()).toEqual(Object.keys(validated.properties ?? {}).sort());
    const required = [...named].filter(([, each]) => each.required).map(([name]) => name);
    expect(required.sort()).toEqual([...(validated.required ?? []), ...(ALSO_REQUIRED[operationId] ?? [])].sort());
  });

  it.each(cases)("have the patterns, limits and defaults of the code: $operationId $name", (each) => {
    const validated = toJsonSchema(each.schema, { typeMode: "input", errorMode: "ignore" }).properties?.[each.name];
    const { maxLength, default: byDefault } = validated as Schema;
    const patterns = patternsOf(each.schema.entries[each.name]);
    const { schema } = each.described;
    const isNumber = find(schema, "type") === "integer";
    // A number is text where it arrives; its limits are compared by what is taken.
    if (each.name === "media_url") return;
    if (!isNumber && patterns.length > 0) expect(patterns).toContain(find(schema, "pattern"));
    else expect(find(schema, "pattern")).toBeUndefined();
    expect(find(schema, "maxLength")).toBe(maxLength);
    if (find(schema, "default") !== undefined) expect(String(find(schema, "default"))).toBe(byDefault);
  });

  it.each(cases.filter(({ name }) => name !== "media_url"))(
    "allow what the code takes, and nothing else: $operationId $name",
    (each) => {
      const { described, name, schema } = each;
      const takes = (value: string) => {
        const { entries } = schema;
        const entry = entries[name];
        return entry !== undefined && v.safeParse(entry, value).success;
      };
      fc.assert(
        fc.property(valuesOf(described.schema), (value) => {
          expect({ value, isAllowed: isDescribed(described.schema, value) }).toEqual({
            value,
            isAllowed: takes(value),
          });
        }),
        { numRuns: 400, seed: 24 },
      );
    },
  );
});

describe("media_url in the description", () => {
  const { schema } = parametersOf(operationOf("addMediaByUrl")).get("media_url") ?? { schema: {} };
  const isTaken = (url: string) =>
    !("refused" in checkMediaUrl(url, { ownBucket: "media", ownHosts: ["api.captions.example"] }));

  it("allows whatever is taken", () => {
    const urls = fc.oneof(
      fc.webUrl({ validSchemes: ["https"], withQueryParameters: true, withFragments: true }),
      fc.webUrl({ validSchemes: ["HTTPS", "http", "ftp"] }),
      fc.string({ unit: "binary" }).map((text) => `https://media.example.org/${text}`),
      fc.string({ unit: "grapheme-ascii" }).map((text) => `https://${text}`),
      fc.constantFrom(2046, 2047, 2048, 2049).map((length) => "https://media.example.org/".padEnd(length, "a")),
    );
    const seen = { taken: 0, refused: 0 };
    fc.assert(
      fc.property(urls, (url) => {
        seen[isTaken(url) ? "taken" : "refused"] += 1;
        if (isTaken(url)) expect({ url, isAllowed: isDescribed(schema, url) }).toEqual({ url, isAllowed: true });
      }),
      { numRuns: 2_000, seed: 24 },
    );
    expect(seen.taken).toBeGreaterThan(100);
    expect(seen.refused).toBeGreaterThan(100);
  });

  it.each(["http://media.example.org/a", "https://", "https:///a", "https://media.example.org/a b", "media.mp4"])(
    "does not allow %j",
    (url) => {
      expect([isDescribed(schema, url), isTaken(url)]).toEqual([false, false]);
    },
  );
});

/** The patterns in a pipe. Of several, the last implies the others: what they take is compared below. */
const patternsOf = (entry: unknown): string[] => {
  const {
    type,
    requirement,
    pipe = [],
    wrapped,
  } = entry as {
    type?: string;
    requirement?: unknown;
    pipe?: readonly unknown[];
    wrapped?: unknown;
  };
  const own = type === "regex" && requirement instanceof RegExp ? [requirement.source] : [];
  // The first of a pipe is the schema itself, whose pipe is the one that this is.
  const others = [...pipe, ...(wrapped ? [wrapped] : [])].filter((each) => each !== entry);
  return [...own, ...others.flatMap(patternsOf)];
};

/** Text of the kinds that separate one rule from another: the values of the rule itself, their neighbours, and noise. */
const valuesOf = (schema: Schema): fc.Arbitrary<string> => {
  const named = partsOf(schema).flatMap((part) => part.enum ?? []);
  const limits = partsOf(schema).flatMap((part) => {
    const { minimum, maximum } = part as { minimum?: number; maximum?: number };
    return [minimum, maximum].filter((limit) => limit !== undefined);
  });
  return fc.oneof(
    // The functions take upper case for lower where case says nothing, and `007` for 7: more than is promised.
    fc.constantFrom(...named.filter((value) => typeof value === "string"), "1", "2", "true", "false", "GET", "PATCH"),
    fc.constantFrom(0, 1, ...limits).chain((limit) => fc.integer({ min: -2, max: 2 }).map((by) => String(limit + by))),
    fc.stringMatching(/^[0-9a-f]{31,33}$/),
    fc.stringMatching(/^[0-9A-F]{32}$/),
    fc.stringMatching(/^[0-9A-Fa-f]{7,9}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$/),
    fc.stringMatching(/^[a-z]{1,8}\/[a-z0-9.+-]{1,8}(; ?[a-z]=[a-z])?$/),
    fc.string({ unit: "binary", minLength: 1 }),
    fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 20 }),
    fc.constantFrom(1023, 1024, 1025, 2047, 2048, 2049).map((length) => "a".repeat(length)),
    fc.constantFrom("a\nb", "a\u0000", "\u007f", "\u0080", "ü", "a b"),
  );
};
