import type { LogLine } from "./log.ts";

/** What every line has, and the line shows anyway. */
const SHOWN = new Set(["time", "level", "service", "message", "jobId", "stage", "_aws"]);
/** Ids of requests lead on in Logs Insights, and make lines unreadable here. */
const LEFT_OUT = new Set(["requestId", "invocationId", "traceId", "messageId", "mediaId", "uploadId"]);

/**
 * A line for people: `2026-11-30 09:46:03.120  deliver-media  warn  delivery goes on later  reason=unavailable`. Of metrics,
 * their names and values; of what is no JSON, its text.
 *
 * @param isAboutJobs whether to say which job the line is about
 */
export const formatLine = ({ at, functionName, text, fields }: LogLine, isAboutJobs: boolean): string => {
  const { level, message, jobId, _aws: metrics, errorMessage } = fields;
  const said = textOf(message) || textOf(errorMessage) || (metrics === undefined ? text : "metrics");
  const details = Object.entries(fields)
    .filter(([name]) => !SHOWN.has(name) && !LEFT_OUT.has(name) && name !== "stack")
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  const about = isAboutJobs && typeof jobId === "string" ? [jobId] : [];
  return [
    new Date(at).toISOString().replace("T", " ").replace("Z", ""),
    functionName.padEnd(15),
    (textOf(level).toLowerCase() || "-").padEnd(5),
    ...about,
    said,
    ...details,
  ]
    .join("  ")
    .trimEnd();
};

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
