import type { Row, State, Write } from "../../../lib/delivery/machine/row.ts";
import * as transition from "../../../lib/delivery/machine/transitions.ts";
import { admitUpload } from "../../../lib/delivery/machine/uploading.ts";
import type { MediaRef } from "../../../lib/media/key.ts";
import { forget } from "../../../ops/tombstone.ts";

/** Every transition of the ledger, from each kind of row that it may meet. */

type Before = Omit<Row, "jobId"> | undefined;
interface Step {
  readonly row: Before;
  readonly make: (row: Row | undefined) => Write;
}

const NOW = 1_800_000_000_000;
const MEDIA: MediaRef = { id: "object:a", kind: "object", key: "media/a", versionId: "v1" };
const HELD = { fence: 4, claimId: "mine" };
const ERROR = { type: "INVALID_QUERY", comment: "" };
const AT = { now: NOW };
const ENDS = { now: NOW, expiryMs: 90 * 86_400_000, error: ERROR };
const LATER = { now: NOW, notBefore: NOW + 60_000, waiting: ERROR };
const CLAIM = { claimId: "new", leaseUntil: NOW + 960_000, now: NOW, sizeBytes: 3 };
const DECISION = { what: "resend", fence: 4, by: "ops", why: "asked to", at: NOW } as const;

const rowIn = (state: State, more: Partial<Row> = {}): Before => ({
  state,
  fence: 4,
  media: MEDIA,
  updatedAt: 1,
  ...more,
});
/** Claimed, so that its entry is that of the claim's lease. */
const held = (state: State): Before => rowIn(state, { claimId: "mine", leaseUntil: NOW + 960_000 });
const announced = (state: State): Before => rowIn(state, { announced: true });
const UPLOADING: Before = { state: "UPLOADING", fence: 0, updatedAt: 1, expiresAt: NOW / 1000 + 90 * 86_400 };

const of = (row: Before, make: (row: Row) => Write): Step => ({
  row,
  make: (seen) => {
    if (!seen) throw new Error("There is no row");
    return make(seen);
  },
});
const admission = (row: Row | undefined): Write => {
  const admitted = admitUpload(row, { uploadId: "e".repeat(32), now: NOW, expiryMs: ENDS.expiryMs });
  if (!admitted.admitted || !admitted.write) throw new Error("The upload is not admitted");
  return admitted.write;
};
const claim = (row: Row | undefined) => transition.claim(row, MEDIA, CLAIM);
const wait = (row: Row | undefined) => transition.wait(row, MEDIA, { ...LATER, isUnknown: false });
const conflict = (row: Row) => transition.recordConflict(row, "object:b");
const delivered = { now: NOW, taskId: "t", sentBytes: 3 };

export const STEPS: [name: string, step: Step][] = [
  ["admitUpload of a job without a row", { row: undefined, make: admission }],
  ["admitUpload once more", of(UPLOADING, admission)],
  ["admitUpload after a rejection", of(announced("REJECTED"), admission)],
  [
    "admitUpload after a cancellation",
    of(rowIn("REJECTED", { announced: true, cancelledAt: NOW - 1, signedAfter: ["f".repeat(32)] }), admission),
  ],
  [
    "admitUpload before the cancellation is announced",
    of(rowIn("REJECTED", { cancelledAt: NOW - 1, expiresAt: NOW / 1000 + 60 }), admission),
  ],
  ["setAside", of(UPLOADING, (row) => transition.setAside(row, "object:b"))],
  ["claim without a row", { row: undefined, make: claim }],
  ["claim of an upload", of(UPLOADING, claim)],
  ["claim after a rejection", of(announced("REJECTED"), claim)],
  ["claim that takes over", of(held("SENDING"), claim)],
  ["wait without a row", { row: undefined, make: wait }],
  ["wait after a rejection", of(announced("REJECTED"), wait)],
  ["wait again", of(held("SENDING"), wait)],
  ["release", of(rowIn("SENDING"), (row) => transition.release(row, ENDS))],
  ["postpone", of(held("FINALIZING"), (row) => transition.postpone(row, { notBefore: NOW }))],
  ["finalize", of(held("SENDING"), (row) => transition.finalize(HELD, row, { ...AT, settledAt: NOW + 3_600_000 }))],
  [
    "finalize, with the next question",
    of(held("SENDING"), (row) => transition.finalize(HELD, row, { ...AT, settledAt: NOW, notBefore: NOW + 1 })),
  ],
  ["backOut", of(held("SENDING"), (row) => transition.backOut(HELD, row, { ...LATER, handOver: false }))],
  ["goOn", of(held("FINALIZING"), (row) => transition.goOn(HELD, row, AT))],
  [
    "loseReply",
    of(held("FINALIZING"), () => transition.loseReply(HELD, { ...LATER, settledAt: NOW + 9, answeredError: true })),
  ],
  [
    "handedOver",
    of(held("FINALIZING"), () => transition.handedOver(HELD, { ...LATER, settledAt: NOW + 9, taskId: "t" })),
  ],
  [
    "recordDelivered under the claim",
    of(held("FINALIZING"), () => transition.recordDelivered(MEDIA.id, delivered, HELD)),
  ],
  ["recordDelivered of a review", of(announced("NEEDS_REVIEW"), () => transition.recordDelivered(MEDIA.id, delivered))],
  ["recordDeliveredAsSeen", of(rowIn("FINALIZING"), (row) => transition.recordDeliveredAsSeen(row, AT))],
  [
    "recordDeliveredAsSeen of a review",
    of(announced("NEEDS_REVIEW"), (row) => transition.recordDeliveredAsSeen(row, AT)),
  ],
  [
    "recordDeliveredAsSeen of what was closed, by an operator's word",
    of(rowIn("NEEDS_REVIEW", { announced: true, closed: true }), (row) =>
      transition.recordDeliveredAsSeen(row, { ...AT, decision: DECISION }),
    ),
  ],
  ["reject", of(held("SENDING"), (row) => transition.reject(HELD, row, ENDS))],
  ["askForReview", of(rowIn("FINALIZING"), (row) => transition.askForReview(row, MEDIA, ENDS))],
  ["askForReview without a row", { row: undefined, make: (row) => transition.askForReview(row, MEDIA, ENDS) }],
  ["timeOut", of(UPLOADING, (row) => transition.timeOut(row, ENDS))],
  ["cancel of an upload", of(UPLOADING, (row) => transition.cancel(row, ENDS))],
  ["cancel of a delivery", of(held("SENDING"), (row) => transition.cancel(row, ENDS))],
  ["cancel of a rejection", of(announced("REJECTED"), (row) => transition.cancel(row, ENDS))],
  ["cancel before the rejection is announced", of(rowIn("REJECTED"), (row) => transition.cancel(row, ENDS))],
  ["resend", of(rowIn("FINALIZING"), (row) => transition.resend(row, AT))],
  ["reopen of a review", of(announced("NEEDS_REVIEW"), (row) => transition.reopen(row, { ...AT, decision: DECISION }))],
  ["reopen of a rejection", of(announced("REJECTED"), (row) => transition.reopen(row, { ...AT, decision: DECISION }))],
  [
    "closeReview that frees the job",
    of(announced("NEEDS_REVIEW"), (row) => transition.closeReview(row, { ...ENDS, decision: DECISION })),
  ],
  [
    "closeReview for good",
    of(rowIn("NEEDS_REVIEW", { announced: true, everUnknown: true }), (row) =>
      transition.closeReview(row, { ...ENDS, decision: DECISION }),
    ),
  ],
  ["recordConflict beside an end", of(announced("DELIVERED"), conflict)],
  ["recordConflict before the end is announced", of(rowIn("DELIVERED"), conflict)],
  ["forget, by an operator", of(rowIn("REJECTED", { announced: true, error: ERROR }), (row) => forget(row, AT))],
  ["recordSidecar beside an end", of(announced("DELIVERED"), (row) => transition.recordSidecar(row, "object:c"))],
  ["recordSidecar of an upload", of(UPLOADING, (row) => transition.recordSidecar(row, "object:c"))],
  ["markAnnounced of DELIVERED", of(rowIn("DELIVERED"), transition.markAnnounced)],
  ["markAnnounced of REJECTED", of(rowIn("REJECTED"), transition.markAnnounced)],
  ["markAnnounced of NEEDS_REVIEW", of(rowIn("NEEDS_REVIEW"), transition.markAnnounced)],
  [
    "announcedBy",
    of(held("SENDING"), (row) => transition.announcedBy(transition.reject(HELD, row, ENDS), { now: NOW, random: "r" })),
  ],
  ["reportProgress", of(held("SENDING"), () => transition.reportProgress(HELD, { ...AT, sentBytes: 2 }))],
  ["recordLate", of(rowIn("SENDING"), transition.recordLate)],
  ["recordRedirect", of(rowIn("FINALIZING", { capability: "c" }), (row) => transition.recordRedirect(row))],
];

const OTHERS = ["asSeen", "change", "expiry", "wasClaimed", "mayBeAccepted"];
/** Whether the function of that name makes a transition of its own. */
export const WRITES = (name: string): boolean => !OTHERS.includes(name);
