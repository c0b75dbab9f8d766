import type { Config } from "../config.ts";
import { normalJobId } from "../job-id.ts";
import type { Caller, HttpEvent } from "./endpoint.ts";
import { ApiError } from "./errors.ts";
import type { Owners } from "../delivery/ledger.ts";

export type CallerConfig = Pick<Config, "ownerClaim" | "jobsClaim" | "jobsClaimRequired">;

/**
 * Reads the caller from the token claims that API Gateway's JWT authorizer has verified. Takes scopes from the claims, not
 * from `jwt.scopes`, which also lists what the route asks for.
 *
 * @throws {ApiError} NOT_AUTHORIZED if the claims name no owner, or lack the list of jobs that this deployment requires
 */
export const readCaller = (event: HttpEvent, config: CallerConfig): Caller => {
  const claims = claimsOf(event);
  if (scopesOf(claims).has("admin")) return { isAdmin: true };

  const owner = readClaim(claims, config.ownerClaim);
  // A list of owners arrives as "[a b]", an object as "map[a:b]": neither names one owner.
  if (owner === undefined || owner === "" || /^(?:map)?\[.*\]$/s.test(owner))
    throw new ApiError("NOT_AUTHORIZED", {
      comment: `The token does not say who owns the jobs that it is used for: its claim ${config.ownerClaim} must name one owner.`,
    });

  const jobs = config.jobsClaim === "" ? undefined : readClaim(claims, config.jobsClaim);
  if (jobs !== undefined) return { isAdmin: false, owner, jobs: jobIdsOf(jobs) };
  if (config.jobsClaimRequired)
    throw new ApiError("NOT_AUTHORIZED", {
      comment: `The token does not list the jobs that it may be used for${config.jobsClaim === "" ? "" : `, as its claim ${config.jobsClaim} must`}. Get one that does, or ask the operator.`,
    });
  return { isAdmin: false, owner };
};

type Claims = Readonly<Record<string, unknown>>;

const claimsOf = (event: HttpEvent): Claims => {
  // The types promise an authorizer. A route deployed without one must still refuse everyone.
  const { authorizer } = event.requestContext as Partial<HttpEvent["requestContext"]>;
  return (authorizer as Partial<typeof authorizer>)?.jwt?.claims ?? {};
};

/** API Gateway turns all claims into strings. In an event that something else made, an array may still be one. */
const readClaim = (claims: Claims, name: string): string | undefined => {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  if (Array.isArray(value)) return `[${value.map(String).join(" ")}]`;
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
};

/** The items of `"a b"`, `"a"`, or `"[a b]"`, which is how an array claim arrives in payload 2.0. */
const listOf = (claim: string): ReadonlySet<string> =>
  new Set(
    claim
      .replace(/^\[(.*)\]$/s, "$1")
      .split(/[\s,]+/)
      .filter((item) => item !== ""),
  );

/** Keeps items that are not job ids: a list without any valid id then allows no job. */
const jobIdsOf = (claim: string): ReadonlySet<string> =>
  new Set([...listOf(claim)].map((item) => normalJobId(item) ?? item));

/** `scope` (RFC 8693) or `scp`: the two claims in which API Gateway itself looks for scopes. */
const scopesOf = (claims: Claims): ReadonlySet<string> =>
  listOf(readClaim(claims, "scope") ?? readClaim(claims, "scp") ?? "");

/**
 * Restricts callers to jobs they own. Someone else's job is answered like one that does not exist. An admin may use every
 * job, and never becomes a job's owner.
 *
 * Every method throws ApiError ITEM_NOT_FOUND if the caller may not use the job, and LedgerError.
 */
export interface Ownership {
  /** Call it before a job is used: the job belongs to the first owner that uses it. */
  bind(caller: Caller, jobId: string): Promise<void>;
  /** Whether `bind` would succeed now, for what must be asked before the job is bound. A job without an owner stays so. */
  mayBind(caller: Caller, jobId: string): Promise<void>;
  /** Call it before a job is shown. A job without an owner stays so, and is not shown. */
  check(caller: Caller, jobId: string): Promise<void>;
}

export const createOwnership = (owners: Owners): Ownership => {
  const demand = async (caller: Caller, jobId: string, ownerOf: (owner: string) => Promise<string | undefined>) => {
    if (caller.isAdmin) return;
    if (caller.jobs && !caller.jobs.has(jobId)) throw new ApiError("ITEM_NOT_FOUND");
    if ((await ownerOf(caller.owner)) !== caller.owner) throw new ApiError("ITEM_NOT_FOUND");
  };
  return {
    bind: (caller, jobId) => demand(caller, jobId, (owner) => owners.bind(jobId, owner)),
    mayBind: (caller, jobId) => demand(caller, jobId, async (owner) => (await owners.ownerOf(jobId)) ?? owner),
    check: (caller, jobId) => demand(caller, jobId, () => owners.ownerOf(jobId)),
  };
};
