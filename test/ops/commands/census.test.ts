import { describe, expect, it } from "@jest/globals";
import type { CensusReport } from "../../../functions/census/census.ts";
import { HOUR_MS, useDrops } from "../../harness/drops.ts";
import { useOperator } from "../operator.ts";

describe("ops census", () => {
  const local = useDrops({ env: { DROP_SETTLE_S: "0" } });
  const operator = useOperator(local);

  it("runs it, and ends well where nothing is missing", async () => {
    await local.drop(local.newJob());
    await local.finish();
    const { code, stdout } = await operator.run("census");
    expect(stdout).toBe(
      "Objects in the bucket: 1. Compared with the ledger, open rows included: 0.\n" +
        "Put back into the queue: 0.\n" +
        "Deliveries that cielo24 was asked about: 0. Those of which it shows no media: 0.\n",
    );
    expect(code).toBe(0);
  });

  /** An object that cielo24 has refused, and one whose event was lost, half an hour ago. */
  const leave = async () => {
    const [lost, rejected] = [local.newJob(), local.newJob()];
    const body = JSON.stringify({ ErrorType: "INVALID_OPTION", ErrorComment: "No." });
    local.cielo24.faults.add({ action: "POST job/add_media", jobId: rejected, kind: "answer", status: 400, body });
    await local.drop(rejected);
    await local.finish();
    local.place(lost);
    local.stack.advanceTime(HOUR_MS / 2);
    return { lost, rejected };
  };

  it("tells what it has put back and what is not delivered, job by job, and ends with 3", async () => {
    const { lost, rejected } = await leave();
    const { exitCode, report } = await operator.runJson<{ readonly report: CensusReport }>("census");
    expect(exitCode).toBe(3);
    expect(report.findings).toMatchObject([{ jobId: lost, why: "unannouncedObjects" }]);
    expect(report.undelivered).toContainEqual(expect.objectContaining({ jobId: rejected, reason: "INVALID_OPTION" }));
    await local.finish();
    expect(local.taken(lost)).toHaveLength(1);
  });

  it("tells people the same in two tables", async () => {
    const { lost, rejected } = await leave();
    const { code, stdout } = await operator.run("census");
    expect(stdout).toMatch(/^JOB +WHY +DUE FOR +KEY$/m);
    expect(stdout).toMatch(new RegExp(`^${lost} +unannouncedObjects +\\d+.* media/${lost}/a.mp4$`, "m"));
    expect(stdout).toMatch(new RegExp(`^${rejected} +REJECTED +INVALID_OPTION +media/`, "m"));
    expect(code).toBe(3);
  });

  it("says that it has failed, if it has", async () => {
    local.stack.aws.faults.add({ action: "Query", kind: "unavailable", times: Infinity });
    const { code, stderr } = await operator.run("census");
    expect(stderr).toMatch(/The census has failed: The ledger cannot be reached \(CENSUS_FAILED\)/);
    expect(code).toBe(1);
  });
});
