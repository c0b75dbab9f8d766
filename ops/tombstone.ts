import { asSeen, change } from "../lib/delivery/machine/transitions.ts";
import type { DeliveryError, Row, Write } from "../lib/delivery/machine/row.ts";

/**
 * What is left of a job's row once a person was forgotten: enough for the delivery machine never to send for the job again
 * what it has sent or rejected, and no more. Ids of media are digests, since keys have file names in them.
 */

/** Whatever is not among these is removed, so that an attribute that is new one day does not stay by mistake. */
const KEPT: ReadonlySet<keyof Row> = new Set<keyof Row>([
  "jobId",
  "state",
  "schemaVersion",
  "fence",
  "announced",
  "rejected",
  "conflicts",
  "conflictCount",
  "otherMedia",
  "closed",
  // Whether what still comes for a cancelled job is sent.
  "cancelledAt",
  "signedAfter",
  // Whether cielo24 may have the media.
  "settledAt",
  "everUnknown",
  "updatedAt",
  "expiresAt",
]);

const COMMENT = "The media, and what was known of it, was deleted on request.";

/**
 * DELIVERED, REJECTED or closed for good → the same without anything about the media. By an operator who has seen the row; the
 * fence moves on, so that no worker writes what it has read before.
 *
 * @param at.now ms since the epoch
 */
export const forget = (row: Row, at: { readonly now: number }): Write =>
  change(
    asSeen(row),
    {
      fence: row.fence + 1,
      media: row.media && { id: row.media.id, kind: "forgotten" },
      error: row.error && forgetComment(row.error),
      forgottenAt: at.now,
    },
    (Object.keys(row) as (keyof Row)[]).filter((name) => !KEPT.has(name)),
  );

/** cielo24's comments are anybody's text. */
const forgetComment = ({ type }: DeliveryError): DeliveryError => ({ type, comment: COMMENT });
