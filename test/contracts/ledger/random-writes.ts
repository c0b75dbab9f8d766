import fc from "fast-check";
import type { Condition, Row, State, Write } from "../../../lib/delivery/machine/row.ts";
import type { MediaRef } from "../../../lib/media/key.ts";

/** A row, or none, and a write that may or may not fit it. */
export interface WriteCase {
  readonly row: Omit<Row, "jobId"> | undefined;
  readonly write: Write;
}

const STATES: readonly State[] = ["UPLOADING", "SENDING", "FINALIZING", "DELIVERED", "REJECTED", "NEEDS_REVIEW"];

// Few values each, so that conditions meet rows.
const state = fc.constantFrom(...STATES);
const fence = fc.integer({ min: 0, max: 3 });
const claimId = fc.constantFrom("claim-a", "claim-b", "");
const capability = fc.constantFrom("capability-a", "capability-b");
const count = fc.integer({ min: 0, max: 2 });
const timeMs = fc.integer({ min: 0, max: 4_102_444_800_000 });
const text = fc.string({ unit: "grapheme", maxLength: 12 });
const media: fc.Arbitrary<MediaRef> = fc.oneof(
  fc.record(
    {
      id: fc.constantFrom("object:a", "object:b"),
      kind: fc.constant("object" as const),
      key: text,
      versionId: fc.constantFrom("null", "v1"),
    },
    { requiredKeys: ["id", "kind"] },
  ),
  fc.record({ id: fc.constantFrom("url:a", "body:b"), kind: fc.constantFrom("url" as const, "body" as const) }),
);

const attributes = {
  state,
  // Of the newest version, and now and then of a newer one.
  schemaVersion: fc.constantFrom(1, 1, 1, 1, 1, 1, 2),
  fence,
  claimId,
  media,
  leaseUntil: timeMs,
  settledAt: timeMs,
  posts: count,
  claims: count,
  notBefore: timeMs,
  waiting: fc.record({ type: text, comment: text }),
  unknownSince: timeMs,
  answeredError: fc.boolean(),
  bytesInVain: fc.integer({ min: 0, max: 107_374_182_390 }),
  everUnknown: fc.boolean(),
  handOver: fc.boolean(),
  capability,
  capabilityUntil: timeMs,
  redirected: fc.boolean(),
  pulls: count,
  rejected: fc.array(text, { maxLength: 3 }),
  conflicts: fc.array(text, { maxLength: 3 }),
  conflictCount: count,
  decision: fc.record({
    what: fc.constantFrom("resend" as const, "reject" as const),
    fence,
    by: text,
    why: text,
    at: timeMs,
  }),
  closed: fc.boolean(),
  cancelledAt: timeMs,
  signedAfter: fc.array(text, { maxLength: 3 }),
  signedAt: timeMs,
  droppedAt: timeMs,
  late: fc.boolean(),
  jobSeenAt: timeMs,
  announced: fc.boolean(),
  taskId: text,
  error: fc.record({ type: text, comment: text }),
  sizeBytes: fc.integer({ min: 0, max: 10_737_418_239 }),
  sentBytes: fc.integer({ min: 0, max: 10_737_418_239 }),
  sha256: text,
  updatedAt: timeMs,
  expiresAt: fc.integer({ min: 0, max: 4_102_444_800 }),
};
const names = Object.keys(attributes) as (keyof typeof attributes)[];

const row: fc.Arbitrary<Omit<Row, "jobId">> = fc.record(attributes, { requiredKeys: ["state", "fence", "updatedAt"] });

/** Mostly what the row has, so that a good part of the writes is carried out. */
const seenOr = <T>(seen: T | undefined, other: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  seen === undefined ? other : fc.oneof({ weight: 5, arbitrary: fc.constant(seen) }, { weight: 1, arbitrary: other });

const conditionFor = (present: Omit<Row, "jobId"> | undefined): fc.Arbitrary<Condition> => {
  const anyState = fc.constantFrom(...STATES, "none" as const);
  const common = fc.record(
    {
      state: fc
        .tuple(
          fc.array(anyState, { maxLength: 3 }),
          seenOr<State | "none">(present?.state ?? "none", anyState),
          fc.integer({ min: 0, max: 19 }),
        )
        .map(([others, likely, odds]) => (odds === 0 ? others : [...others, likely])),
      fence: seenOr(present?.fence, fence),
      claimId: seenOr(present?.claimId, claimId),
      mediaId: seenOr(
        present?.media?.id,
        media.map(({ id }) => id),
      ),
      conflictCount: seenOr(present?.conflictCount ?? 0, count),
    },
    { requiredKeys: ["state"] },
  );
  const ofHandOver = fc.record(
    { capability: seenOr(present?.capability, capability), redirected: fc.constant(false as const) },
    { requiredKeys: [] },
  );
  return fc
    .tuple(common, fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: ofHandOver }))
    .map(([condition, more]) => ({ ...condition, ...more }));
};

const changes: fc.Arbitrary<Pick<Write, "set" | "remove">> = fc.record(
  {
    set: fc.oneof({ weight: 9, arbitrary: fc.record(attributes, { requiredKeys: [] }) }, fc.constant({})),
    // The same attribute may be set as well.
    remove: fc.uniqueArray(fc.constantFrom(...names.filter((name) => name !== "state")), { maxLength: 5 }),
  },
  { requiredKeys: ["set"] },
);

/** A row that comes to be has the attributes without which it is none. */
const completed = (
  present: unknown,
  { set, remove }: Pick<Write, "set" | "remove">,
): Pick<Write, "set" | "remove"> => ({
  set: present === undefined ? { state: "UPLOADING", fence: 1, updatedAt: 1, ...set } : set,
  ...(remove ? { remove } : {}),
});

export const writeCase: fc.Arbitrary<WriteCase> = fc
  .oneof({ weight: 9, arbitrary: row }, { weight: 1, arbitrary: fc.constant(undefined) })
  .chain((present) =>
    fc.record({
      row: fc.constant(present),
      write: fc
        .tuple(conditionFor(present), changes)
        .map(([condition, change]) => ({ if: condition, ...completed(present, change) })),
    }),
  );
