import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { Page } from "playwright-core";
import { until } from "../harness/until.ts";
import { startApplication } from "./application.ts";
import { useFileOnDisk } from "./file-on-disk.ts";
import { count, holdPart, requestsFor } from "./store.ts";
import { useUploadPage } from "./upload-page.ts";

const MIB = 1024 * 1024;
/** 64 MiB in parts of 8 MiB. */
const PARTS = 8;
const CONNECTIONS = 6;

/** What Uppy has of its first file. */
interface FileState {
  readonly id: string;
  readonly error?: string | null;
  readonly progress: {
    readonly percentage: number;
    readonly bytesUploaded: number;
    readonly bytesTotal: number;
    readonly uploadStarted: number;
    readonly uploadComplete: boolean;
  };
}
const LARGE = "uppy.getFiles().find(({ name }) => name === 'conference.mp4')";

describe.each([
  ["Uppy 5", "older-uppy/5/plugin.ts"],
  ["Uppy 6", "uppy-6/plugin.ts"],
])("%s with the plugin", (_version, entry) => {
  const local = useUploadPage();
  const small = useFileOnDisk("lecture one.mp4", MIB);
  const large = useFileOnDisk("conference.mp4", 64 * MIB);
  const second = useFileOnDisk("panel.mp4", 64 * MIB);
  let application: Awaited<ReturnType<typeof startApplication>>;
  let jobId: string;

  const addJob = () => local.opened.stack.cielo24?.addJob() ?? "";
  beforeEach(async () => {
    jobId = addJob();
    application = await startApplication(local.opened.stack, entry);
    await local.opened.page.goto(`${application.url}/#${jobId}`);
    await seesState("ready");
  });
  afterEach(() => application.close());

  const seesState = (text: string | RegExp) => local.opened.page.locator("#state").filter({ hasText: text }).waitFor();
  const choose = (path: string) => local.opened.page.locator("#file").setInputFiles(path);
  /** Chooses another file, for another job. @returns the job's id */
  const chooseAlso = async (path: string): Promise<string> => {
    const other = addJob();
    await local.opened.page.evaluate(`location.hash = "${other}"`);
    await choose(path);
    return other;
  };
  const press = (name: string) => local.opened.page.getByRole("button", { name }).click();
  const requests = (job = jobId) => requestsFor(local.opened.stack, job);
  const largeFile = (page: Page) => page.evaluate<FileState>(LARGE);
  /** @returns the TaskId that the page was told */
  const taskId = async (): Promise<string> => {
    const task = local.opened.page.locator("#task").filter({ hasText: /^[0-9a-f]{32}$/ });
    await task.waitFor();
    return (await task.textContent()) ?? "";
  };
  const expectOneUpload = () => {
    const { cielo24 } = local.opened.stack;
    expect(count(requests(), "CreateMultipartUpload 200")).toBe(1);
    expect(count(requests(), "UploadPart 200")).toBe(PARTS);
    expect(count(requests(), "CompleteMultipartUpload 200")).toBe(1);
    expect(cielo24?.acceptances.filter((each) => each.jobId === jobId)).toMatchObject([{ sizeBytes: 64 * MIB }]);
  };

  it("takes a small file to cielo24 with one PUT, and tells its TaskId", async () => {
    await choose(small.path);
    const told = await taskId();
    expect(requests()).toEqual(["PutObject 200"]);
    expect(local.opened.stack.cielo24?.acceptances).toMatchObject([{ jobId, taskId: told, sizeBytes: MIB }]);
  });

  it("sends parts in parallel, and tells Uppy how far they are", async () => {
    const { page } = local.opened;
    const { held } = await holdPart(page);
    await choose(large.path);
    const part = await held;
    await until(() => count(requests(), "UploadPart 200") === PARTS - 1);
    const { progress } = await until(async () => {
      const file = await largeFile(page);
      return file.progress.bytesUploaded >= 56 * MIB && file;
    });
    expect(progress).toMatchObject({ bytesTotal: 64 * MIB, uploadComplete: false });
    expect(progress.uploadStarted).toBeGreaterThan(0);
    expect(progress.percentage).toBe(Math.round((progress.bytesUploaded / (64 * MIB)) * 100));
    await part.continue();
    await taskId();
    expect((await largeFile(page)).progress).toMatchObject({ percentage: 100, uploadComplete: true });
    expectOneUpload();
  });

  it.each([
    ["all files", "uppy.pauseAll()", "uppy.resumeAll()"],
    ["one file", `uppy.pauseResume(${LARGE}.id)`, `uppy.pauseResume(${LARGE}.id)`],
  ])("pauses %s, and goes on without sending a part twice", async (_which, pause, resume) => {
    const { page } = local.opened;
    const { held } = await holdPart(page);
    await choose(large.path);
    await held;
    await until(() => count(requests(), "UploadPart 200") === PARTS - 1);
    await page.evaluate(pause);
    await page.evaluate(resume);
    await taskId();
    expectOneUpload();
  });

  it("takes others next to a large file, in batches of their own, over six connections in all", async () => {
    const { page, stack } = local.opened;
    let open = 0;
    let most = 0;
    const isPut = (request: { method: () => string; url: () => string }) =>
      request.method() === "PUT" && request.url().startsWith(stack.s3.url);
    page.on("request", (request) => {
      if (isPut(request)) most = Math.max(most, (open += 1));
    });
    for (const end of ["requestfinished", "requestfailed"] as const)
      page.on(end as "requestfinished", (request) => {
        if (isPut(request)) open -= 1;
      });
    const { held } = await holdPart(page);
    await choose(large.path);
    const part = await held;
    const smallJob = await chooseAlso(small.path);
    const smallTask = await taskId();
    expect(stack.cielo24?.acceptances.at(-1)).toMatchObject({ jobId: smallJob, taskId: smallTask });
    const secondJob = await chooseAlso(second.path);
    await page.locator("#task").filter({ hasNotText: smallTask }).waitFor();
    const secondTask = await taskId();
    expect(stack.cielo24?.acceptances.at(-1)).toMatchObject({ jobId: secondJob, taskId: secondTask });
    expect((await largeFile(page)).progress.uploadComplete).toBe(false);
    await part.continue();
    await page.locator("#task").filter({ hasNotText: secondTask }).waitFor();
    expect(most).toBeLessThanOrEqual(CONNECTIONS);
    expectOneUpload();
  });

  it("cancels, and leaves no parts behind", async () => {
    const { page } = local.opened;
    const { held } = await holdPart(page);
    await choose(large.path);
    await held;
    const aborted = page.waitForResponse((response) => response.request().method() === "DELETE");
    await press("Cancel");
    expect((await aborted).status()).toBe(204);
    await until(() => requests().includes("AbortMultipartUpload 204"));
  });

  it("removes one file and its parts while the other goes on", async () => {
    const { page, stack } = local.opened;
    const { held } = await holdPart(page);
    await choose(large.path);
    await held;
    await page.evaluate(`uppy.removeFile(${LARGE}.id)`);
    const smallJob = await chooseAlso(small.path);
    await taskId();
    await until(() => requests().includes("AbortMultipartUpload 204"));
    expect(stack.cielo24?.acceptances.at(-1)).toMatchObject({ jobId: smallJob });
  });

  it("tells what went wrong, and takes the file once it is retried, for the right job", async () => {
    const { page, stack } = local.opened;
    await page.evaluate(`location.hash = "${"0".repeat(32)}"`);
    await choose(small.path);
    await seesState(/No such job/i);
    const rightJob = addJob();
    await page.evaluate(`{
      const [{ id }] = uppy.getFiles();
      uppy.setFileMeta(id, { job_id: "${rightJob}" });
      void uppy.retryUpload(id);
    }`);
    const told = await taskId();
    expect(stack.cielo24?.acceptances.at(-1)).toMatchObject({ jobId: rightJob, taskId: told });
  });

  it("has parts signed again whose URLs expired on the way", async () => {
    const { page, stack } = local.opened;
    const { held } = await holdPart(page);
    await choose(large.path);
    const part = await held;
    stack.advanceTime(2 * 3_600_000);
    await part.continue();
    await taskId();
    expect(count(requests(), "UploadPart 403")).toBeGreaterThan(0);
    expectOneUpload();
  });
});
