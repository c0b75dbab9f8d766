import { describe, expect, it } from "@jest/globals";
import type { Drop } from "../../../../lib/delivery/machine/protocol.ts";
import { decideWrite, isNewer, SCHEMA_VERSION, type Row, type State } from "../../../../lib/delivery/machine/row.ts";
import { claim, markAnnounced, recordConflict, recordDelivered } from "../../../../lib/delivery/machine/transitions.ts";
import { cancelUpload } from "../../../../lib/delivery/machine/uploading.ts";
import { A, B, JOB_ID, NOW, row, Run } from "./machine-driver.ts";

const NEWER = { schemaVersion: SCHEMA_VERSION + 1 };
const STATES: State[] = ["UPLOADING", "SENDING", "FINALIZING", "DELIVERED", "REJECTED", "NEEDS_REVIEW"];
/** Of a release that has yet to be written. */
const UNHEARD_OF = "VERIFYING" as State;
/** A claim that is long over, and media that may long be believed to be absent. */
const LEFT_BEHIND = { claimId: "other", leaseUntil: NOW - 1, settledAt: NOW - 1, posts: 1 };

describe("a row that a newer release wrote", () => {
  const drops: Partial<Drop>[] = [
    { role: "queue" },
    { role: "queue", media: B },
    { role: "caller" },
    { role: "reconcile" },
    { role: "operator", decision: { what: "resend", object: A.id, fence: 4, by: "ops", why: "asked to" } },
  ];
  it.each([...STATES, UNHEARD_OF])("is left alone in %s, whoever comes, and the message is kept", (state) => {
    for (const drop of drops)
      for (const lastChance of [false, true]) {
        const before = row(state, { ...LEFT_BEHIND, ...NEWER });
        const run = new Run({ drop: { ...drop, lastChance }, row: before });
        expect(run.command).toMatchObject({ do: "later", reason: "newerRow" });
        expect(run.row).toEqual(before);
      }
  });

  it("takes no write of this release, facts included", () => {
    const newer = row("SENDING", { ...LEFT_BEHIND, ...NEWER });
    const fact = { now: NOW, taskId: "t", sentBytes: 1 };
    const writes = [
      claim(newer, A, { claimId: "c", leaseUntil: NOW, now: NOW, sizeBytes: 1 }),
      recordConflict(newer, B.id),
      markAnnounced(newer),
      recordDelivered(A.id, fact),
      recordDelivered(A.id, fact, { fence: newer.fence, claimId: LEFT_BEHIND.claimId }),
    ];
    for (const write of writes) expect(decideWrite(JOB_ID, newer, write)).toBeUndefined();
    expect(cancelUpload(newer, { now: NOW, expiryMs: 1 })).toEqual({ admitted: false, state: "NEWER" });
  });
});

describe("the version of a row", () => {
  const old: Row = { jobId: JOB_ID, state: "SENDING", fence: 4, media: A, updatedAt: NOW, ...LEFT_BEHIND };

  it("is that of release 0.1.0 where there is none", () => {
    expect(isNewer(old)).toBe(false);
  });

  it("is written with every state, and left as it is by what only notes something", () => {
    const byClaim = claim(old, A, { claimId: "c", leaseUntil: NOW, now: NOW, sizeBytes: 1 });
    expect(decideWrite(JOB_ID, old, byClaim)).toMatchObject({ schemaVersion: SCHEMA_VERSION });
    expect(decideWrite(JOB_ID, old, recordConflict(old, B.id))).not.toHaveProperty("schemaVersion");
  });
});
