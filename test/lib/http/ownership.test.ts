import { describe, expect, it } from "@jest/globals";
import { ApiError } from "../../../lib/http/errors.ts";
import { hashOwner } from "../../../lib/delivery/owner.ts";
import { createOwnership } from "../../../lib/http/caller.ts";
import { memoryOwners } from "../../harness/memory-ports.ts";

const JOB = "a".repeat(32);
const OTHER = "b".repeat(32);
const alice = { isAdmin: false, owner: "alice" } as const;
const bob = { isAdmin: false, owner: "bob" } as const;
const admin = { isAdmin: true } as const;
const notFound = new ApiError("ITEM_NOT_FOUND");

describe("createOwnership", () => {
  it("gives a job to the first owner that uses it, for good", async () => {
    const owners = memoryOwners();
    const ownership = createOwnership(owners);
    await ownership.bind(alice, JOB);
    await ownership.bind(alice, JOB);
    await expect(ownership.bind(bob, JOB)).rejects.toEqual(notFound);
    await expect(ownership.check(bob, JOB)).rejects.toEqual(notFound);
    await ownership.check(alice, JOB);
    expect(owners.table.get(JOB)).toBe("alice");
  });

  it("gives no job away for being asked about", async () => {
    const owners = memoryOwners();
    await expect(createOwnership(owners).check(alice, JOB)).rejects.toEqual(notFound);
    expect(owners.table.size).toBe(0);
  });

  it("lets in whoever may claim a job, and gives it to nobody by that", async () => {
    const owners = memoryOwners({ [OTHER]: "alice" });
    const ownership = createOwnership(owners);
    await ownership.mayBind(alice, JOB);
    await ownership.mayBind(bob, JOB);
    await ownership.mayBind(admin, JOB);
    await ownership.mayBind(alice, OTHER);
    await ownership.mayBind(admin, OTHER);
    await expect(ownership.mayBind(bob, OTHER)).rejects.toEqual(notFound);
    expect([...owners.table]).toEqual([[OTHER, "alice"]]);
  });

  it("makes foreign and absent jobs look the same", async () => {
    const ownership = createOwnership(memoryOwners({ [JOB]: "bob" }));
    const tell = async (jobId: string) => {
      const error = (await ownership.check(alice, jobId).catch((thrown: unknown) => thrown)) as ApiError;
      return [error.code, error.status, error.errorType, error.comment];
    };
    expect(await tell(JOB)).toEqual(await tell(OTHER));
  });

  it("knows a forgotten owner by its hash, and lets nobody else in, nor whoever sends the hash", async () => {
    const hash = hashOwner(JOB, "alice");
    const owners = memoryOwners({ [JOB]: hash });
    const ownership = createOwnership(owners);
    for (const demand of ["bind", "mayBind", "check"] as const) {
      await ownership[demand](alice, JOB);
      await ownership[demand](admin, JOB);
      await expect(ownership[demand](bob, JOB)).rejects.toEqual(notFound);
      await expect(ownership[demand]({ isAdmin: false, owner: hash }, JOB)).rejects.toEqual(notFound);
    }
    expect([...owners.table]).toEqual([[JOB, hash]]);
  });

  it("takes an owner whose name looks like a hash, and binds it under another name", async () => {
    const owners = memoryOwners();
    const ownership = createOwnership(owners);
    const odd = { isAdmin: false, owner: `sha256:${"0".repeat(64)}` } as const;
    await ownership.mayBind(odd, JOB);
    await ownership.bind(odd, JOB);
    await ownership.check(odd, JOB);
    expect(owners.table.get(JOB)).not.toBe(odd.owner);
    await expect(ownership.check(alice, JOB)).rejects.toEqual(notFound);
  });

  it("keeps a token to the jobs that it lists, and binds no other", async () => {
    const owners = memoryOwners();
    const ownership = createOwnership(owners);
    const listed = { ...alice, jobs: new Set([JOB]) };
    await ownership.bind(listed, JOB);
    await expect(ownership.bind(listed, OTHER)).rejects.toEqual(notFound);
    await expect(ownership.mayBind(listed, OTHER)).rejects.toEqual(notFound);
    await expect(ownership.check(listed, OTHER)).rejects.toEqual(notFound);
    expect([...owners.table.keys()]).toEqual([JOB]);
  });

  it("gives no foreign job to a token that lists it", async () => {
    const ownership = createOwnership(memoryOwners({ [JOB]: "bob" }));
    await expect(ownership.bind({ ...alice, jobs: new Set([JOB]) }, JOB)).rejects.toEqual(notFound);
  });

  it("goes by the list alone where a token names no owner, and binds nothing", async () => {
    const owners = memoryOwners({ [JOB]: "bob" });
    const ownership = createOwnership(owners);
    const listed = { isAdmin: false, jobs: new Set([JOB]) } as const;
    for (const use of ["check", "mayBind", "bind"] as const) {
      await ownership[use](listed, JOB);
      await expect(ownership[use](listed, OTHER)).rejects.toEqual(notFound);
    }
    expect([...owners.table]).toEqual([[JOB, "bob"]]);
  });

  it("shows every job to an admin, who takes none into possession", async () => {
    const owners = memoryOwners({ [JOB]: "bob" });
    const ownership = createOwnership(owners);
    await ownership.bind(admin, JOB);
    await ownership.bind(admin, OTHER);
    await ownership.check(admin, OTHER);
    expect([...owners.table]).toEqual([[JOB, "bob"]]);
  });
});
