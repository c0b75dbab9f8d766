import { beforeEach, describe, expect, it } from "@jest/globals";
import type { Page, Route } from "playwright-core";
import { until } from "../harness/until.ts";
import { useFileOnDisk } from "./file-on-disk.ts";
import { chooseFiles, jobIdOf, pressUpload, rowOf, seesBadge, taskIdOf } from "./person.ts";
import { count, holdPart, holdPartThroughout, requestsFor } from "./store.ts";
import { openPage, untilKept, useUploadPage } from "./upload-page.ts";

const MIB = 1024 * 1024;
const NAME = "conference.mp4";
const PARTS = 8;

const local = useUploadPage();
const large = useFileOnDisk(NAME, 64 * MIB);

const cancelIn = (page: Page) => page.getByRole("button", { name: "Cancel", exact: true }).first().click();

describe("a file that is being uploaded in another tab", () => {
  /** The first tab uploads, with a part that is held back; the second one has restored the file. */
  let jobId: string;
  let letGo: () => Promise<void>;
  let second: Page;

  beforeEach(async () => {
    const { page, context, url } = local.opened;
    await chooseFiles(page, large.path);
    jobId = await jobIdOf(page, NAME);
    const part = await holdPartThroughout(page);
    ({ letGo } = part);
    await pressUpload(page);
    await part.held;
    // A part whose answer is still on its way when the tab is closed would rightly be sent again.
    await until(() => count(requestsFor(local.opened.stack, jobId), "UploadPart 200") === PARTS - 1);
    await untilKept(page);
    second = await context.newPage();
    await openPage(second, url);
    expect(await jobIdOf(second, NAME)).toBe(jobId);
  });
  const uploadInSecond = async () => {
    await pressUpload(second);
    await seesBadge(second, NAME, "In another tab");
  };

  /** Each part has arrived once, and cielo24 has the media once. */
  const expectOneUpload = () => {
    const { stack } = local.opened;
    const requests = requestsFor(stack, jobId);
    expect(count(requests, "CreateMultipartUpload 200")).toBe(1);
    expect(count(requests, "UploadPart 200")).toBe(PARTS);
    expect(count(requests, "CompleteMultipartUpload 200")).toBe(1);
    expect(stack.cielo24?.acceptances.filter((each) => each.jobId === jobId)).toMatchObject([{ sizeBytes: 64 * MIB }]);
  };

  it("is shown as such, and followed to its TaskId without being sent again", async () => {
    const { page, picture } = local.opened;
    await uploadInSecond();
    await second.getByText(/uploaded in another tab/).waitFor();
    await picture("two-tabs-1-first");
    await letGo();
    const taskId = await taskIdOf(page, NAME);
    expect(await taskIdOf(second, NAME)).toBe(taskId);
    await seesBadge(second, NAME, "Delivered");
    expect(await second.getByText(/upload failed|failed to upload/i).count()).toBe(0);
    expectOneUpload();
  });

  it("is shown as such before anything is pressed, and waits for the person once that tab is closed", async () => {
    await seesBadge(second, NAME, "In another tab");
    await local.opened.page.close();
    await seesBadge(second, NAME, "Paused");
    await pressUpload(second);
    await taskIdOf(second, NAME);
    expectOneUpload();
  });

  it("is shown with its delivery here once it is uploaded there, and no longer as a file to upload", async () => {
    await seesBadge(second, NAME, "In another tab");
    await letGo();
    const taskId = await taskIdOf(local.opened.page, NAME);
    expect(await taskIdOf(second, NAME)).toBe(taskId);
    expect(await second.locator(".medium").count()).toBe(1);
    expect(await second.getByRole("button", { name: /^Upload \+?\d+ files?$/ }).count()).toBe(0);
    expectOneUpload();
  });

  it("goes on here, from where it stopped, where the other tab is closed", async () => {
    await uploadInSecond();
    await local.opened.page.close();
    await taskIdOf(second, NAME);
    expectOneUpload();
  });

  it("is uploaded from here where it is cancelled there", async () => {
    const { page, stack } = local.opened;
    await uploadInSecond();
    await cancelIn(page);
    await taskIdOf(second, NAME);
    const requests = requestsFor(stack, jobId);
    expect(requests).toContain("AbortMultipartUpload 204");
    expect(count(requests, "CompleteMultipartUpload 200")).toBe(1);
  });

  it("is not begun here before its parts are deleted, where it is cancelled there", async () => {
    const { page } = local.opened;
    await uploadInSecond();
    let catchRoute: (route: Route) => void = () => undefined;
    const deleting = new Promise<Route>((resolve) => (catchRoute = resolve));
    await page.route(
      (url) => url.searchParams.get("x-id") === "AbortMultipartUpload",
      (route) => {
        if (route.request().method() === "DELETE") catchRoute(route);
        else void route.continue();
      },
    );
    let hasBegun = false;
    second.on("request", (request) => {
      if (request.method() !== "GET" && request.url().includes("uploadId=")) hasBegun = true;
    });
    await cancelIn(page);
    const route = await deleting;
    // Longer than the second tab would wait for what the first may have uploaded.
    await second.waitForTimeout(8_000);
    expect(hasBegun).toBe(false);
    await route.continue();
    await taskIdOf(second, NAME);
    expect(await second.getByText(/upload failed|failed to upload/i).count()).toBe(0);
  });

  it.each([
    ["cancelled", cancelIn],
    ["removed", (page: Page) => page.getByRole("button", { name: `Remove ${NAME}` }).click()],
  ])("goes on there where it is %s here", async (_how, leave) => {
    const { page, stack } = local.opened;
    await uploadInSecond();
    await leave(second);
    await rowOf(second, NAME).waitFor({ state: "detached" });
    await letGo();
    await taskIdOf(page, NAME);
    expect(count(requestsFor(stack, jobId), "AbortMultipartUpload 204")).toBe(0);
    expectOneUpload();
  });
});

describe("a file that two tabs have chosen for the same job", () => {
  it("is uploaded by one at a time, and taken once, also where the other one is closed halfway", async () => {
    const { page, context, stack, url } = local.opened;
    // Opened before anything is chosen, the second tab restores nothing.
    const second = await context.newPage();
    await openPage(second, url);
    await chooseFiles(page, large.path);
    const jobId = await jobIdOf(page, NAME);
    await chooseFiles(second, large.path);
    await jobIdOf(second, NAME);
    await rowOf(second, NAME).locator("input").fill(jobId);
    const { held } = await holdPart(page);
    await pressUpload(page);
    await held;
    await pressUpload(second);
    await seesBadge(second, NAME, "In another tab");
    await page.close();
    await taskIdOf(second, NAME);
    expect(count(requestsFor(stack, jobId), "CompleteMultipartUpload 200")).toBe(1);
    expect(stack.cielo24?.acceptances.filter((each) => each.jobId === jobId)).toHaveLength(1);
  });
});
