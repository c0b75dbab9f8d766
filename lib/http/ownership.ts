import type { Owners } from "../delivery/ledger.ts";
import type { Caller } from "./endpoint.ts";
import { ApiError } from "./errors.ts";

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
