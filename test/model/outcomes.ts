import type { Scenario } from "./scenario.ts";
import { objectsOf, type World } from "./world.ts";

export type Outcome = "delivered" | "delivered after a resend" | "rejected" | "needs review" | "conflict";

/** What has come about in this world. */
export function* outcomesOf({ row, resent }: World): Generator<Outcome> {
  if (row?.state === "DELIVERED") yield resent ? "delivered after a resend" : "delivered";
  if (row?.state === "REJECTED") yield "rejected";
  if (row?.state === "NEEDS_REVIEW") yield "needs review";
  if (row?.conflicts?.length) yield "conflict";
}

/** Whether nothing is under way, and every medium has its end on record and every end its event out. */
export const hasEnded = ({ row, messages, workers, announced }: World, scenario: Scenario): boolean => {
  if (messages.length > 0 || workers.length > 0) return false;
  // A caller that died before it claimed anything leaves no trace, and none is owed.
  if (!row) return scenario.objects === 0;
  if (row.state !== "DELIVERED" && row.state !== "REJECTED" && row.state !== "NEEDS_REVIEW") return false;
  if (!announced.includes(`${row.state} ${row.media?.id ?? ""}`)) return false;
  return objectsOf(scenario).every(
    ({ id }) =>
      row.media?.id === id ||
      row.conflicts?.includes(id) === true ||
      (row.rejected?.includes(id) === true && announced.includes(`REJECTED ${id}`)),
  );
};
