import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { useFolder } from "../harness/folder.ts";
import { compile } from "../harness/installed-package.ts";
import { describeWith, findProgram, runProgram } from "../harness/programs.ts";
import { sha256 } from "../harness/sha256.ts";
import { useStack } from "../harness/stack.ts";
import { exampleEnvironment, installExamples, startBackend } from "./backend.ts";

const MIB = 1024 * 1024;
const LARGE = randomBytes(20 * MIB);
const SMALL = randomBytes(1_000);

const local = useStack();
const folder = useFolder();
beforeAll(async () => {
  await installExamples(folder.path, ["@types/node", "@uppy/core", "@uppy/dashboard", "@uppy/golden-retriever"]);
  await writeFile(folder.file("lecture.mp4"), LARGE);
  await writeFile(folder.file("small.mp4"), SMALL);
});

const run = async (program: string, ...args: readonly string[]): Promise<string> =>
  runProgram(program === "node" ? process.execPath : findProgram(program), args, {
    cwd: folder.path,
    env: await exampleEnvironment(local.stack),
  });

/** What cielo24 got for the job, by SHA-256. */
const arrivedFor = async (jobId: string): Promise<(string | undefined)[]> => {
  await local.stack.drain();
  return local.taken(jobId).map((each) => each.sha256);
};
const lastJob = () => local.cielo24.acceptances.at(-1)?.jobId ?? "";

it("has a test for each example", () => {
  const names = readdirSync("examples", { withFileTypes: true }).filter((entry) => entry.isDirectory());
  // The pages: `test/browser/examples.spec.ts`; the templates: `test/template/`.
  expect(names.map(({ name }) => name).sort()).toEqual(["aws", "browser", "browser-uppy", "curl", "node", "python"]);
});

describe("the examples in TypeScript", () => {
  const files = ["node/upload.ts", "node/backend.ts", "browser/page.ts", "browser-uppy/page.ts"];

  it.each(["node20", "nodenext", "preserve"])("compile in a strict application, for `module: %s`", async (module) => {
    const options = { module, types: ["node"], skipLibCheck: true, allowImportingTsExtensions: true };
    const complaints = await compile(
      folder.path,
      files.map((file) => `examples/${file}`),
      options,
    );
    expect(complaints).toBe("");
  });
});

describe("a program in Node", () => {
  it("makes a job at cielo24, and uploads a file", async () => {
    const printed = await run("node", "examples/node/upload.ts", "lecture.mp4");
    expect(printed).toContain("uploaded 100 %");
    expect(printed).toContain(`"jobId":"${lastJob()}"`);
    expect(await arrivedFor(lastJob())).toEqual([sha256(LARGE)]);
  });

  it("uploads a file for a job that exists", async () => {
    const jobId = local.newJob();
    await run("node", "examples/node/upload.ts", "small.mp4", jobId);
    expect(await arrivedFor(jobId)).toEqual([sha256(SMALL)]);
  });

  it("says what to do where the job has its media", async () => {
    const jobId = local.newJob();
    await run("node", "examples/node/upload.ts", "small.mp4", jobId);
    await expect(run("node", "examples/node/upload.ts", "small.mp4", jobId)).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/media|job/) as unknown,
    });
  });
});

describe("a backend in Node", () => {
  let backend: Awaited<ReturnType<typeof startBackend>>;
  beforeAll(async () => {
    backend = await startBackend(local.stack, folder.path, folder.file("examples/browser"));
  });
  afterAll(async () => {
    expect(await backend.close()).toBe("");
  });
  const ask = async (method: string, path: string): Promise<Record<string, unknown>> =>
    (await (await fetch(new URL(path, backend.url), { method })).json()) as Record<string, unknown>;

  it("makes a job for a page, which uploads with its user's token", async () => {
    const { jobId } = await ask("POST", "/jobs?name=lecture.mp4");
    expect(local.cielo24.jobs.get(jobId as string)).toMatchObject({ name: "lecture.mp4" });
    expect(await ask("GET", "/session")).toMatchObject({ apiUrl: local.stack.apiUrl });
  });

  it("signs an upload for a page without a token, and tells how the delivery goes", async () => {
    const signed = await ask("POST", `/uploads?name=small.mp4&size=${SMALL.byteLength}`);
    const { jobId, url, headers } = signed as { jobId: string; url: string; headers: Record<string, string> };
    const stored = await fetch(url, { method: "PUT", headers, body: SMALL });
    expect(stored.status).toBe(200);
    expect(await arrivedFor(jobId)).toEqual([sha256(SMALL)]);
    expect(await ask("GET", `/uploads?job=${jobId}`)).toMatchObject({ state: "DELIVERED" });
  });

  it("serves its page, and nothing else of its folder", async () => {
    expect((await fetch(backend.url)).headers.get("content-type")).toBe("text/html");
    for (const path of ["/README.md", "/page.ts", "/%2e%2e/package.json"])
      expect((await fetch(new URL(path, backend.url))).status).toBe(404);
  });

  it("passes on what is wrong, in words", async () => {
    expect(await ask("GET", "/uploads?job=lecture")).toEqual({
      message: expect.stringContaining("32 hex characters") as unknown,
    });
  });
});

describeWith("python3")("a program in Python", () => {
  it("uploads a file in parts", async () => {
    const jobId = local.newJob();
    const printed = await run("python3", "examples/python/upload.py", "lecture.mp4", jobId);
    expect(printed).toMatch(/"State": "DELIVERED"/);
    expect(await arrivedFor(jobId)).toEqual([sha256(LARGE)]);
    const parts = local.stack.s3.requests.filter(
      ({ operation, key }) => operation === "UploadPart" && key.includes(jobId),
    );
    expect(parts).toHaveLength(3);
  });

  it("sends a part again that the store could not take", async () => {
    const jobId = local.newJob();
    local.stack.s3.faults.add({ operation: "UploadPart", kind: "slowDown", times: 1 });
    expect(await run("python3", "examples/python/upload.py", "lecture.mp4", jobId)).toContain("trying again");
    expect(await arrivedFor(jobId)).toEqual([sha256(LARGE)]);
  });

  it("says what is wrong", async () => {
    const unknown = "0".repeat(32);
    await expect(run("python3", "examples/python/upload.py", "small.mp4", unknown)).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^small\.mp4: 404: No such job/) as unknown,
    });
  });
});

describeWith("curl")("a shell script with curl", () => {
  it("uploads a file", async () => {
    const jobId = local.newJob();
    const printed = await run("bash", "examples/curl/upload.sh", "small.mp4", jobId);
    expect(printed).toMatch(/"State":"DELIVERED"/);
    expect(await arrivedFor(jobId)).toEqual([sha256(SMALL)]);
  });

  it("says what is wrong", async () => {
    await expect(run("bash", "examples/curl/upload.sh", "small.mp4", "0".repeat(32))).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining("ITEM_NOT_FOUND") as unknown,
    });
  });
});
