import type { World } from "./world.ts";

/** What must hold in every state, and over every transition, whatever crashes, repeats or is late. */
export const findViolation = (before: World, after: World): string | undefined => {
  const { row, accepted } = after;
  if (accepted.length > 1) return "S1: cielo24 took two media for the job";
  if (row?.state === "DELIVERED" && accepted.length === 0) return "S3: DELIVERED, but nothing was accepted";
  const took = (id: string | undefined) => accepted.some(({ mediaId }) => mediaId === id);
  if (row?.rejected?.some(took)) return "S4: a medium on record as rejected was accepted";
  if (row?.conflicts?.some(took)) return "S4: a medium on record as a conflict was accepted";
  if (row?.state === "REJECTED" && took(row.media?.id)) return "S4: the rejected medium was accepted";
  if (before.row?.state === "DELIVERED" && (row?.state !== "DELIVERED" || row.media?.id !== before.row.media?.id))
    return "S5: DELIVERED was overwritten";
  return undefined;
};
