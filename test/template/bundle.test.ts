import { PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStarter, type StartedFunction } from "../../bench/start/start-function.ts";
import type { Build } from "../../dev/stack/lambda.ts";
import { buildFunctions, type BuiltFunction } from "../../scripts/package/build.ts";
import { zipBudgetKiB } from "../../scripts/package/zip-budget.ts";
import { sendAs, sendWith } from "../harness/api.ts";
import { handOver } from "../harness/handed-over.ts";
import { sha256 } from "../harness/sha256.ts";
import { useStack } from "../harness/stack.ts";
import { FOLDERS } from "./environment.ts";
import { unzip } from "../harness/unzip.ts";

const NAMES = Object.values(FOLDERS);
const SESSION_TOKEN = "session-of-the-function";

let folder: string;
let built: readonly BuiltFunction[];
let start: Awaited<ReturnType<typeof createStarter>>;
const started: (StartedFunction & { readonly name: string })[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bundle-"));
  built = await buildFunctions("functions", folder);
  start = await createStarter();
  for (const name of NAMES) {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, "handler.js"), unzip(await readFile(join(folder, `${name}.zip`))));
  }
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** The packaged function, called as Lambda calls it: each time by the `handler` of a new process, on its environment. */
const packaged =
  (name: string): Build =>
  ({ env, writeLine }) =>
  async (event) => {
    const call = await start({
      file: join(folder, name, "handler.js"),
      event,
      env: { ...env, AWS_SESSION_TOKEN: SESSION_TOKEN },
    });
    started.push({ name, ...call });
    call.lines.forEach(writeLine);
    if (call.error !== undefined) throw new Error(call.error);
    return call.result;
  };

describe("the packaged functions", () => {
  const local = useStack({ functions: Object.fromEntries(NAMES.map((name) => [name, packaged(name)])) });
  const alice = sendAs(local, { sub: "alice" });

  it("take an upload from its signature to its delivery, and say so", async () => {
    const job = local.newJob();
    const signed = await alice("GET", `/api/job/request_upload_url?v=1&job_id=${job}`);
    expect(signed.status).toBe(200);
    const url = new URL(String(signed.body["upload_url"]));
    expect(url.searchParams.get("X-Amz-Security-Token")).toBe(SESSION_TOKEN);
    const bytes = await readFile("test/media/silent.webm");
    expect((await fetch(url, { method: "PUT", body: bytes })).status).toBe(200);
    await local.stack.drain();
    expect(local.taken(job)).toMatchObject([{ sha256: sha256(bytes) }]);
    expect(local.stack.events).toMatchObject([{ detailType: "Media Delivered", detail: { JobId: job } }]);
    const status = await alice("GET", `/api/job/delivery?v=1&job_id=${job}`);
    expect(status).toMatchObject({ status: 200, body: { State: "DELIVERED", Container: "WebM" } });
  });

  it("take media as the body of a request", async () => {
    const job = local.newJob();
    const body = await readFile("test/media/xing.mp3");
    const added = await alice("POST", `/api/job/add_media?v=1&job_id=${job}`, { body });
    expect(added.status).toBe(200);
    expect(local.taken(job)).toMatchObject([{ sha256: sha256(body), taskId: added.body["TaskId"] }]);
  });

  it("update metadata", async () => {
    const target = `/api/job/update_metadata?v=1&job_id=${local.newJob()}&reference_id=a&requestor_id=b`;
    expect((await alice("POST", target)).status).toBe(200);
  });

  it("show what was handed over", async () => {
    const { stack, s3 } = local;
    const job = local.newJob();
    const key = "handed-over/talk.mp4";
    const stored = await s3.send(new PutObjectCommand({ Bucket: stack.bucketName, Key: key, Body: "some media" }));
    const capability = "c4fe1b7d02a95836e0b1d7a4f3926c58";
    await handOver(stack, job, { key, versionId: stored.VersionId ?? "null", capability, lifetimeMs: 3_600_000 });
    const url = `${stack.apiUrl}/media/${job}.${capability}/talk.mp4`;
    expect((await fetch(url, { method: "HEAD" })).headers.get("content-length")).toBe("10");
    expect(await (await fetch(url)).text()).toBe("some media");
  });

  it("count what is in the bucket", async () => {
    expect(await local.stack.runCensus()).toMatchObject({ objects: 1 });
  });

  it("say that they are there", async () => {
    expect((await sendWith(local, {})("GET", "/health")).status).toBe(200);
  });

  it("have all been called, and none has loaded undici", () => {
    expect(new Set(started.map(({ name }) => name))).toEqual(new Set<string>(NAMES));
    expect(started.filter(({ hasUndici }) => hasUndici).map(({ name }) => name)).toEqual([]);
  });

  it("name the credentials if Lambda gives none", async () => {
    const env = { ...local.stack.env, AWS_ACCESS_KEY_ID: undefined };
    const { error } = await start({ file: join(folder, "census", "handler.js"), env });
    expect(error).toBe("ConfigError: Environment variable AWS_ACCESS_KEY_ID is not set.");
  });
});

describe("the zips", () => {
  it.each(NAMES)("keep to the budget: %s", (name) => {
    const { zipBytes = Infinity } = built.find((each) => each.name === name) ?? {};
    expect(zipBytes / 1024).toBeLessThanOrEqual(zipBudgetKiB(name));
  });
});
