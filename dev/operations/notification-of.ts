import type { Notification } from "../../web/operations/snapshot.ts";
import { eventLine } from "../start/event-line.ts";
import type { BusEvent } from "../stack/event-bus.ts";

/** Events that somebody is told of. */
const TOLD = new Set(["Media Needs Review", "Media Delayed", "Media Conflict", "Media Quarantined", "Media Rejected"]);

export const notificationOf = (event: BusEvent, at: number): Notification | undefined => {
  if (!TOLD.has(event.detailType)) return undefined;
  const jobId = event.detail["JobId"];
  return { at, title: event.detailType, jobId: typeof jobId === "string" ? jobId : undefined, text: eventLine(event) };
};
