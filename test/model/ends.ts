import type { Row } from "../../lib/delivery/machine/row.ts";
import type { End, Scenario } from "./scenario.ts";
import { objectsOf, SECOND_UPLOAD, type World } from "./job-world.ts";

/** Whether an upload was begun and never arrived: nothing else is rejected without media. */
export const isTimedOut = ({ state, media, cancelledAt }: Row): boolean =>
  state === "REJECTED" && media === undefined && cancelledAt === undefined;

/** The ends that this world has reached. */
export function* endsOf({ row, resent }: World): Generator<End> {
  if (row?.state === "DELIVERED") yield resent ? "delivered after a resend" : "delivered";
  if (row?.state === "REJECTED") yield isTimedOut(row) ? "timed out" : "rejected";
  if (row?.state === "NEEDS_REVIEW") yield "needs review";
  if (row?.conflicts?.length) yield "conflict";
}

/** Whether nothing is under way, the end of every medium is on record, and the event of every end is published. */
export const hasEnded = (
  { row, messages, workers, announced, deadLetters, superseded, withdrawn, cancelled }: World,
  scenario: Scenario,
): boolean => {
  if (messages.length > 0 || workers.length > 0) return false;
  const isOut = (state: string, id: string) => announced.includes(`${state} ${id}`);
  // A caller that died before its claim leaves no trace, and need not. A row that expired was rejected.
  if (!row) return objectsOf(scenario).every(({ id }) => isOut("REJECTED", id) || superseded.includes(id));
  if (row.state === "SENDING" || row.state === "FINALIZING") return false;
  if (row.state !== "UPLOADING" && !isOut(row.state, row.media?.id ?? "")) return false;
  const dropped = row.signedAfter ? [...objectsOf(scenario), SECOND_UPLOAD.media] : objectsOf(scenario);
  return dropped.every(
    ({ id }) =>
      row.media?.id === id ||
      row.conflicts?.includes(id) === true ||
      // Its end is the cancellation.
      (row.rejected?.includes(id) === true && cancelled.includes(id)) ||
      // An expired end is no longer on record, but its event is out.
      ((scenario.rowsExpire || row.rejected?.includes(id) === true) && isOut("REJECTED", id)) ||
      // Its message died while it waited behind another medium: the dead-letter queue's alarm tells a person.
      deadLetters.includes(id) ||
      superseded.includes(id) ||
      // Deleted before anybody could tell that it had come too late.
      withdrawn.includes(id),
  );
};
