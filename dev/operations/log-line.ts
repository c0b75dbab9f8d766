import type { LifeLine } from "../../web/operations/snapshot.ts";

/** A line of the functions' log: a record, or metrics in CloudWatch's embedded metric format. */
export type LogLine =
  | { readonly is: "record"; readonly jobId: string | undefined; readonly line: LifeLine }
  | { readonly is: "metrics"; readonly at: number; readonly metrics: readonly MetricValue[] };

export interface MetricValue {
  readonly name: string;
  /** CloudWatch's, such as `Count`, `Bytes` and `Milliseconds`. */
  readonly unit: string;
  readonly value: number;
}

interface Embedded {
  readonly Timestamp: number;
  readonly CloudWatchMetrics: readonly {
    readonly Metrics: readonly { readonly Name: string; readonly Unit?: string }[];
  }[];
}

/** @param now for lines that bear no time, such as those of Lambda itself; undefined: it is no line of this project's */
export const parseLine = (text: string, now: number): LogLine | undefined => {
  const parsed = parseObject(text);
  if (!parsed) return undefined;
  const { _aws: embedded, ...values } = parsed;
  if (embedded !== undefined) {
    const { Timestamp: at, CloudWatchMetrics: groups } = embedded as Embedded;
    const metrics = groups.flatMap(({ Metrics }) =>
      Metrics.map(({ Name: name, Unit: unit = "None" }) => ({ name, unit, value: Number(values[name]) })),
    );
    return { is: "metrics", at, metrics };
  }
  const { time, level, service, message, jobId, ...fields } = values;
  return {
    is: "record",
    jobId: typeof jobId === "string" ? jobId : undefined,
    line: {
      at: typeof time === "string" ? Date.parse(time) : now,
      level: textOf(level).toLowerCase(),
      service: textOf(service),
      message: textOf(message) || textOf(fields["errorMessage"]),
      fields,
    },
  };
};

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

const parseObject = (text: string): Record<string, unknown> | undefined => {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null ? (parsed as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
};
