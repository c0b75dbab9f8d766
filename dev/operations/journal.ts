import type { Life, LifeLine, Notification, Rate, Reason, Speed } from "../../web/operations/snapshot.ts";
import { parseLine } from "./log-line.ts";
import { createSeries } from "./series.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DAY_MINUTES = 24 * 60;
/** A stack may run for days: what is oldest is forgotten. */
const MAX_JOBS = 1_000;
const MAX_LINES_PER_JOB = 200;
const MAX_DURATIONS = 5_000;
const MAX_NOTIFICATIONS = 100;

/** Metrics with one of these units are times, of which the page shows percentiles. */
const UNIT_MS: Readonly<Record<string, number>> = { Seconds: 1000, Milliseconds: 1 };

/**
 * What the functions' own log says: metrics, and the lines of each job. It keeps no books of its own, so that the page
 * shows what CloudWatch would.
 */
export const createJournal = ({ clock }: { readonly clock: () => number }) => {
  const metrics = createSeries(DAY_MINUTES);
  const reasons = createSeries(DAY_MINUTES);
  const units = new Map<string, string>();
  const durations = new Map<string, { readonly at: number; readonly ms: number }[]>();
  const lives = new Map<string, LifeLine[]>();
  const notifications: Notification[] = [];

  const addDuration = (metric: string, at: number, ms: number): void => {
    const kept = durations.get(metric) ?? [];
    durations.set(metric, kept);
    kept.push({ at, ms });
    if (kept.length > MAX_DURATIONS) kept.shift();
  };

  const addToLife = (jobId: string, line: LifeLine): void => {
    const lines = lives.get(jobId) ?? [];
    // The last in a map is the one that was put there last.
    lives.delete(jobId);
    lives.set(jobId, lines);
    lines.push(line);
    if (lines.length > MAX_LINES_PER_JOB) lines.shift();
    const [oldest] = lives.keys();
    if (lives.size > MAX_JOBS && oldest !== undefined) lives.delete(oldest);
  };

  return {
    /** Takes a line that a function has logged. */
    add: (text: string): void => {
      const parsed = parseLine(text, clock());
      if (parsed?.is === "metrics")
        for (const { name, unit, value } of parsed.metrics) {
          const inMs = UNIT_MS[unit];
          units.set(name, unit);
          if (inMs === undefined) metrics.add(name, parsed.at, value);
          else addDuration(name, parsed.at, value * inMs);
        }
      if (parsed?.is !== "record") return;
      const { jobId, line } = parsed;
      if (jobId !== undefined) addToLife(jobId, line);
      const reason = reasonOf(line);
      if (reason) reasons.add(`${reason.is} ${reason.reason}`, line.at, 1);
    },
    notify: (notification: Notification): void => {
      notifications.unshift(notification);
      if (notifications.length > MAX_NOTIFICATIONS) notifications.pop();
    },
    /** The metrics that were written in the last day, and those that are `wanted` in any case. */
    rates: (wanted: readonly string[]): Rate[] => {
      const now = clock();
      const written = metrics.sums("", now - DAY_MS).map(({ name }) => name);
      return [...new Set([...wanted, ...written])].map((metric) => {
        const perMinute = metrics.perMinute(metric, now, 60);
        return {
          metric,
          isBytes: units.get(metric) === "Bytes",
          perMinute,
          lastHour: perMinute.reduce((total, value) => total + value, 0),
          lastDay: metrics.sum(metric, now - DAY_MS),
        };
      });
    },
    /** The sum of a metric from one time to another, by whole minutes. */
    total: metrics.sum,
    speeds: (): Speed[] =>
      [...durations].flatMap(([metric, kept]) => {
        const sorted = kept.filter(({ at }) => at > clock() - DAY_MS).map(({ ms }) => ms);
        sorted.sort((a, b) => a - b);
        const p50Ms = percentile(sorted, 0.5);
        const p99Ms = percentile(sorted, 0.99);
        return p50Ms === undefined || p99Ms === undefined ? [] : [{ metric, count: sorted.length, p50Ms, p99Ms }];
      }),
    /** The most frequent first. */
    reasons: (): Reason[] =>
      (["waits", "rejected"] as const)
        .flatMap((is) =>
          reasons.sums(`${is} `, clock() - DAY_MS).map(({ name, sum }) => ({ is, reason: name, count: sum })),
        )
        .sort((a, b) => b.count - a.count),
    notifications: (): readonly Notification[] => notifications,
    /** How many metrics there are, each of which costs money. */
    metricCount: (): number => units.size,
    life: (jobId: string): Life => ({ jobId, lines: lives.get(jobId) ?? [] }),
  };
};

export type Journal = ReturnType<typeof createJournal>;

/** The same as the queries of the dashboard and the runbook look for. */
const reasonOf = ({ message, fields }: LifeLine): Omit<Reason, "count"> | undefined => {
  if (message === "delivery goes on later") return { is: "waits", reason: String(fields["reason"]) };
  if (message === "delivery has ended" && fields["reason"] === "rejected")
    return { is: "rejected", reason: String(fields["errorType"]) };
  return undefined;
};

/** By the nearest rank. */
const percentile = (sorted: readonly number[], share: number): number | undefined =>
  sorted[Math.max(Math.ceil(sorted.length * share), 1) - 1];
