import type { World } from "./world.ts";

/** What must hold in every state, and over every transition, whatever crashes, repeats or is late. */
export const findViolation = (before: World, after: World): string | undefined => {
  const { row, accepted, announced } = after;
  if (accepted.length > 1) return "S1: cielo24 took two media for the job";
  // Whoever waits behind a medium that is rejected must still be there.
  if (isMore(row?.conflicts, before.row?.conflicts) && row?.state !== "DELIVERED" && row?.state !== "NEEDS_REVIEW")
    return "S2: a medium on record as a conflict while another is under way is lost if that one is rejected";
  if (before.row?.state === "FINALIZING" && row?.media?.id !== before.row.media?.id)
    return "S2: a medium that cielo24 may have is forgotten for another";
  if (accepted.length === 0 && row?.state === "DELIVERED") return "S3: DELIVERED, but nothing was accepted";
  if (accepted.length === 0 && announced.some((event) => event.startsWith("DELIVERED")))
    return "S3: announced as delivered, but nothing was accepted";
  const took = (id: string | undefined) => accepted.some(({ mediaId }) => mediaId === id);
  if (row?.rejected?.some(took)) return "S4: a medium on record as rejected was accepted";
  if (row?.conflicts?.some(took)) return "S4: a medium on record as a conflict was accepted";
  if (row?.state === "REJECTED" && took(row.media?.id)) return "S4: the rejected medium was accepted";
  if (announced.some((event) => event.startsWith(REJECTED) && took(event.slice(REJECTED.length))))
    return "S4: a medium announced as rejected was accepted";
  if (before.row?.state === "DELIVERED" && (row?.state !== "DELIVERED" || row.media?.id !== before.row.media?.id))
    return "S5: DELIVERED was overwritten";
  return undefined;
};

const REJECTED = "REJECTED ";

const isMore = (after: readonly string[] = [], before: readonly string[] = []): boolean => after.length > before.length;
