import { TICK_MS, type World } from "./world.ts";

/**
 * A text that is the same for worlds that behave the same: times relative to now and clipped, fences relative to the
 * row's, claims renamed in the order in which they appear, the order of workers and messages left out.
 */
export const canonical = (world: World): string => {
  const base = world.row?.fence ?? 0;
  const names = new Map<string, string>();
  if (world.row?.claimId) names.set(world.row.claimId, "R");
  const rename = (claimId: string): string => {
    const known = names.get(claimId);
    if (known) return known;
    const name = `X${names.size}`;
    names.set(claimId, name);
    return name;
  };
  const relative = (time: number, least: number): number => Math.max(Math.ceil((time - world.now) / TICK_MS), least);

  const show = (value: unknown, name: string): string => {
    if (value === undefined) return "";
    if (value === null || typeof value === "boolean") return String(value);
    if (typeof value === "number") {
      if (name === "fence") return `f${value - base}`;
      const least = TIMES[name];
      return least === undefined ? String(value) : `t${relative(value, least)}`;
    }
    if (typeof value === "string") return name === "claimId" ? rename(value) : value;
    if (Array.isArray(value)) {
      const items = value.map((each) => show(each, name));
      return `[${(UNORDERED.has(name) ? items.sort() : items).join(",")}]`;
    }
    let text = "{";
    for (const [key, inner] of Object.entries(value)) {
      if (inner === undefined || LEFT_OUT.has(key)) continue;
      text += `${key}:${show(inner, key)};`;
    }
    return text + "}";
  };
  return show(world, "");
};

/** Names of times, and the ticks relative to now below which they make no difference any more. */
const TIMES: Readonly<Record<string, number>> = {
  leaseUntil: 0,
  visibleAt: 0,
  deadline: 0,
  until: 0,
  settledAt: -2,
  askedAt: -2,
  at: -2,
};
const LEFT_OUT = new Set([
  "now",
  "updatedAt",
  "expiresAt",
  "settings",
  "randoms",
  "jobId",
  "key",
  "versionId",
  "sha256",
  "error",
  "hoped",
  "receiveCount",
  "reads",
]);
const UNORDERED = new Set(["workers", "messages", "floating", "delayed", "accepted"]);
