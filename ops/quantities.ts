import { InvalidArgumentError } from "commander";

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
const UNIT_MS: Readonly<Record<string, number>> = { s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS };

/** `90s`, `10m`, `2h`, `14d` as milliseconds. */
export const parseDuration = (text: string): number => {
  const [, number, unit = ""] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const unitMs = UNIT_MS[unit];
  if (number === undefined || unitMs === undefined)
    throw new InvalidArgumentError("It must be a number with a unit: 90s, 10m, 2h or 14d.");
  return Number(number) * unitMs;
};

/** The two largest units: `45s`, `12m`, `2h 05m`, `3d 04h`. */
export const formatDuration = (ms: number): string => {
  const two = (value: number) => String(value).padStart(2, "0");
  const whole = Math.max(0, Math.floor(ms / SECOND_MS));
  if (whole < 60) return `${whole}s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}h ${two(minutes % 60)}m`;
  return `${Math.floor(hours / 24)}d ${two(hours % 24)}h`;
};

/** `2026-11-30 09:46:03`, in UTC. */
export const formatTime = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace("T", " ");
