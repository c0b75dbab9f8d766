import type { BusEvent } from "../stack/event-bus.ts";

/** What an event on the bus means, for a person: its type, its job or key, and a word about what happened. */
export const eventLine = ({ detailType, detail }: Pick<BusEvent, "detailType" | "detail">): string => {
  const about = text(detail["JobId"]) || text(detail["Key"]);
  const meaning = meaningOf(detailType, detail);
  return [detailType, about, meaning && `(${meaning})`].filter((part) => part !== "").join(" ");
};

const meaningOf = (detailType: string, detail: Readonly<Record<string, unknown>>): string => {
  switch (detailType) {
    case "Media Delivered":
      return detail["TaskId"] === undefined ? "" : `TaskId ${text(detail["TaskId"])}`;
    case "Media Conflict":
      return `${OTHER_OBJECT[text(detail["Sameness"])] ?? "another object"} came for the job, and was not sent: ${text(detail["Key"])}`;
    case "Media Quarantined":
      return "its key names no job, and it stays where it is";
    default:
      return comment(detail["Error"]) || comment(detail["Reason"]);
  }
};

/** By what is known of it beside the job's own media. */
const OTHER_OBJECT: Readonly<Record<string, string>> = {
  OTHER: "an object with other contents",
  UNKNOWN: "a second object, perhaps with other contents,",
};

const text = (value: unknown): string => (typeof value === "string" ? value : "");

const comment = (error: unknown): string => text((error as { ErrorComment?: unknown } | undefined)?.ErrorComment);
