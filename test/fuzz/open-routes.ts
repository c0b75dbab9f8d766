import fc from "fast-check";
import type { Case } from "./case.ts";
import { unknownId } from "./fields.ts";
import type { Population } from "./population.ts";

const found = (what: string, method: string, target: string, expected: Case["expected"]): Case => ({
  what,
  request: { method, target, headers: {} },
  expected,
});

const NO_SUCH_MEDIA = { status: 404, errorType: "ITEM_NOT_FOUND" };

const name = fc
  .oneof(
    fc.constantFrom("a.mp4", "..", ".", "%2F", "a b", "\0", "a\r\nb"),
    fc.string({ minLength: 1, unit: "grapheme" }),
  )
  .map(encodeURIComponent)
  // A client's URL parser takes these for steps.
  .filter((text) => text !== "." && text !== "..");

/** Parts of a path that are no capability, or none that is in force. */
const badCapability = (capability: string) =>
  fc.oneof(
    fc.tuple(unknownId, unknownId).map((ids) => ids.join(".")),
    unknownId.map((id) => `${capability.slice(0, 33)}${id}`),
    unknownId.map((id) => `${id}.${capability.slice(33)}`),
    fc.constantFrom(
      capability.slice(0, -1),
      `${capability}0`,
      capability.toUpperCase(),
      capability.replace(".", ""),
      ` ${capability}`,
      `${capability}\0`,
      `${capability}\n`,
      "__proto__",
      "%",
      "a".repeat(2000),
    ),
    fc.string({ minLength: 1, unit: "binary" }).filter((text) => text !== "." && text !== ".."),
  );

/** What routes without an authorizer answer, by their key. */
export const OPEN_ROUTES: Readonly<
  Record<
    string,
    { valid: (population: Population) => fc.Arbitrary<Case>; broken?: (population: Population) => fc.Arbitrary<Case> }
  >
> = {
  "GET /health": {
    valid: () =>
      fc
        .constantFrom("", "?", "?v=1", "?%", "?api_token=x&api_token=y", "?=&&=")
        .map((query) => found(`health${query}`, "GET", `/health${query}`, { status: 200, fields: ["Version"] })),
  },
  ...Object.fromEntries(
    ["GET", "HEAD"].map((method) => [
      `${method} /media/{capability}/{name}`,
      {
        valid: ({ capabilities }: Population) =>
          fc.tuple(fc.constantFrom(...capabilities), name).map(([capability, each]) =>
            found(`${method} a capability`, method, `/media/${capability}/${each}`, {
              status: method === "GET" ? 302 : 200,
            }),
          ),
        broken: (population: Population) =>
          fc
            .tuple(fc.constantFrom(...population.capabilities).chain(badCapability), name)
            .map(([part, each]) =>
              found(`${method} no capability`, method, `/media/${encodeURIComponent(part)}/${each}`, NO_SUCH_MEDIA),
            ),
      },
    ]),
  ),
};
