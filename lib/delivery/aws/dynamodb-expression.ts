import type { Condition, Row, Write } from "../machine/row.ts";

/** The table's own names; all other attributes are called as in {@link Row}. */
const ATTRIBUTES: Readonly<Record<string, string>> = { jobId: "job_id", expiresAt: "expires_at" };

const attributeOf = (name: string): string => ATTRIBUTES[name] ?? name;

export const itemToRow = ({ job_id: jobId, expires_at: expiresAt, ...others }: Record<string, unknown>): Row =>
  ({ ...others, jobId, ...(expiresAt === undefined ? {} : { expiresAt }) }) as Row;

/** The expressions of an UpdateItem that means what `decideWrite` says of the same write. */
export interface UpdateExpressions {
  readonly ConditionExpression: string;
  readonly UpdateExpression?: string;
  readonly ExpressionAttributeNames: Record<string, string>;
  readonly ExpressionAttributeValues?: Record<string, unknown>;
}

/** Undefined for a condition that nothing meets: one that allows no state. */
export const expressWrite = ({ if: condition, set, remove = [] }: Write): UpdateExpressions | undefined => {
  if (condition.state.length === 0) return undefined;
  const names: Record<string, string> = {};
  const values: Record<string, unknown> = {};
  // Every name has a placeholder: `state` and others are reserved words.
  const name = (attribute: string): string => {
    const placeholder = `#${attribute}`;
    names[placeholder] = attributeOf(attribute);
    return placeholder;
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
  const removing = [...removed].map(name);
  const UpdateExpression = [
    ...(setting.length > 0 ? [`SET ${setting.join(", ")}`] : []),
    ...(removing.length > 0 ? [`REMOVE ${removing.join(", ")}`] : []),
  ].join(" ");
  return {
    ConditionExpression,
    ...(UpdateExpression ? { UpdateExpression } : {}),
    ExpressionAttributeNames: names,
    ...(Object.keys(values).length > 0 ? { ExpressionAttributeValues: values } : {}),
  };
};

const expressCondition = (
  { state, fence, claimId, mediaId, conflictCount, capability, redirected }: Condition,
  name: (attribute: string) => string,
  value: (placeholder: string, content: unknown) => string,
): string => {
  const states = state.filter((each) => each !== "none");
  const anyState = [
    ...(state.includes("none") ? [`attribute_not_exists(${name("jobId")})`] : []),
    ...(states.length > 0
      ? [`${name("state")} IN (${states.map((each) => value(`:if_${each}`, each)).join(", ")})`]
      : []),
  ].join(" OR ");
  const all = [`(${anyState})`];
  if (fence !== undefined) all.push(`${name("fence")} = ${value(":if_fence", fence)}`);
  if (claimId !== undefined) all.push(`${name("claimId")} = ${value(":if_claimId", claimId)}`);
  if (mediaId !== undefined) all.push(`${name("media")}.${name("id")} = ${value(":if_mediaId", mediaId)}`);
  if (conflictCount !== undefined) {
    const counted = `${name("conflictCount")} = ${value(":if_conflictCount", conflictCount)}`;
    // A row that never had a conflict has no count.
    all.push(conflictCount === 0 ? `(attribute_not_exists(${name("conflictCount")}) OR ${counted})` : counted);
  }
  if (capability !== undefined) all.push(`${name("capability")} = ${value(":if_capability", capability)}`);
  if (redirected === false) all.push(`attribute_not_exists(${name("redirected")})`);
  return all.join(" AND ");
};
