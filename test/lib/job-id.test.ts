import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { normalJobId as normalForClients } from "../../client/index.ts";
import { normalJobId } from "../../lib/job-id.ts";

const JOB = "0123456789abcdef0123456789abcdef";
const UUID = "01234567-89ab-cdef-0123-456789abcdef";

describe("normalJobId", () => {
  it.each([JOB, JOB.toUpperCase(), "0123456789ABCDEF0123456789abcdef", UUID, UUID.toUpperCase()])(
    "understands %s",
    (spelt) => {
      expect(normalJobId(spelt)).toBe(JOB);
    },
  );

  it.each([
    "",
    JOB.slice(1),
    `${JOB}0`,
    `${JOB}\n`,
    ` ${JOB}`,
    `{${UUID}}`,
    `urn:uuid:${UUID}`,
    UUID.replace("-", ""),
    `${JOB.slice(0, 16)}-${JOB.slice(16)}`,
    "0123-456789abcdef-0123-4567-89abcdef",
    UUID.replaceAll("-", "\u2010"),
    JOB.replace("0", "g"),
    JOB.replace("0", "\uff10"),
  ])("takes %j for no job id", (text) => {
    expect(normalJobId(text)).toBeUndefined();
  });

  it("is understood by the clients in the same spellings, though nothing is shared with them", () => {
    const spelt = fc.oneof(
      fc.string({ maxLength: 40 }),
      fc.string({ unit: fc.constantFrom(...Array.from("0189abfABF-")), minLength: 30, maxLength: 38 }),
      fc.stringMatching(/^[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}$/),
      fc.uuid(),
    );
    fc.assert(
      fc.property(spelt, (text) => {
        expect(normalForClients(text)).toBe(normalJobId(text));
      }),
    );
  });
});
