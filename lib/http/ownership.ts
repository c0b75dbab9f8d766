import type { Owners } from "../delivery/ledger.ts";
import { ApiError } from "./errors.ts";
import type { Caller } from "./request.ts";

/** Lets callers at their own jobs and at no others; a foreign job looks like an absent one. */
export interface Ownership {
  /**
   * Before a job is used: it belongs to the first owner that uses it. An admin takes no job into possession.
   * @throws {ApiError} ITEM_NOT_FOUND
   * @throws {LedgerError}
   */
  bind(caller: Caller, jobId: string): Promise<void>;
  /**
   * Before somebody else is asked about a job that is claimed afterwards: lets in whomever `claim` would let in at this
   * moment, and leaves a job without an owner as it is.
   * @throws {ApiError} ITEM_NOT_FOUND
   * @throws {LedgerError}
   */
  mayBind(caller: Caller, jobId: string): Promise<void>;
  /**
   * Before something is told about a job; leaves a job without an owner as it is.
   * @throws {ApiError} ITEM_NOT_FOUND
   * @throws {LedgerError}
   */
  check(caller: Caller, jobId: string): Promise<void>;
}

export const createOwnership = (owners: Owners): Ownership => {
  const admit = async (caller: Caller, jobId: string, ownerOf: (owner: string) => Promise<string | undefined>) => {
    if (caller.isAdmin) return;
    if (caller.jobs && !caller.jobs.has(jobId)) throw new ApiError("ITEM_NOT_FOUND");
    if ((await ownerOf(caller.owner)) !== caller.owner) throw new ApiError("ITEM_NOT_FOUND");
  };
  return {
    bind: (caller, jobId) => admit(caller, jobId, (owner) => owners.bind(jobId, owner)),
    mayBind: (caller, jobId) => admit(caller, jobId, async (owner) => (await owners.ownerOf(jobId)) ?? owner),
    check: (caller, jobId) => admit(caller, jobId, () => owners.ownerOf(jobId)),
  };
};
