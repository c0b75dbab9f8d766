import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { DeleteCommand, DynamoDBDocumentClient, PutCommand, ScanCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { TABLE_KEYS } from "../../dev/stack/table.ts";
import { build as buildDeliverMedia } from "../../functions/deliver-media/handler.ts";
import type { Build } from "../../dev/stack/lambda.ts";
import { createDynamoOwners } from "../../lib/delivery/aws/table.ts";
import { hashOwner } from "../../lib/delivery/owner.ts";
import { readDeliverySettings } from "../../lib/delivery/settings.ts";
import { fillIn, type Places } from "../../scripts/restore/fill-in.ts";
import { sendAs } from "../harness/api.ts";
import { HOUR_MS, MINUTE_MS, useDrops } from "../harness/drops.ts";
import { useFolder } from "../harness/folder.ts";

/**
 * docs/restoring.md, carried out: the table is lost, and a copy of an hour ago is all that there is. The judge is cielo24,
 * which takes media as often as it is sent, and shows it in job/info as late as the protocol allows.
 */

const INVOCATION_MS = 15 * MINUTE_MS;
const JOB_INFO_LAG_MS = 29 * MINUTE_MS;
/** Until what was unknown is settled, hand-overs included, and what is left was sent. */
const HOURS = 18;
const REFUSAL = JSON.stringify({ ErrorType: "INVALID_OPTION", ErrorComment: "No." });
const POST = "POST job/add_media";

describe("a table that is restored from a copy of an hour ago", () => {
  let isStopped = false;
  const folder = useFolder();
  const local = useDrops({
    enforceOneMedia: false,
    jobInfoLagMs: () => JOB_INFO_LAG_MS,
    env: { PREFLIGHT: "off" },
    functions: {
      "deliver-media": (runtime) => {
        const handle = buildDeliverMedia(runtime) as ReturnType<Build>;
        return (event, context) => {
          if (isStopped) throw new Error("The stage is stopped");
          return handle(event, context);
        };
      },
    },
  });
  const asAdmin = sendAs(local, { sub: "root", scope: "admin" });
  const asOwner = sendAs(local, { sub: "somebody" });

  let places: Places;
  let documents: DynamoDBDocumentClient;
  beforeAll(() => {
    const { env, tableName, bucketName, queueUrl, s3ClientConfig } = local.stack;
    const common = { region: "us-east-1", credentials: { accessKeyId: "local", secretAccessKey: "local" } };
    const endpoint = env["AWS_ENDPOINT_URL_DYNAMODB"] ?? "";
    places = {
      dynamoDb: new DynamoDBClient({ ...common, endpoint }),
      s3: new S3Client(s3ClientConfig),
      sqs: new SQSClient({ ...common, endpoint: new URL(queueUrl).origin }),
      tableName,
      copyName: "restored-0",
      bucketName,
      queueUrl,
    };
    documents = DynamoDBDocumentClient.from(places.dynamoDb);
  });
  afterAll(() => {
    for (const client of [places.dynamoDb, places.s3, places.sqs]) client.destroy();
  });

  const scan = async (TableName: string) => (await documents.send(new ScanCommand({ TableName }))).Items ?? [];
  let copies = 0;
  /** What a point-in-time recovery of this moment gives: another table. */
  const copyTable = async (): Promise<string> => {
    const TableName = `restored-${(copies += 1)}`;
    await places.dynamoDb.send(new CreateTableCommand({ TableName, ...TABLE_KEYS }));
    for (const Item of await scan(places.tableName)) await documents.send(new PutCommand({ TableName, Item }));
    return TableName;
  };
  const emptyTable = async () => {
    for (const { job_id } of await scan(places.tableName))
      await documents.send(new DeleteCommand({ TableName: places.tableName, Key: { job_id: job_id as string } }));
  };
  beforeEach(async () => {
    isStopped = false;
    await emptyTable();
  });

  const signAndPut = async (job: string, isPut: boolean) => {
    const { body } = await asOwner("GET", `/api/job/request_upload_url?v=1&job_id=${job}&filename=a.mp4`);
    const put = async () => {
      await fetch(String(body["upload_url"]), { method: "PUT", body: Buffer.alloc(1_000, 1) });
    };
    if (isPut) await put();
    return put;
  };
  const goAway = (jobId: string) => {
    local.cielo24.faults.add({ action: "*", jobId, kind: "away", times: 1_000_000 });
  };

  /** Jobs in all kinds of states, of which a copy is made; and what happens in the hour after that. */
  const liveThroughAnHour = async () => {
    const jobs = {
      deliveredBefore: local.newJob(),
      waitedAndWasDelivered: local.newJob(),
      signedAndWasDelivered: local.newJob(),
      rejectedAndOtherMediaWasDelivered: local.newJob(),
      answerLostAndFound: local.newJob(),
      cameAndWasDelivered: local.newJob(),
      waitsStill: local.newJob(),
      cameAndWaits: local.newJob(),
    };
    await local.drop(jobs.deliveredBefore);
    goAway(jobs.waitedAndWasDelivered);
    await local.drop(jobs.waitedAndWasDelivered);
    const put = await signAndPut(jobs.signedAndWasDelivered, false);
    local.cielo24.faults.add({
      action: POST,
      jobId: jobs.rejectedAndOtherMediaWasDelivered,
      kind: "answer",
      status: 400,
      body: REFUSAL,
    });
    await local.drop(jobs.rejectedAndOtherMediaWasDelivered, undefined, "refused.mp4");
    local.cielo24.faults.add({ action: POST, jobId: jobs.answerLostAndFound, kind: "resetAfterBody", accepts: true });
    await local.drop(jobs.answerLostAndFound);
    goAway(jobs.waitsStill);
    await local.drop(jobs.waitsStill);
    await local.stack.drain();
    const copyName = await copyTable();

    local.cielo24.faults.clear();
    goAway(jobs.waitsStill);
    goAway(jobs.cameAndWaits);
    await local.drop(jobs.cameAndWasDelivered);
    await local.drop(jobs.cameAndWaits);
    await put();
    await local.drop(jobs.rejectedAndOtherMediaWasDelivered, undefined, "taken.mp4");
    await local.stack.drain();
    // Not so long that job/info shows all that was sent.
    await local.passWhole(HOUR_MS / 3);
    expect(local.taken(jobs.waitedAndWasDelivered)).toHaveLength(1);
    return { jobs, copyName };
  };

  /** Nobody works from here on; whoever still did has ended by the end of it. */
  const stop = async () => {
    isStopped = true;
    const stoppedAt = local.stack.runtime.clock();
    await local.stack.drain();
    return stoppedAt;
  };
  const start = async () => {
    isStopped = false;
    local.cielo24.faults.clear();
    for (let hours = 0; hours < HOURS; hours += 1) {
      await local.passWhole(HOUR_MS);
      await local.stack.runCensus();
      await local.stack.drain();
    }
  };
  const settings = () => readDeliverySettings(local.stack.env);

  it("fault 72: is filled in so that nothing is sent twice, and nothing is lost", async () => {
    const { jobs, copyName } = await liveThroughAnHour();
    const stoppedAt = await stop();
    await emptyTable();
    local.stack.advanceTime(INVOCATION_MS);
    const now = local.stack.runtime.clock();
    const filled = await fillIn({ ...places, copyName }, { stoppedAt, now, settings: settings() }, true);
    expect(filled).toEqual({ putBack: 1, doubted: 7, owners: 1, otherOwners: [] });
    // Once more does no harm.
    const again = await fillIn({ ...places, copyName }, { stoppedAt, now, settings: settings() }, true);
    expect(again).toEqual({ putBack: 0, doubted: 0, owners: 0, otherOwners: [] });

    await start();
    for (const [name, job] of Object.entries(jobs)) {
      expect([name, local.taken(job).length]).toEqual([name, 1]);
      expect([name, (await local.row(job))?.state]).toEqual([name, "DELIVERED"]);
    }
    expect(local.waiting()).toEqual([]);
  });

  it("would bring second media if it took the lost one's place as it is: the procedure is needed", async () => {
    const { jobs, copyName } = await liveThroughAnHour();
    await stop();
    await emptyTable();
    for (const Item of await scan(copyName))
      await documents.send(new PutCommand({ TableName: places.tableName, Item }));
    isStopped = false;
    local.cielo24.faults.clear();
    // As the census does.
    local.send({ reconcile: jobs.waitedAndWasDelivered });
    await local.stack.drain();
    expect(local.taken(jobs.waitedAndWasDelivered)).toHaveLength(2);
  });

  it("says what it would do, and then does it, as its user runs it", async () => {
    const job = local.newJob();
    goAway(job);
    await local.drop(job);
    await local.stack.drain();
    const copyName = await copyTable();
    await stop();
    await emptyTable();
    await writeFile(folder.file("env.json"), JSON.stringify(local.stack.env));
    const run = (...more: string[]) =>
      new Promise<{ code: number; text: string }>((resolve) => {
        const { operator } = local.stack;
        const env = {
          ...process.env,
          AWS_REGION: "us-east-1",
          AWS_ACCESS_KEY_ID: operator.accessKeyId,
          AWS_SECRET_ACCESS_KEY: operator.secretAccessKey,
        };
        const options = ["--environment", folder.file("env.json"), "--copy", copyName, ...more];
        const child = execFile(
          process.execPath,
          ["scripts/restore.ts", ...options],
          { env },
          (_error, stdout, stderr) => {
            resolve({ code: child.exitCode ?? -1, text: stdout + stderr });
          },
        );
      });
    const anHourAgo = new Date(Date.now() - HOUR_MS).toISOString();
    expect(await run("--stopped-at", new Date().toISOString())).toEqual({
      code: 1,
      text: "Workers may still run: begin again in 15 minutes.\n",
    });
    expect(await run("--stopped-at", anHourAgo)).toMatchObject({
      code: 0,
      text: expect.stringMatching(/[1-9]\d* jobs would be marked/),
    });
    expect(await local.row(job)).toBeUndefined();
    expect(await run("--stopped-at", anHourAgo, "--write")).toMatchObject({
      code: 0,
      text: expect.stringMatching(/[1-9]\d* jobs marked/),
    });
    expect(await local.row(job)).toMatchObject({ state: "FINALIZING", everUnknown: true });
  });

  it("takes a hash of the copy's owner for the same owner: who was forgotten since stays so", async () => {
    const [forgotten, given] = [local.newJob(), local.newJob()];
    for (const job of [forgotten, given]) await signAndPut(job, false);
    const copyName = await copyTable();
    const owners = createDynamoOwners({ client: places.dynamoDb, tableName: places.tableName });
    const hash = hashOwner(forgotten, "somebody");
    await owners.changeOwner(forgotten, { from: "somebody", to: hash });
    await owners.changeOwner(given, { from: "somebody", to: "somebody else" });
    const stoppedAt = await stop();
    local.stack.advanceTime(INVOCATION_MS);
    const now = local.stack.runtime.clock();
    const filled = await fillIn({ ...places, copyName }, { stoppedAt, now, settings: settings() }, true);
    expect(filled).toMatchObject({ owners: 0, otherOwners: [given] });
    expect(await owners.ownerOf(forgotten)).toBe(hash);
  });

  it("keeps what came in since the loss, except where the copy has the fact that the media was delivered", async () => {
    const [delivered, other] = [local.newJob(), local.newJob()];
    await local.drop(delivered);
    await local.stack.drain();
    const row = await local.row(delivered);
    const copyName = await copyTable();
    await emptyTable();
    const found = { state: "REJECTED", fence: 1, updatedAt: local.stack.runtime.clock() } as const;
    for (const job of [delivered, other]) await local.stack.ledger.write(job, { if: { state: ["none"] }, set: found });
    await asAdmin("GET", `/api/job/delivery?v=1&job_id=${delivered}`);
    const stoppedAt = await stop();
    local.stack.advanceTime(INVOCATION_MS);
    const now = local.stack.runtime.clock();
    await fillIn({ ...places, copyName }, { stoppedAt, now, settings: settings() }, true);
    expect(await local.row(delivered)).toEqual(row);
    expect(await local.row(other)).toMatchObject(found);
  });
});
