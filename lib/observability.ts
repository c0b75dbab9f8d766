import { defined } from "./defined.ts";
import { readConfig, readTraceId } from "./config.ts";
import type { Runtime } from "./runtime.ts";

/**
 * The only fields that may be logged. It lists what is allowed, since a list of what is forbidden is never complete.
 * URLs, headers, bodies, keys and error causes are not on it.
 */
interface AllowedFields {
  /** Of an HTTP request, as its caller and the access log know it; else Lambda's. */
  readonly requestId?: string;
  /** Lambda's id of the invocation that serves an HTTP request, as the lines of Lambda itself have it. */
  readonly invocationId?: string;
  readonly traceId?: string;
  readonly jobId?: string;
  /** The random part of a signed upload's key. */
  readonly uploadId?: string;
  readonly taskId?: string;
  readonly state?: string;
  readonly outcome?: string;
  readonly reason?: string;
  readonly code?: string;
  readonly errorType?: string;
  readonly status?: number;
  readonly route?: string;
  readonly messageId?: string;
  readonly receiveCount?: number;
  readonly attempt?: number;
  /** A digest of the object's key and version, as rows and events have it. */
  readonly mediaId?: string;
  readonly ageS?: number;
  readonly sizeBytes?: number;
  readonly sentBytes?: number;
  readonly durationMs?: number;
  readonly retryInS?: number;
  readonly count?: number;
  readonly counts?: Readonly<Record<string, number>>;
  readonly variable?: string;
}

/** A field that is undefined is left out of the record. */
export type LogFields = { readonly [Name in keyof AllowedFields]: AllowedFields[Name] | undefined };

type Level = "debug" | "info" | "warn" | "error";
const LEVELS: readonly Level[] = ["debug", "info", "warn", "error"];

/** The metrics that alarms and the dashboard read. They count things, except those with a unit in their name. */
export type MetricName =
  | "MediaDelivered"
  | "MediaRejected"
  | "MediaNeedsReview"
  /** An object with other contents came for a job that has its media. */
  | "MediaConflict"
  /** The same, but nobody can tell whether its contents are others. */
  | "MediaConflictUnknown"
  /** Only files that go with media, such as subtitles, have come for a job. */
  | "MediaMissing"
  /** An object was deleted before it was delivered. */
  | "MediaWithdrawn"
  /** What a look at the bytes found: each is counted whether the media was rejected for it or sent all the same. */
  | "NotMedia"
  | "MediaIncomplete"
  | "NoAudio"
  | "MediaTooLong"
  | "MediaQuarantined"
  /** An upload that its owner cancelled, and each object that came of it afterwards. */
  | "UploadCancelled"
  /** An upload that was begun and never arrived. */
  | "UploadTimedOut"
  | "MediaSuperseded"
  | "MediaHandedOver"
  | "MediaRetried"
  | "BytesDelivered"
  | "RecordIgnored"
  /** An object's name says that it is no media: a system's or a program's own file, or one that is not finished. */
  | "ObjectIgnored"
  | "MessageUnreadable"
  | "LoginInvalid"
  /** Something is wrong with the account at cielo24, not with the media. */
  | "AccountRefused"
  /** cielo24 does not know a job: another account's secret, sandbox and production mixed up, or a wrong job id. */
  | "JobUnknown"
  /** An upload was not signed, since cielo24 does not know the job. One is a typing error; many are a problem. */
  | "UploadOfUnknownJob"
  /** cielo24 sent a response that its documentation does not describe. */
  | "AnswerNotUnderstood"
  /** S3 refuses to let an object be read, because of the role, the bucket's policy or a key. */
  | "ObjectAccessRefused"
  /** cielo24 could not fetch a URL of this deployment. */
  | "MediaUrlRefused"
  /** Failed attempts have sent more than five times the size of an object. */
  | "BytesCarriedInVain"
  /** Objects, and their bytes, that were uploaded for a job in addition to its media. */
  | "SurplusObjects"
  | "SurplusBytes"
  /** Media that the census queued again, or would have if the queue had accepted it. */
  | "CensusFound"
  /** How long a drop, or an upload since it was signed, took until cielo24 had it. */
  | "SecondsFromDrop"
  | "SecondsFromSigning"
  /** Each drop counts in one of these, once: whether cielo24 had it in the time that is promised. */
  | "DropInTime"
  | "DropLate"
  /** cielo24 does not show media that it took, of those few that the census asks about. */
  | "MediaNotShown"
  | "Http5xx";

const UNITS: Partial<Record<MetricName, string>> = {
  BytesDelivered: "Bytes",
  SurplusBytes: "Bytes",
  SecondsFromDrop: "Seconds",
  SecondsFromSigning: "Seconds",
};

export interface Observability {
  readonly log: Record<Level, (message: string, fields?: LogFields) => void>;
  /** Adds to a metric, in CloudWatch's embedded metric format. Its line has the ids of the records, which are no dimensions. */
  readonly count: (metric: MetricName, value?: number) => void;
  /** Adds to several metrics at once, in one line. */
  readonly countAll: (values: Partial<Record<MetricName, number>>) => void;
  /** The same, with these fields in every record and metric. */
  readonly with: (fields: LogFields) => Observability;
}

/** Logs and metrics of one function, for the stage and level in its environment. */
export const connectObservability = (
  runtime: Pick<Runtime, "env" | "clock" | "writeLine">,
  service: string,
): Observability => {
  const { stage, logLevel } = readConfig(runtime.env, "stage", "logLevel");
  return createObservability(runtime, { service, stage, level: logLevel });
};

/** JSON lines for CloudWatch, one for each record, written through the runtime. */
export const createObservability = (
  runtime: Pick<Runtime, "clock" | "writeLine"> & Partial<Pick<Runtime, "env">>,
  { service, stage, level = "info" }: { service: string; stage: string; level?: Level },
  always: LogFields = {},
): Observability => {
  const ids = () => defined({ traceId: readTraceId(runtime.env ?? {}), ...always });
  const write = (record: object) => {
    runtime.writeLine(JSON.stringify(record));
  };
  const logAt =
    (at: Level) =>
    (message: string, fields: LogFields = {}) => {
      if (LEVELS.indexOf(at) < LEVELS.indexOf(level)) return;
      write({
        time: new Date(runtime.clock()).toISOString(),
        level: at,
        service,
        message,
        ...ids(),
        ...defined(fields),
      });
    };
  const countAll: Observability["countAll"] = (values) => {
    const metrics = Object.keys(values) as MetricName[];
    write({
      _aws: {
        Timestamp: runtime.clock(),
        CloudWatchMetrics: [
          {
            Namespace: "cielo24-proxy",
            Dimensions: [["stage"]],
            Metrics: metrics.map((Name) => ({ Name, Unit: UNITS[Name] ?? "Count" })),
          },
        ],
      },
      stage,
      service,
      ...ids(),
      ...values,
    });
  };
  return {
    log: { debug: logAt("debug"), info: logAt("info"), warn: logAt("warn"), error: logAt("error") },
    count: (metric, value = 1) => {
      countAll({ [metric]: value });
    },
    countAll,
    with: (fields) => createObservability(runtime, { service, stage, level }, { ...always, ...defined(fields) }),
  };
};
