import fc from "fast-check";
import type { Case } from "./case.ts";
import { carriers, carry, type Carrier } from "./carry.ts";
import { asUuid, FIELDS, type FieldName } from "./fields.ts";
import type { Use } from "./uses.ts";
import { FRESH_JOB } from "./case.ts";
import type { Population } from "./population.ts";

/** Right parameters for a use of a route, and how they travel. */
export interface Draft {
  readonly routeKey: string;
  readonly use: Use;
  readonly parameters: Readonly<Record<string, string>>;
  readonly carrier: Carrier;
  readonly headers: Readonly<Record<string, string>>;
}

/** All mean the same job. A fresh one is put into requests later, by this one spelling of its own. */
const spellings = fc.constantFrom<(id: string) => string>(
  (id) => id,
  (id) => id.toUpperCase(),
  asUuid,
  (id) => asUuid(id).toUpperCase(),
);

/** Drafts of requests to which the answer is 200. */
export const drafts = (population: Population, routeKey: string, uses: readonly Use[]): fc.Arbitrary<Draft> =>
  fc.oneof(...uses.map((use) => draftsOf(population, routeKey, use)));

const draftsOf = (population: Population, routeKey: string, use: Use): fc.Arbitrary<Draft> => {
  const names = [...use.required, ...use.optional];
  const always: readonly FieldName[] = [...use.required, ...(Object.keys(use.fixed ?? {}) as FieldName[])];
  return fc
    .record({
      values: fc.record(Object.fromEntries(names.map((name) => [name, FIELDS[name].valid])), {
        requiredKeys: [...always],
      }),
      carrier: carriers,
      jobId: fc.constantFrom(...use.jobs(population)),
      spell: spellings,
    })
    .map(({ values, carrier, jobId, spell }) => ({
      routeKey,
      use,
      carrier,
      parameters: Object.fromEntries(
        Object.entries({ ...values, ...use.fixed }).map(([name, value]) => [
          name,
          value.replaceAll(FRESH_JOB, name === "job_id" && jobId !== FRESH_JOB ? spell(jobId) : jobId),
        ]),
      ),
      headers: { authorization: `Bearer ${population.tokens.alice}` },
    }));
};

export const request = ({ routeKey, parameters, carrier, headers }: Draft): Case["request"] =>
  carry(routeKey, Object.entries(parameters), carrier, headers);

export const accepted = (draft: Draft): Case => ({
  what: `${draft.routeKey} (${draft.use.name}): right, by ${draft.carrier}`,
  request: request(draft),
  expected: { status: 200, fields: draft.use.answers },
});
