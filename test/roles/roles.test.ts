import { DeleteObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { beforeAll, describe, expect, it } from "@jest/globals";
import { fork } from "node:child_process";
import { once } from "node:events";
import type { FunctionCall } from "../../dev/stack/function-calls.ts";
import { sendAs } from "../harness/api.ts";
import { HOUR_MS, useDrops } from "../harness/drops.ts";
import { STAGES, type Stage } from "../template/check.ts";
import { at, namesOf, type Template } from "../template/cloudformation.ts";
import { FOLDERS } from "../template/environment.ts";
import { grantsOf } from "../template/grants.ts";
import { packageStages } from "../template/packaged.ts";
import { findMissing, findSuperfluous } from "./compare.ts";
import { needsOf, type Need } from "./needs.ts";

/**
 * Runs the demo's tour and what it leaves out, notes every call to AWS that a function signs, and compares them with the
 * roles in the packaged template. Of the rights in the roles, only those of Lambda itself (`ofLambda`) are not measured.
 */
const calls: FunctionCall[] = [];
const onFunctionCall = (call: FunctionCall) => {
  calls.push(call);
};

const JSON_TYPE = { "content-type": "application/json" };

describe("the demo's tour", () => {
  it("is noted", async () => {
    const demo = fork(new URL("../../dev/demo.ts", import.meta.url), { silent: true });
    demo.on("message", (call) => {
      onFunctionCall(call as FunctionCall);
    });
    const [code] = (await once(demo, "close")) as [number];
    expect(code).toBe(0);
    expect(new Set(calls.map(({ by }) => by))).toContain("delivery-status");
  }, 180_000);
});

describe("what the tour leaves out", () => {
  const local = useDrops({ onFunctionCall });
  const user = sendAs(local, { sub: "alice" });

  it("an upload in parts that is listed and given up", async () => {
    const job = local.newJob();
    const sign = async (parameters: object) => {
      const body = JSON.stringify({ job_id: job, ...parameters });
      return (await user("POST", "/api/job/sign_upload", { headers: JSON_TYPE, body })).body;
    };
    const { url, key } = await sign({ method: "POST", filename: "a.mp4" });
    const created = await (await fetch(String(url), { method: "POST" })).text();
    const upload = { key, upload_id: /<UploadId>(.+)<\/UploadId>/.exec(created)?.[1] };
    for (const [method, status] of [
      ["GET", 200],
      ["DELETE", 204],
    ] as const) {
      const signed = await sign({ ...upload, method });
      expect((await fetch(String(signed["url"]), { method })).status).toBe(status);
    }
  });

  it("an upload that its owner cancels", async () => {
    const job = local.newJob();
    await user("POST", "/api/job/sign_upload", {
      headers: JSON_TYPE,
      body: JSON.stringify({ v: 1, job_id: job, method: "PUT", filename: "a.mp4" }),
    });
    expect((await user("DELETE", `/api/job/delivery?v=1&job_id=${job}`)).body).toMatchObject({ State: "REJECTED" });
  });

  it("media by a call whose response is lost, and the message that settles it", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: "POST job/add_media", jobId: job, kind: "resetAfterBody", accepts: true });
    await user("POST", `/api/job/add_media?v=1&job_id=${job}`, {
      body: Buffer.from("00000018667479706d703432ffd8", "hex"),
    });
    await local.finish(80);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED" });
  });

  it("media by a call that is refused, which the caller's function announces", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({
      action: "POST job/add_media",
      jobId: job,
      kind: "answer",
      status: 400,
      body: JSON.stringify({ ErrorType: "INVALID_OPTION", ErrorComment: "No." }),
    });
    await user("POST", `/api/job/add_media?v=1&job_id=${job}`, {
      body: Buffer.from("00000018667479706d703432ffd8", "hex"),
    });
    await local.finish(80);
  });

  it("an object that is gone, with and without a delete marker", async () => {
    const [gone, marked] = [local.place(local.newJob()), local.place(local.newJob())];
    const remove = (Key: string, VersionId?: string) =>
      local.s3.send(new DeleteObjectCommand({ Bucket: local.stack.bucketName, Key, VersionId }));
    await remove(gone.key, gone.versionId);
    await remove(marked.key);
    local.send(local.event(gone));
    local.send(local.event(marked));
    await local.stack.drain();
    expect(local.events().map(({ detailType }) => detailType)).toContain("Media Rejected");
  });

  it("a drop that waits for cielo24, of the queue and replayed by hand", async () => {
    const [job, replayed] = [local.newJob(), local.newJob()];
    for (const jobId of [job, replayed])
      local.cielo24.faults.add({
        action: "POST job/add_media",
        jobId,
        kind: "answer",
        status: 503,
        body: "",
        times: 2,
      });
    await local.drop(job);
    await local.stack.invoke("deliver-media", local.event(local.place(replayed)));
    await local.finish(80);
    for (const each of [job, replayed]) expect(await local.row(each)).toMatchObject({ state: "DELIVERED" });
  });

  it("a conflict, a sidecar without media, a key that names no job, and a message that nobody can read", async () => {
    const [job, alone] = [local.newJob(), local.newJob()];
    await local.drop(job);
    await local.stack.drain();
    await local.drop(job, undefined, "other.mp4");
    await local.drop(alone, Buffer.from("1\n00:00:00,000 --> 00:00:02,000\nWelcome.\n"), "a.srt");
    await local.s3.send(new PutObjectCommand({ Bucket: local.stack.bucketName, Key: "media/a.mp4", Body: "x" }));
    local.send("{");
    await local.finish(80);
    expect(local.events().map(({ detailType }) => detailType)).toEqual(
      expect.arrayContaining(["Media Conflict", "Media Missing", "Media Quarantined"]),
    );
    expect(local.stack.deadLetterQueue.inspect().visible).toHaveLength(1);
  });

  it("a census that puts back what was never announced", async () => {
    const job = local.newJob();
    local.place(job);
    local.stack.advanceTime(HOUR_MS);
    expect(await local.stack.runCensus()).toMatchObject({ failed: 0 });
    await local.finish(80);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED" });
  });
});

describe("a hand-over", () => {
  const local = useDrops({ onFunctionCall, env: { DELIVERY_MODE: "url" } });

  it("is pulled, asked for its size, and asked for once more when its object is gone", async () => {
    const [job, gone] = [local.newJob(), local.newJob()];
    const { key, versionId } = await local.drop(gone);
    await local.drop(job);
    await local.stack.drain();
    const head = async (jobId: string) => {
      const { capability = "" } = (await local.row(jobId)) ?? {};
      return (await fetch(`${local.stack.apiUrl}/media/${jobId}.${capability}/a.mp4`, { method: "HEAD" })).status;
    };
    expect(await head(job)).toBe(200);
    await local.cielo24.settled();
    local.stack.s3.removeObject(local.stack.bucketName, key, versionId);
    expect(await head(gone)).toBe(404);
    await local.finish(80);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED" });
  });
});

/** What Lambda does with a function's role on its own: log, trace, and take messages. AWS Lambda Developer Guide. */
const ofLambda = (template: Template, name: keyof typeof FOLDERS): Need[] => {
  const need = (action: string, resource: string) => ({ by: FOLDERS[name], action, resource, operation: "Lambda" });
  const queues = namesOf(template, "AWS::Lambda::EventSourceMapping")
    .map((mapping) => at(template, `${mapping}.Properties`) as { FunctionName: unknown; EventSourceArn: unknown })
    .filter(({ FunctionName }) => JSON.stringify(FunctionName).includes(`"${name}LambdaFunction"`))
    .map(({ EventSourceArn }) => (EventSourceArn as { "Fn::GetAtt": [string, string] })["Fn::GetAtt"][0]);
  return [
    need("logs:CreateLogStream", `${name}LogGroup`),
    need("logs:PutLogEvents", `${name}LogGroup`),
    ...(at(template, `${name}LambdaFunction.Properties.TracingConfig.Mode`) === "Active"
      ? [need("xray:PutTraceSegments", "*"), need("xray:PutTelemetryRecords", "*")]
      : []),
    ...queues.flatMap((queue) =>
      ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"].map((action) => need(action, queue)),
    ),
  ];
};

const NAMES = Object.keys(FOLDERS) as (keyof typeof FOLDERS)[];

describe("the packaged roles", () => {
  let templates: Record<Stage, Template>;
  beforeAll(async () => {
    templates = await packageStages();
  });

  const compare = (stage: Stage, name: keyof typeof FOLDERS, change = (grants: string[]) => grants): string[] => {
    const by = FOLDERS[name];
    const needs = [...calls.filter((call) => call.by === by).flatMap(needsOf), ...ofLambda(templates[stage], name)];
    const grants = change(grantsOf(templates[stage], name));
    return [...findMissing(grants, needs), ...findSuperfluous(by, grants, needs)];
  };

  describe.each(STAGES)("of %s", (stage) => {
    it.each(NAMES)("threat 16: grant %s what its calls were seen to need, and nothing else", (name) => {
      expect(compare(stage, name)).toEqual([]);
    });
  });

  it.each(NAMES)("would be found wanting if any right of %s were left out, and too wide with one more", (name) => {
    for (const grant of grantsOf(templates.prod, name)) {
      const [action, on] = grant.split(" on ");
      const lacks = `lacks ${String(action)} on ${String(on).split(" ")[0]?.replace("/media/*", "") ?? ""}`;
      expect(compare("prod", name, (grants) => grants.filter((each) => each !== grant))).toEqual(
        expect.arrayContaining([expect.stringContaining(lacks)]),
      );
    }
    const more = "dynamodb:DeleteItem on DeliveryTable";
    expect(compare("prod", name, (grants) => [...grants, more])).toEqual([
      `The role of ${FOLDERS[name]} grants ${more}: no call of its own needed that`,
    ]);
  });
});
