import { InvalidArgumentError } from "commander";

export const MIB = 1024 * 1024;
const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

/** `16` (MiB) as bytes. */
export const parseMebibytes = (text: string): number => {
  const mebibytes = Number(text);
  if (!/^\d+$/.test(text) || mebibytes < 5 || mebibytes > 100)
    throw new InvalidArgumentError(
      "It must be a whole number of MiB from 5 to 100: a part that fails is sent once more as a whole.",
    );
  return mebibytes * MIB;
};

export const parseParallel = (text: string): number => {
  const parts = Number(text);
  if (!/^\d+$/.test(text) || parts < 1 || parts > 16)
    throw new InvalidArgumentError("It must be a whole number from 1 to 16.");
  return parts;
};

/** `90s`, `10m`, `2h` as milliseconds. */
export const parseDuration = (text: string): number => {
  const [, number, unit = ""] = /^(\d{1,6})([smh])$/.exec(text) ?? [];
  const unitMs = UNIT_MS[unit];
  if (number === undefined || unitMs === undefined)
    throw new InvalidArgumentError("It must be a number with a unit: 90s, 10m or 2h.");
  return Math.max(Number(number), 1) * unitMs;
};
