import { S3Error } from "./errors.ts";
import type { PostForm } from "./post-form.ts";

/** The sizes that a file may have. */
export interface SizeRange {
  readonly minBytes: number;
  readonly maxBytes: number;
}

/** Fields that need no condition, beside those that begin with `x-ignore-`. */
const EXEMPT = ["x-amz-signature", "policy"];

/**
 * Checks a form against its policy, whose signature was checked already.
 *
 * Source: Amazon S3 API Reference, "POST policy".
 *
 * @param fields with `${filename}` in the key replaced, as conditions are about what is stored
 * @returns the sizes that the policy allows
 * @throws {S3Error} InvalidPolicyDocument, AccessDenied
 */
export const checkPolicy = (fields: PostForm["fields"], bucket: string, now: number): SizeRange => {
  const { expiration, conditions } = parsePolicy(fields["policy"] ?? "");
  if (now >= expiration) throw new S3Error("AccessDenied", "Invalid according to Policy: Policy expired.");
  const values: Readonly<Record<string, string>> = { ...fields, bucket };
  const named = new Set<string>();
  let size: SizeRange = { minBytes: 0, maxBytes: 5 * 1024 ** 3 };
  for (const condition of conditions) {
    const [operator, first, second] = condition;
    if (operator === "content-length-range") {
      size = { minBytes: Number(first), maxBytes: Number(second) };
      continue;
    }
    const name = String(first).replace(/^\$/, "").toLowerCase();
    const value = Object.hasOwn(values, name) ? (values[name] ?? "") : "";
    const isMet = operator === "eq" ? value === second : value.startsWith(String(second));
    if (!isMet)
      throw new S3Error(
        "AccessDenied",
        `Invalid according to Policy: Policy Condition failed: ${JSON.stringify(condition)}`,
      );
    named.add(name);
  }
  const extra = Object.keys(fields).filter(
    (name) => !named.has(name) && !EXEMPT.includes(name) && !name.startsWith("x-ignore-"),
  );
  if (extra.length > 0)
    throw new S3Error("AccessDenied", `Invalid according to Policy: Extra input fields: ${extra.join(", ")}`);
  return size;
};

type Condition = readonly [operator: string, first: string | number, second: string | number];

/** @throws {S3Error} InvalidPolicyDocument */
const parsePolicy = (base64: string): { expiration: number; conditions: readonly Condition[] } => {
  const invalid = (why: string) => new S3Error("InvalidPolicyDocument", `Invalid Policy: ${why}`);
  let policy: unknown;
  try {
    policy = JSON.parse(Buffer.from(base64, "base64").toString("utf8"));
  } catch {
    throw invalid("Invalid JSON.");
  }
  if (typeof policy !== "object" || policy === null) throw invalid("Invalid JSON.");
  const { expiration, conditions } = policy as Readonly<Record<string, unknown>>;
  const expiresAt = typeof expiration === "string" ? Date.parse(expiration) : NaN;
  if (Number.isNaN(expiresAt)) throw invalid("Invalid 'expiration' value.");
  if (!Array.isArray(conditions)) throw invalid("Invalid 'conditions' value: must be a List.");
  return {
    expiration: expiresAt,
    conditions: conditions.map((condition: unknown) => {
      // `{"acl": "private"}` is short for `["eq", "$acl", "private"]`.
      const [pair, ...others] =
        typeof condition === "object" && condition !== null && !Array.isArray(condition)
          ? Object.entries(condition)
          : [];
      const list: readonly unknown[] = pair
        ? ["eq", `$${pair[0]}`, pair[1]]
        : Array.isArray(condition)
          ? (condition as unknown[])
          : [];
      if (others.length > 0 || !isCondition(list)) throw invalid(`Invalid Condition: ${JSON.stringify(condition)}`);
      return list;
    }),
  };
};

const isCondition = (list: readonly unknown[]): list is Condition => {
  const [operator, first, second] = list;
  if (list.length !== 3) return false;
  if (operator === "content-length-range") return [first, second].every((each) => /^\d+$/.test(String(each)));
  return (operator === "eq" || operator === "starts-with") && typeof first === "string" && typeof second === "string";
};

/**
 * The file's bytes, as long as they are not more than is allowed.
 *
 * @throws {S3Error} while it is read: EntityTooLarge, EntityTooSmall
 */
export async function* within(
  { minBytes, maxBytes }: SizeRange,
  file: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of file) {
    size += chunk.byteLength;
    if (size > maxBytes) throw new S3Error("EntityTooLarge", undefined, { MaxSizeAllowed: String(maxBytes) });
    yield chunk;
  }
  if (size < minBytes)
    throw new S3Error("EntityTooSmall", undefined, {
      ProposedSize: String(size),
      MinSizeAllowed: String(minBytes),
    });
}
