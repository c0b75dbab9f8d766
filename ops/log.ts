import { FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { parseJson } from "../lib/json.ts";
import type { Stage } from "./stage.ts";

/** The functions that log about jobs, by their folders: `resources/queries.yml` has the same for "a job's life". */
export const ABOUT_JOBS = [
  "sign-upload",
  "deliver-media",
  "update-metadata",
  "add-media",
  "media-source",
  "delivery-status",
  "census",
] as const;
/** Those that end deliveries, and the one that names once a day what is not delivered. */
const TELL_STATES = ["deliver-media", "add-media", "sign-upload", "census"] as const;

export type LoggingFunction = (typeof ABOUT_JOBS)[number];

/** A line of a function's log. */
export interface LogLine {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** CloudWatch's own name of the line, by which two calls that overlap can be told apart. */
  readonly eventId: string;
  readonly functionName: LoggingFunction;
  readonly text: string;
  /** The fields, of a line that is JSON. */
  readonly fields: Readonly<Record<string, unknown>>;
}

interface Wanted {
  readonly since: number;
  /** In CloudWatch's syntax; all lines, by default. */
  readonly pattern?: string;
  readonly functions?: readonly LoggingFunction[];
  readonly signal?: AbortSignal;
}

/** The functions' lines since then that match, sorted by their time. A function that never logged has none. */
export const readLog = async (
  { logs, functionName }: Pick<Stage, "logs" | "functionName">,
  { since, pattern, functions = ABOUT_JOBS, signal }: Wanted,
): Promise<LogLine[]> => {
  const ofFunction = async (folder: LoggingFunction): Promise<LogLine[]> => {
    const lines: LogLine[] = [];
    let nextToken: string | undefined;
    do {
      const page = await logs.send(
        new FilterLogEventsCommand({
          logGroupName: `/aws/lambda/${functionName(folder)}`,
          startTime: since,
          ...(pattern === undefined ? {} : { filterPattern: pattern }),
          ...(nextToken === undefined ? {} : { nextToken }),
        }),
        signal ? { abortSignal: signal } : {},
      );
      for (const { timestamp = 0, eventId = "", message = "" } of page.events ?? []) {
        const text = message.trimEnd();
        lines.push({ at: timestamp, eventId, functionName: folder, text, fields: fieldsOf(text) });
      }
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    return lines;
  };
  return (await Promise.all(functions.map(ofFunction))).flat().sort((a, b) => a.at - b.at);
};

const fieldsOf = (text: string): Readonly<Record<string, unknown>> => {
  const value = parseJson(text);
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
};

/** The pattern of a job's lines. */
export const aboutJob = (jobId: string): string => `{ $.jobId = "${jobId}" }`;

/** The jobs of which the log has said since then that they are in this state, whether they still are or not. */
export const jobsOnceIn = async (
  stage: Pick<Stage, "logs" | "functionName">,
  { state, since }: { readonly state: string; readonly since: number },
): Promise<string[]> => {
  const lines = await readLog(stage, { since, pattern: `{ $.state = "${state}" }`, functions: TELL_STATES });
  return [...new Set(lines.flatMap(({ fields: { jobId } }) => (typeof jobId === "string" ? [jobId] : [])))];
};
