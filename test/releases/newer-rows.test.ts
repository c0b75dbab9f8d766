import { UpdateItemCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterAll, describe, expect, it } from "@jest/globals";
import { SCHEMA_VERSION } from "../../lib/delivery/machine/row.ts";
import { sendAs } from "../harness/api.ts";
import { DAY_MS, HOUR_MS, useDrops } from "../harness/drops.ts";

/** A stage that was rolled back: rows of a release that this one does not know lie in its table. */

describe("a row of a newer release", () => {
  const local = useDrops();
  const asAdmin = sendAs(local, { sub: "root", scope: "admin" });
  let table: DynamoDBClient | undefined;
  afterAll(() => table?.destroy());

  /** What the newer release does to the row, and what the older one must not do. */
  const write = (jobId: string, state: string, schemaVersion: number) => {
    const { env, tableName } = local.stack;
    const endpoint = env["AWS_ENDPOINT_URL_DYNAMODB"] ?? "";
    const credentials = { accessKeyId: "local", secretAccessKey: "local" };
    table ??= new DynamoDBClient({ region: "us-east-1", endpoint, credentials });
    return table.send(
      new UpdateItemCommand({
        TableName: tableName,
        Key: { job_id: { S: jobId } },
        UpdateExpression: "SET #state = :state, #version = :version",
        ExpressionAttributeNames: { "#state": "state", "#version": "schemaVersion" },
        ExpressionAttributeValues: { ":state": { S: state }, ":version": { N: String(schemaVersion) } },
      }),
    );
  };

  it("fault 71: waits for days, and goes on with the release that knows it: nothing is sent twice or lost", async () => {
    const job = local.newJob();
    // cielo24 is down, so that the object waits; then the newer release takes it over.
    local.cielo24.faults.add({ action: "*", jobId: job, kind: "away", times: 1_000 });
    await local.drop(job);
    await local.stack.drain();
    local.cielo24.faults.clear();
    await write(job, "VERIFYING", SCHEMA_VERSION + 1);
    const before = await local.row(job);

    await local.passWhole(3 * DAY_MS);
    expect(local.posts(job)).toEqual([]);
    expect(await local.row(job)).toEqual(before);
    expect(local.reasons(job)).toContain("newerRow");
    expect(local.waiting()).toHaveLength(1);

    await write(job, "SENDING", SCHEMA_VERSION);
    await local.finish();
    expect(local.taken(job)).toHaveLength(1);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", schemaVersion: SCHEMA_VERSION });
  });

  it.each(["UPLOADING", "REJECTED", "SENDING", "VERIFYING"])(
    "in %s takes no upload, cancellation or call: 503, try again",
    async (state) => {
      const job = local.newJob();
      await local.stack.ledger.write(job, {
        if: { state: ["none"] },
        set: { state: "REJECTED", fence: 3, updatedAt: 1 },
      });
      await write(job, state, SCHEMA_VERSION + 1);
      const before = await local.row(job);
      const calls = [
        ["GET", `/api/job/request_upload_url?v=1&job_id=${job}&filename=a.mp4`],
        ["DELETE", `/api/job/delivery?v=1&job_id=${job}`],
        ["GET", `/api/job/add_media?v=1&job_id=${job}&media_url=https%3A%2F%2Fexample.org%2Fa.mp4`],
      ] as const;
      for (const [method, path] of calls)
        expect(await asAdmin(method, path)).toMatchObject({ status: 503, body: { ErrorType: "PROXY_UNAVAILABLE" } });
      expect(await local.row(job)).toEqual(before);
      expect(local.taken(job)).toEqual([]);
    },
  );

  it("is put back into the queue by the census, for the release that knows it", async () => {
    const job = local.newJob();
    const { key } = local.place(job);
    await local.stack.ledger.write(job, {
      if: { state: ["none"] },
      set: { state: "UPLOADING", fence: 1, updatedAt: 1 },
    });
    await write(job, "UPLOADING", SCHEMA_VERSION + 1);
    local.stack.advanceTime(HOUR_MS);
    const { findings } = await local.stack.runCensus();
    expect(findings).toContainEqual(expect.objectContaining({ jobId: job, object: expect.objectContaining({ key }) }));
    await local.stack.drain();
    expect(local.posts(job)).toEqual([]);
    expect(local.waiting()).not.toEqual([]);
  });
});
