import { describe, expect, it } from "@jest/globals";
import { readDeliverySettings } from "../../lib/delivery/settings.ts";
import { decideWrite, SCHEMA_VERSION, type Row, type State } from "../../lib/delivery/machine/row.ts";
import { objectId } from "../../lib/media/key.ts";
import { INVOCATION_MS, planJob, type MediaObject } from "../../scripts/restore/plan.ts";

const JOB = "0123456789abcdef0123456789abcdef";
const UPLOAD = "f".repeat(32);
const STOPPED = Date.UTC(2031, 4, 6);
const settings = readDeliverySettings({});
const stop = { stoppedAt: STOPPED, now: STOPPED + INVOCATION_MS, settings };
/** S, T and D of a hand-over: longer than after an error of cielo24's. */
const SETTLED_AT =
  stop.now + settings.clockSkewMs + settings.settleMs + settings.capabilityLifetimeMs + settings.longestPullMs;

const object = (name: string, writtenAt = 1): MediaObject => ({
  key: `media/${JOB}/${name}`,
  versionId: "v1",
  sizeBytes: 5,
  writtenAt,
});
const A = object("a.mp4");
const mediaOf = ({ key, versionId }: MediaObject) =>
  ({ id: objectId(key, versionId), kind: "object", key, versionId }) as const;
const row = (state: State, more: Partial<Row> = {}): Row => ({ jobId: JOB, state, fence: 4, updatedAt: 1, ...more });

/** The row that the plan writes where there is none. */
const written = (copy: Row | undefined, ...objects: MediaObject[]): Row | undefined => {
  const plan = planJob(copy, undefined, objects, stop);
  if (plan.do !== "doubt") throw new Error(`The plan is: ${plan.do}`);
  return decideWrite(JOB, undefined, plan.write);
};
const planned = (copy: Row | undefined, ...objects: MediaObject[]) => planJob(copy, undefined, objects, stop).do;

describe("a job whose row is older than what has happened since", () => {
  it("has its facts put back: DELIVERED, and what an operator closed", () => {
    expect(planned(row("DELIVERED", { media: mediaOf(A) }), A)).toBe("putBack");
    expect(planned(row("NEEDS_REVIEW", { media: mediaOf(A), closed: true }), A)).toBe("putBack");
  });

  it.each(["SENDING", "FINALIZING"] as const)("is asked about if it was %s: it may have been sent", (state) => {
    const claimed = { claimId: "c", leaseUntil: STOPPED, notBefore: STOPPED, waiting: { type: "X", comment: "" } };
    const after = written(row(state, { media: mediaOf(A), ...claimed }), A);
    expect(after).toMatchObject({ state: "FINALIZING", media: mediaOf(A), everUnknown: true, settledAt: SETTLED_AT });
    for (const name of ["claimId", "leaseUntil", "waiting", "announced"]) expect(after).not.toHaveProperty(name);
    expect(after?.fence).toBeGreaterThan(100);
  });

  it("is sent again by itself if nothing of it was in doubt before, and else put before a person", () => {
    expect(written(row("SENDING", { media: mediaOf(A) }))).toMatchObject({ answeredError: true });
    expect(written(row("FINALIZING", { media: mediaOf(A) }))).not.toHaveProperty("answeredError");
  });

  it("is asked about if an object has come for it that the row does not know, the newest one", () => {
    const later = object("b.mp4", 2);
    for (const copy of [undefined, row("UPLOADING"), row("REJECTED", { rejected: [mediaOf(A).id] })])
      expect(written(copy, A, later)).toMatchObject({ state: "FINALIZING", media: mediaOf(later), sizeBytes: 5 });
  });

  it("has its row put back if nothing has come that may be sent", () => {
    expect(planned(row("UPLOADING"))).toBe("putBack");
    expect(planned(row("REJECTED", { rejected: [mediaOf(A).id] }), A)).toBe("putBack");
    expect(planned(undefined)).toBe("nothing");
  });

  it("is not sent what its owner had cancelled, but what was signed after that", () => {
    const signed = object(`${UPLOAD}/a.mp4`);
    expect(planned(row("REJECTED", { cancelledAt: 1 }), signed)).toBe("putBack");
    expect(planned(row("UPLOADING", { cancelledAt: 1, signedAfter: [UPLOAD] }), signed)).toBe("doubt");
  });

  it("waits for an operator, who has to wait until it is settled", () => {
    const after = written(row("NEEDS_REVIEW", { media: mediaOf(A), announced: true }), A);
    expect(after).toMatchObject({ state: "NEEDS_REVIEW", everUnknown: true, settledAt: SETTLED_AT, announced: true });
  });

  it("is settled later where errors of cielo24's had been met before, or its row says so", () => {
    const { settledAt = 0 } = written(row("SENDING", { media: mediaOf(A), posts: 4 })) ?? {};
    expect(settledAt).toBeGreaterThan(SETTLED_AT);
    const late = SETTLED_AT + 1;
    expect(written(row("FINALIZING", { media: mediaOf(A), settledAt: late }))).toMatchObject({ settledAt: late });
  });

  it("keeps the row that it has by now, unless the copy knows that its media was delivered", () => {
    expect(planJob(row("SENDING"), row("REJECTED"), [A], stop)).toEqual({ do: "nothing" });
    expect(planJob(row("DELIVERED"), row("REJECTED"), [A], stop)).toEqual({ do: "putBack" });
    expect(planJob(row("DELIVERED"), row("DELIVERED"), [A], stop)).toEqual({ do: "nothing" });
  });

  it("is left to the release that wrote its row", () => {
    expect(() => planned(row("SENDING", { schemaVersion: SCHEMA_VERSION + 1 }))).toThrow(
      "a newer release wrote the row",
    );
  });
});
