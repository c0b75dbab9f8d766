import { readConfig } from "./config.ts";
import type { Runtime } from "./runtime.ts";

/**
 * The only fields that may be logged. A list of what is allowed, since a list of what is forbidden always lacks one:
 * URLs, headers, bodies, keys and error causes are not on it.
 */
export interface LogFields {
  readonly requestId?: string | undefined;
  readonly jobId?: string | undefined;
  readonly taskId?: string | undefined;
  readonly state?: string | undefined;
  readonly outcome?: string | undefined;
  readonly reason?: string | undefined;
  readonly code?: string | undefined;
  readonly errorType?: string | undefined;
  readonly status?: number | undefined;
  readonly route?: string | undefined;
  readonly messageId?: string | undefined;
  readonly receiveCount?: number | undefined;
  readonly attempt?: number | undefined;
  readonly sizeBytes?: number | undefined;
  readonly sentBytes?: number | undefined;
  readonly durationMs?: number | undefined;
  readonly retryInS?: number | undefined;
  readonly count?: number | undefined;
  readonly counts?: Readonly<Record<string, number>> | undefined;
  readonly variable?: string | undefined;
}

type Level = "debug" | "info" | "warn" | "error";
const LEVELS: readonly Level[] = ["debug", "info", "warn", "error"];

/** Names of the metrics that alarms and the dashboard read. Each counts things, but for the ones with a unit in their name. */
export type MetricName =
  | "MediaDelivered"
  | "MediaRejected"
  | "MediaNeedsReview"
  | "MediaConflict"
  | "MediaQuarantined"
  | "MediaSuperseded"
  | "MediaHandedOver"
  | "MediaRetried"
  | "BytesDelivered"
  | "RecordIgnored"
  | "MessageUnreadable"
  | "LoginInvalid"
  /** Something is wrong with cielo24's account, not with the medium. */
  | "AccountRefused"
  /** cielo24 does not know a job: another account's secret, or sandbox and production mixed up, or a wrong job id. */
  | "JobUnknown"
  /** An upload was not signed, since cielo24 does not know the job: mistyped, unless it is many. */
  | "UploadOfUnknownJob"
  /** An answer of cielo24's that its documentation does not know. */
  | "AnswerNotUnderstood"
  /** S3 refuses to let an object be read: the role, the bucket's policy or a key. */
  | "ObjectAccessRefused"
  /** cielo24 could not fetch a URL of ours. */
  | "MediaUrlRefused"
  /** A medium has been carried in vain for more than five times its size. */
  | "BytesCarriedInVain"
  /** Objects, and their bytes, that came for a job besides its medium. */
  | "SurplusObjects"
  | "SurplusBytes"
  /** Media that the census put back on its way, or would have if the queue had taken it. */
  | "CensusFound"
  | "Http5xx";

const BYTES: ReadonlySet<MetricName> = new Set(["BytesDelivered", "SurplusBytes"]);

export interface Observability {
  readonly log: Record<Level, (message: string, fields?: LogFields) => void>;
  /** Adds to a metric, in CloudWatch's embedded metric format. */
  readonly count: (metric: MetricName, value?: number) => void;
  /** The same, with these fields on every record. */
  readonly with: (fields: LogFields) => Observability;
}

/** JSON lines for CloudWatch: one object a record, written through the runtime. */
export const createObservability = (
  runtime: Pick<Runtime, "clock" | "writeLine">,
  { service, stage, level = "info" }: { service: string; stage: string; level?: Level },
  always: LogFields = {},
): Observability => {
  const write = (record: object) => {
    runtime.writeLine(JSON.stringify(record));
  };
  const logAt =
    (at: Level) =>
    (message: string, fields: LogFields = {}) => {
      if (LEVELS.indexOf(at) < LEVELS.indexOf(level)) return;
      write({ time: new Date(runtime.clock()).toISOString(), level: at, service, message, ...always, ...fields });
    };
  return {
    log: { debug: logAt("debug"), info: logAt("info"), warn: logAt("warn"), error: logAt("error") },
    count: (metric, value = 1) => {
      write({
        _aws: {
          Timestamp: runtime.clock(),
          CloudWatchMetrics: [
            {
              Namespace: "cielo24-proxy",
              Dimensions: [["stage"]],
              Metrics: [{ Name: metric, Unit: BYTES.has(metric) ? "Bytes" : "Count" }],
            },
          ],
        },
        stage,
        service,
        [metric]: value,
      });
    },
    with: (fields) => createObservability(runtime, { service, stage, level }, { ...always, ...fields }),
  };
};

/** The log and metrics of a deployed function. */
export const observe = (runtime: Runtime, service: string): Observability => {
  const { stage, logLevel } = readConfig(runtime.env, "stage", "logLevel");
  return createObservability(runtime, { service, stage, level: logLevel });
};
