import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import type { Alarms } from "../../web/operations/snapshot.ts";

/** What an alarm of the template says, as far as it matters here. */
interface AlarmProperties {
  readonly AlarmName: string;
  readonly AlarmDescription: string;
  readonly Namespace?: string;
  readonly MetricName?: string;
  readonly Statistic?: string;
  readonly Period?: number;
  readonly Threshold?: number;
  readonly ComparisonOperator?: string;
  readonly EvaluationPeriods?: number;
  readonly DatapointsToAlarm?: number;
}

type SimpleAlarm = AlarmProperties &
  Required<Pick<AlarmProperties, "MetricName" | "Period" | "Threshold" | "EvaluationPeriods">>;

interface Resource {
  readonly Type: string;
  readonly Properties: AlarmProperties;
}

const FILE = new URL("../../resources/alarms.yml", import.meta.url);

/**
 * The alarms of the template, of which those on one metric of the functions ring here as on AWS. Others, on several metrics,
 * on AWS's own or on other alarms, are only counted.
 *
 * @param sumOf a metric's sum from one time to another
 */
export const readAlarms = async ({
  clock,
  sumOf,
}: {
  readonly clock: () => number;
  readonly sumOf: (metric: string, from: number, to: number) => number;
}): Promise<() => Alarms> => {
  const { Resources } = parse(await readFile(FILE, "utf8"), { logLevel: "silent" }) as {
    Resources: Readonly<Record<string, Resource>>;
  };
  const all = Object.values(Resources)
    .filter(({ Type }) => /^AWS::CloudWatch::(Composite)?Alarm$/.test(Type))
    .map(({ Properties }) => Properties);
  const simple = all.filter(isSimple);

  const rings = ({ MetricName, Period, Threshold, EvaluationPeriods: periods, DatapointsToAlarm }: SimpleAlarm) => {
    const periodMs = Period * 1000;
    const end = Math.floor(clock() / periodMs) * periodMs + periodMs;
    const breaching = Array.from({ length: periods }, (_, at) => end - (at + 1) * periodMs).filter(
      (from) => sumOf(MetricName, from, from + periodMs) >= Threshold,
    );
    return breaching.length >= (DatapointsToAlarm ?? periods);
  };

  return () => ({
    ringing: simple.filter(rings).map(({ AlarmName, AlarmDescription }) => ({
      name: AlarmName.slice(AlarmName.lastIndexOf("}-") + 2),
      // Without the links to the console.
      text: AlarmDescription.replaceAll(/ ?\$\{[^}]+\}/g, ""),
    })),
    watched: simple.length,
    others: all.length - simple.length,
  });
};

const isSimple = (alarm: AlarmProperties): alarm is SimpleAlarm =>
  alarm.Namespace === "cielo24-proxy" &&
  alarm.MetricName !== undefined &&
  alarm.Period !== undefined &&
  alarm.Threshold !== undefined &&
  alarm.EvaluationPeriods !== undefined &&
  alarm.Statistic === "Sum" &&
  alarm.ComparisonOperator === "GreaterThanOrEqualToThreshold";
