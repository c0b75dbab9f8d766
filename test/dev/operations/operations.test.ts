import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { request } from "node:http";
import { createOperations, type Operations } from "../../../dev/operations/operations.ts";
import { startOperationsPage, type OperationsPage } from "../../../dev/operations/server.ts";
import { startStack, type Stack } from "../../../dev/stack.ts";
import type { Snapshot } from "../../../web/operations/snapshot.ts";

let operations: Operations;
let stack: Stack;
let page: OperationsPage;
beforeAll(async () => {
  operations = await createOperations({ clock: () => stack.runtime.clock() });
  stack = await startStack({ ...operations.hooks, env: { DROP_SETTLE_S: "0" } });
  page = await startOperationsPage(stack, operations);
});
afterAll(async () => {
  await page.close();
  await stack.close();
});

const look = async (jobId = ""): Promise<Snapshot> =>
  (await (await fetch(`${page.url}/snapshot?job=${jobId}`)).json()) as Snapshot;
const put = async (key: string, body: string) => {
  const client = new S3Client(stack.s3ClientConfig);
  await client.send(new PutObjectCommand({ Bucket: stack.bucketName, Key: key, Body: body }));
  client.destroy();
};

describe("what an operator sees of a stack", () => {
  it("is its jobs as the ledger has them, their lives, the metrics, and what they cost", async () => {
    const jobId = stack.cielo24?.addJob() ?? "";
    await put(`media/${jobId}/a.mp4`, "\0media");
    await stack.drain();
    const seen = await look(jobId);
    expect(seen.states).toMatchObject({ DELIVERED: 1 });
    expect(seen.ended).toMatchObject([{ jobId, name: "a.mp4", sizeBytes: 6 }]);
    expect(seen.ended[0]?.taskId).toBe((await stack.ledger.read(jobId))?.taskId);
    expect(seen.promise).toMatchObject({ inTime: 1, late: 0 });
    expect(seen.life?.lines.at(-1)).toMatchObject({ message: "delivery has ended", service: "deliver-media" });
    // Nobody has called the API.
    expect(seen.cost.lines.filter(({ dollars }) => dollars === 0).map(({ name }) => name)).toEqual(["the API"]);
  });

  it("costs nothing to look at", async () => {
    const before = (await look()).cost;
    expect((await look()).cost).toEqual(before);
  });

  it("counts a letter that nobody could read", async () => {
    stack.queue.send("no JSON");
    await stack.drain();
    expect((await look()).queue).toEqual({ messages: 0, deadLetters: 1 });
  });
});

it("shows nothing to another site under a name that leads to this machine", async () => {
  const status = await new Promise((resolve, reject) => {
    const call = request(`${page.url}/snapshot`, { headers: { host: "rebound.example" } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    call.on("error", reject).end();
  });
  expect(status).toBe(403);
});
