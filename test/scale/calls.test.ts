import { describe, expect, it } from "@jest/globals";
import { readFile } from "node:fs/promises";
import { ledgerCalls } from "../../bench/scale/costs.ts";
import { CALLS, GIB, INDEX_WRITES, LOG_BYTES_PER_UPLOAD } from "../../bench/scale/figures.ts";
import { readStage } from "../../bench/scale/stage.ts";
import { sendAs } from "../harness/api.ts";
import { useDrops } from "../harness/drops.ts";

/** How often each of them is in the list. */
const tally = (names: readonly string[]): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
};

describe("the calls of one upload", () => {
  const updates: string[] = [];
  const local = useDrops({
    onCall: (action, body) => {
      if (action === "UpdateItem") updates.push(body);
    },
  });
  const user = sendAs(local, { sub: "alice" });

  const upload = async () => {
    const job = local.newJob();
    const { aws, s3, logs } = local.stack;
    /** What is called, and logged, until the work is done. */
    const during = async <T>(work: () => Promise<T>) => {
      const [calls, requests, lines] = [aws.calls.length, s3.requests.length, logs.length];
      const result = await work();
      const made = [...aws.calls.slice(calls), ...s3.requests.slice(requests).map(({ operation }) => operation)];
      return { result, calls: tally(made), logged: logs.slice(lines).join("\n").length };
    };
    const signing = await during(() =>
      user("GET", `/api/job/request_upload_url?v=1&job_id=${job}&filename=lecture.mp4`),
    );
    const media = await readFile("test/media/moov-first.mp4");
    const delivery = await during(async () => {
      await fetch(String(signing.result.body["upload_url"]), { method: "PUT", body: media });
      await local.stack.drain();
    });
    const status = await during(() => user("GET", `/api/job/delivery?v=1&job_id=${job}`));
    expect(status.result.body).toMatchObject({ State: "DELIVERED" });
    return { signing, delivery, status };
  };

  it("are those by which the costs are computed, and the README tells them", async () => {
    // The first one logs in, too.
    await upload();
    const { signing, delivery, status } = await upload();
    expect(signing.calls).toEqual(CALLS.signing);
    expect(delivery.calls).toEqual({ ...CALLS.delivery, PutObject: 1 });
    expect(status.calls).toEqual(CALLS.status);

    const { writes, reads } = ledgerCalls(GIB, readStage()).delivery;
    expect(reads).toBe(1);
    const says = new RegExp(`${writes} writes\\s+and\\s+one read`);
    expect(await readFile("README.md", "utf8")).toMatch(says);
    expect(await readFile("docs/costs.md", "utf8")).toMatch(says);

    // Lambda and the gateway add theirs.
    expect(signing.logged + delivery.logged + status.logged).toBeLessThan(LOG_BYTES_PER_UPLOAD / 2);
  });

  it("make an entry in the index of open rows, move it once, and remove it", async () => {
    await upload();
    updates.length = 0;
    await upload();
    const touched = updates.flatMap((body) => {
      const { UpdateExpression = "" } = JSON.parse(body) as { UpdateExpression?: string };
      const [, removed = ""] = UpdateExpression.split("REMOVE");
      return UpdateExpression.includes("#due_at") ? [removed.includes("#due_at") ? "removed" : "set"] : [];
    });
    expect(touched).toEqual(["set", "set", "removed"]);
    // Made, moved, which is two, and removed.
    expect(INDEX_WRITES.signing + INDEX_WRITES.delivery).toBe(1 + 2 + 1);
  });

  it("write a row that is one unit to write", async () => {
    await upload();
    const row = await local.row(local.cielo24.acceptances.at(-1)?.jobId ?? "");
    expect(JSON.stringify(row).length).toBeLessThan(1000);
  });
});
