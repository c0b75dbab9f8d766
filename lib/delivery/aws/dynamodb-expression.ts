import type { Condition, Row, Write } from "../machine/row.ts";

/** The table's own names; all other attributes have the names in {@link Row}. */
const ATTRIBUTES: Readonly<Record<string, string>> = { jobId: "job_id", expiresAt: "expires_at" };

export const itemToRow = ({ job_id: jobId, expires_at: expiresAt, ...others }: Record<string, unknown>): Row =>
  ({ ...others, jobId, ...(expiresAt === undefined ? {} : { expiresAt }) }) as Row;

/**
 * The expressions of an UpdateItem that means what `decideWrite` says of the same write. Undefined for a condition that
 * nothing meets, because it allows no state.
 */
export const expressWrite = ({ if: condition, set, remove = [] }: Write) => {
  if (condition.state.length === 0) return undefined;
  const names: Record<string, string> = {};
  const values: Record<string, unknown> = {};
  // Every name has a placeholder: `state` and others are reserved words.
  const name = (attribute: string): string => {
    names[`#${attribute}`] = ATTRIBUTES[attribute] ?? attribute;
    return `#${attribute}`;
  };
  const value = (placeholder: string, content: unknown): string => {
    values[placeholder] = content;
    return placeholder;
  };

  const ConditionExpression = expressCondition(condition, name, value);
  const removed = new Set<string>(remove);
  const setting: string[] = [];
  for (const [attribute, content] of Object.entries<unknown>(set)) {
    if (content === undefined) removed.add(attribute);
    // DynamoDB refuses an attribute that is both set and removed; here a removal wins.
    else if (!removed.has(attribute)) setting.push(`${name(attribute)} = ${value(`:set_${attribute}`, content)}`);
  }
  const update: string[] = [];
  if (setting.length > 0) update.push(`SET ${setting.join(", ")}`);
  if (removed.size > 0) update.push(`REMOVE ${[...removed].map(name).join(", ")}`);
  return {
    ConditionExpression,
    UpdateExpression: update.join(" ") || undefined,
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: Object.keys(values).length > 0 ? values : undefined,
  };
};

const expressCondition = (
  { state, fence, claimId, mediaId, conflictCount, capability, redirected }: Condition,
  name: (attribute: string) => string,
  value: (placeholder: string, content: unknown) => string,
): string => {
  const isAbsent = (attribute: string) => `attribute_not_exists(${name(attribute)})`;
  const states = state.filter((each) => each !== "none").map((each) => value(`:if_${each}`, each));
  const anyState = state.includes("none") ? [isAbsent("jobId")] : [];
  if (states.length > 0) anyState.push(`${name("state")} IN (${states.join(", ")})`);
  const all = [`(${anyState.join(" OR ")})`];
  if (fence !== undefined) all.push(`${name("fence")} = ${value(":if_fence", fence)}`);
  if (claimId !== undefined) all.push(`${name("claimId")} = ${value(":if_claimId", claimId)}`);
  if (mediaId !== undefined) all.push(`${name("media")}.${name("id")} = ${value(":if_mediaId", mediaId)}`);
  if (conflictCount !== undefined) {
    const counted = `${name("conflictCount")} = ${value(":if_conflictCount", conflictCount)}`;
    // A row that never had a conflict has no count.
    all.push(conflictCount === 0 ? `(${isAbsent("conflictCount")} OR ${counted})` : counted);
  }
  if (capability !== undefined) all.push(`${name("capability")} = ${value(":if_capability", capability)}`);
  if (redirected === false) all.push(isAbsent("redirected"));
  return all.join(" AND ");
};
