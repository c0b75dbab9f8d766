import fc from "fast-check";
import { broken } from "../fuzz/broken.ts";
import type { Case } from "../fuzz/case.ts";
import { brokenMediaBodies, mediaBodies } from "../fuzz/media-bodies.ts";
import { noRoute } from "../fuzz/no-route.ts";
import { withNoise } from "../fuzz/noise.ts";
import { OPEN_ROUTES } from "../fuzz/open-routes.ts";
import { USES } from "../fuzz/uses.ts";
import { accepted, drafts } from "../fuzz/valid.ts";
import type { Population } from "../fuzz/population.ts";

/**
 * What is sent, in percent. A refusal costs the stack about a millisecond of a core, what reads or writes the ledger
 * three to five, and a whole delivery (ledger, queue, event bus, cielo24) some fifteen: so the dear ones are few, and
 * more than half of all requests are broken. 1,000 deliveries are still among 100,000.
 */
const SHARES = {
  deliveries: 1,
  metadata: 2,
  signing: 5,
  status: 6,
  health: 10,
  media: 4,
  broken: 56,
  brokenMedia: 3,
  brokenCapabilities: 4,
  noRoute: 9,
};

/** Requests of all kinds, each with its right answer. */
export const mix = (population: Population): fc.Arbitrary<Case> => {
  const valid = (pattern: RegExp) =>
    fc.oneof(
      ...Object.entries(USES)
        .filter(([routeKey]) => pattern.test(routeKey))
        .map(([routeKey, uses]) => drafts(population, routeKey, uses).map(accepted)),
    );
  const routes = Object.entries(USES).map(([routeKey, uses]) => broken(drafts(population, routeKey, uses), population));
  const opened = (pattern: RegExp) =>
    fc.oneof(
      ...Object.entries(OPEN_ROUTES)
        .filter(([routeKey]) => pattern.test(routeKey))
        .map(([, route]) => route.valid(population)),
    );
  const kinds: Readonly<Record<keyof typeof SHARES, fc.Arbitrary<Case>>> = {
    deliveries: fc.oneof(valid(/add_media/), mediaBodies(population)),
    metadata: valid(/update_metadata/),
    signing: valid(/upload/),
    status: valid(/delivery/),
    health: opened(/health/),
    media: opened(/media/),
    broken: fc.oneof(...routes),
    brokenMedia: brokenMediaBodies(population),
    brokenCapabilities: fc.oneof(...Object.values(OPEN_ROUTES).flatMap((route) => route.broken?.(population) ?? [])),
    noRoute: noRoute(population),
  };
  return withNoise(
    fc.oneof(
      ...(Object.keys(SHARES) as (keyof typeof SHARES)[]).map((kind) => ({
        weight: SHARES[kind],
        arbitrary: kinds[kind],
      })),
    ),
  );
};
