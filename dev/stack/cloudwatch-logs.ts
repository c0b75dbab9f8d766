import { parseJson } from "../../lib/json.ts";
import { actionService, AwsJsonError, type AwsService } from "./aws-json.ts";
import type { StackLog } from "./log.ts";

interface FilterInput {
  readonly logGroupName?: string;
  readonly startTime?: number;
  readonly endTime?: number;
  readonly filterPattern?: string;
  readonly nextToken?: string;
  readonly limit?: number;
}

/** The most that CloudWatch gives in a page. */
const MOST_EVENTS = 10_000;

/**
 * CloudWatch Logs with a group for each function, of which FilterLogEvents may be called. Of filter patterns it knows one
 * quoted text, and comparisons of JSON fields with texts of which all are to hold: `{ $.jobId = "…" && $.level != "…" }`.
 */
export const createCloudWatchLogs = (
  log: Pick<StackLog, "entries">,
  /** The function of a group, by its folder. */
  groups: ReadonlyMap<string, string>,
): AwsService =>
  actionService({
    FilterLogEvents: (input: FilterInput) => {
      const { logGroupName = "", startTime = 0, endTime = Infinity, filterPattern = "", limit = MOST_EVENTS } = input;
      const folder = groups.get(logGroupName);
      if (folder === undefined)
        throw new AwsJsonError("ResourceNotFoundException", "The specified log group does not exist.");
      const matches = readPattern(filterPattern);
      const from = Number(input.nextToken ?? 0);
      const events: object[] = [];
      let at = from;
      for (; at < log.entries.length && events.length < Math.min(limit, MOST_EVENTS); at += 1) {
        const entry = log.entries[at];
        if (entry?.functionName !== folder || entry.at < startTime || entry.at > endTime || !matches(entry.line))
          continue;
        events.push({
          logStreamName: "local",
          timestamp: entry.at,
          ingestionTime: entry.at,
          message: entry.line,
          eventId: String(at).padStart(56, "0"),
        });
      }
      return { events, searchedLogStreams: [], ...(at < log.entries.length ? { nextToken: String(at) } : {}) };
    },
  });

type Matches = (line: string) => boolean;

const COMPARISON = /^\$\.(\w+)\s*(!?=)\s*"([^"]*)"$/;

const readPattern = (pattern: string): Matches => {
  const text = pattern.trim();
  if (text === "") return () => true;
  const [, quoted] = /^"([^"]*)"$/.exec(text) ?? [];
  if (quoted !== undefined) return (line) => line.includes(quoted);
  const [, inner] = /^\{(.*)\}$/s.exec(text) ?? [];
  if (inner === undefined) throw new AwsJsonError("InvalidParameterException", "The pattern is not simulated");
  const all = inner.split("&&").map(readComparison);
  return (line) => {
    const record = parseJson(line);
    return all.every((matches) => matches(record));
  };
};

const readComparison = (text: string): ((record: unknown) => boolean) => {
  const [, field = "", operator, wanted] = COMPARISON.exec(text.trim()) ?? [];
  if (operator === undefined) throw new AwsJsonError("InvalidParameterException", "The pattern is not simulated");
  return (record) => {
    const value = (record as Readonly<Record<string, unknown>> | null | undefined)?.[field];
    return value !== undefined && (value === wanted) === (operator === "=");
  };
};
