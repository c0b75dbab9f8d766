import { describe, expect, it } from "@jest/globals";
import { hashOwner, isRecordedOwner, recordedOwner } from "../../../lib/delivery/owner.ts";

const JOB = "a".repeat(32);
const OTHER = "b".repeat(32);

describe("an owner on record", () => {
  it("is found by its name", () => {
    expect(recordedOwner(JOB, "alice")).toBe("alice");
    expect(isRecordedOwner(JOB, "alice", "alice")).toBe(true);
    expect(isRecordedOwner(JOB, "bob", "alice")).toBe(false);
    expect(isRecordedOwner(JOB, "alice", undefined)).toBe(false);
  });

  it("is found by its name, too, where only a hash of that is left, and by no other", () => {
    const hash = hashOwner(JOB, "alice");
    expect(hash).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(isRecordedOwner(JOB, "alice", hash)).toBe(true);
    expect(isRecordedOwner(JOB, "bob", hash)).toBe(false);
  });

  it("has another hash for each job, so that jobs of one owner do not show it", () => {
    expect(hashOwner(OTHER, "alice")).not.toBe(hashOwner(JOB, "alice"));
    expect(isRecordedOwner(OTHER, "alice", hashOwner(JOB, "alice"))).toBe(false);
  });

  it("is never found by its hash: who has read that owns nothing by it", () => {
    const hash = hashOwner(JOB, "alice");
    expect(isRecordedOwner(JOB, hash, hash)).toBe(false);
  });

  it("may have a name that looks like a hash", () => {
    const name = `sha256:${"0".repeat(64)}`;
    const recorded = recordedOwner(JOB, name);
    expect(recorded).not.toBe(name);
    expect(isRecordedOwner(JOB, name, recorded)).toBe(true);
    expect(isRecordedOwner(JOB, "alice", recorded)).toBe(false);
  });
});
