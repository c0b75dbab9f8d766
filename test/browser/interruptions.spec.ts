import { describe, expect, it } from "@jest/globals";
import type { Page, Route } from "playwright-core";
import { until } from "../harness/until.ts";
import { useFileOnDisk } from "./file-on-disk.ts";
import { chooseFiles, jobIdOf, pressUpload, problemOf, rowOf, seesBadge, smallFile, taskIdOf } from "./person.ts";
import { count, holdPart, holdPutThroughout, requestsFor } from "./store.ts";
import { openPage, untilBegun, untilKept, useUploadPage } from "./upload-page.ts";

const MIB = 1024 * 1024;
const HOUR_MS = 3_600_000;
const NAME = "conference.mp4";
/** 120 MiB in parts of 8 MiB. */
const PARTS = 15;
const TOKEN_LIFE_S = 600;

const local = useUploadPage({
  page: { tokenLifeS: TOKEN_LIFE_S },
  stack: { fetchMedia: () => Promise.resolve(new Uint8Array(1000)) },
});
const large = useFileOnDisk(NAME, 120 * MIB);

/** Starts to upload the large file. @returns a part in the middle that is held back */
const uploadHalfway = async (page: Page): Promise<{ jobId: string; part: Route }> => {
  await chooseFiles(page, large.path);
  const jobId = await jobIdOf(page, NAME);
  const { held } = await holdPart(page);
  await pressUpload(page);
  return { jobId, part: await held };
};

/** The upload ended as if it had not been interrupted: one object, each part sent once, accepted once. */
const expectOneUpload = (jobId: string): void => {
  const { stack } = local.opened;
  const requests = requestsFor(stack, jobId);
  expect(count(requests, "CreateMultipartUpload 200")).toBe(1);
  expect(count(requests, "UploadPart 200")).toBe(PARTS);
  expect(count(requests, "CompleteMultipartUpload 200")).toBe(1);
  expect(stack.cielo24?.acceptances.filter((each) => each.jobId === jobId)).toMatchObject([{ sizeBytes: 120 * MIB }]);
};

/** Each message is delayed only once the one before has been handled, so time has to advance step by step. */
const whileTimePasses = async <T>(end: Promise<T>): Promise<T> => {
  const passing = setInterval(() => {
    local.opened.stack.advanceTime(HOUR_MS / 12);
  }, 500);
  return end.finally(() => {
    clearInterval(passing);
  });
};

/** Removes the bytes from IndexedDB, as for a file that is too large for it: only its metadata is kept. */
const DROP_BYTES = `new Promise((resolve) => {
  const opening = indexedDB.open("uppy-blobs");
  opening.onsuccess = () => {
    const dropping = opening.result.transaction(["files"], "readwrite");
    dropping.objectStore("files").clear();
    dropping.oncomplete = () => {
      opening.result.close();
      resolve();
    };
  };
})`;

/** While cielo24 does not answer, a delivery is under way until the worker has asked, and waits from then on. */
const UNDER_WAY = /^(Delivering|Waiting)$/;

describe("an upload that is interrupted", () => {
  it("goes on after a reload where it stopped", async () => {
    const { page, url, picture } = local.opened;
    const { jobId } = await uploadHalfway(page);
    await untilKept(page);
    await openPage(page, url);
    await page.getByText("Session restored").waitFor();
    await rowOf(page, NAME).waitFor();
    await seesBadge(page, NAME, "Paused");
    await picture("interruptions-1-restored");
    await pressUpload(page);
    await taskIdOf(page, NAME);
    expectOneUpload(jobId);
  });

  it("goes on after a reload with the file selected again, where the browser could not keep it", async () => {
    const { page, url, picture } = local.opened;
    const { jobId } = await uploadHalfway(page);
    await untilKept(page);
    await page.evaluate(DROP_BYTES);
    await openPage(page, url);
    await page.getByText(`Choose ${NAME} again, and resume the upload`).waitFor();
    await picture("interruptions-4-select-again");
    await chooseFiles(page, large.path);
    await page.getByText("You can now resume the upload").waitFor();
    await pressUpload(page);
    await taskIdOf(page, NAME);
    expectOneUpload(jobId);
  });

  it("goes on by itself once the network is back", async () => {
    const { page, context, picture } = local.opened;
    const { jobId, part } = await uploadHalfway(page);
    await context.setOffline(true);
    await part.abort("internetdisconnected");
    await seesBadge(page, NAME, "Waiting");
    await rowOf(page, NAME)
      .getByText(/goes on by itself/)
      .waitFor();
    expect(await rowOf(page, NAME).locator(".problem:not([hidden])").count()).toBe(0);
    await picture("interruptions-2-offline");
    await context.setOffline(false);
    await taskIdOf(page, NAME);
    expectOneUpload(jobId);
  });

  it("has a part signed again whose URL expired on the way", async () => {
    const { page, stack } = local.opened;
    const { jobId, part } = await uploadHalfway(page);
    stack.advanceTime(2 * HOUR_MS);
    await part.continue();
    await taskIdOf(page, NAME);
    // Others that were on their way at that time are signed again, too.
    expect(count(requestsFor(stack, jobId), "UploadPart 403")).toBeGreaterThan(0);
    expectOneUpload(jobId);
  });

  it("gets a new token when its own expires on the way", async () => {
    const { page, stack } = local.opened;
    const refused: number[] = [];
    page.on("response", (response) => {
      if (response.status() === 401) refused.push(response.status());
    });
    const { jobId, part } = await uploadHalfway(page);
    stack.advanceTime(TOKEN_LIFE_S * 1000 + 1000);
    await part.continue();
    await taskIdOf(page, NAME);
    expect(refused).toContain(401);
    expectOneUpload(jobId);
  });

  it("is not repeated where the answer to its completion got lost", async () => {
    const { page } = local.opened;
    await page.route(
      (url) => url.searchParams.has("uploadId") && !url.searchParams.has("partNumber"),
      async (route) => {
        if (route.request().method() !== "POST") return route.fallback();
        await route.fetch();
        return route.abort("connectionreset");
      },
      { times: 1 },
    );
    await chooseFiles(page, large.path);
    const jobId = await jobIdOf(page, NAME);
    await pressUpload(page);
    await taskIdOf(page, NAME);
    expectOneUpload(jobId);
  });

  it("is not repeated where a small file had arrived before the reload, and is shown to its end", async () => {
    const { page, stack, url } = local.opened;
    const { held } = await holdPutThroughout(page);
    await chooseFiles(page, smallFile("opening.mp4"));
    const jobId = await jobIdOf(page, "opening.mp4");
    await pressUpload(page);
    const put = await held;
    await untilBegun(page);
    // The page never learns of the answer, however long the delivery takes.
    await put.fetch();
    await until(() => stack.cielo24?.acceptances.some((each) => each.jobId === jobId));
    await openPage(page, url);
    await seesBadge(page, "opening.mp4", "Paused");
    await pressUpload(page);
    const taskId = await taskIdOf(page, "opening.mp4");
    expect(requestsFor(stack, jobId)).toEqual(["PutObject 200"]);
    expect(stack.cielo24?.acceptances.filter((each) => each.jobId === jobId)).toMatchObject([{ taskId }]);
  });

  it("shows what became of a delivery that outlived the page", async () => {
    const { page, stack, url, picture } = local.opened;
    stack.cielo24?.faults.add({ action: "job/info", kind: "answer", status: 503, times: 100 });
    await chooseFiles(page, smallFile("seminar.mp4"));
    const jobId = await jobIdOf(page, "seminar.mp4");
    await pressUpload(page);
    await seesBadge(page, "seminar.mp4", UNDER_WAY);
    await picture("interruptions-3-delivering");
    await openPage(page, url);
    await seesBadge(page, "seminar.mp4", UNDER_WAY);
    stack.cielo24?.faults.clear();
    const taskId = await whileTimePasses(taskIdOf(page, "seminar.mp4"));
    expect(stack.cielo24?.acceptances.at(-1)).toMatchObject({ jobId, taskId });
  });

  it("is asked for again, or dismissed, where its delivery could not be asked for", async () => {
    const { page, stack, picture } = local.opened;
    await page.route("**/api/job/delivery?*", (route) =>
      route.fulfill({ status: 403, headers: { "access-control-allow-origin": "*" }, json: { message: "Forbidden" } }),
    );
    await chooseFiles(page, [smallFile("one.mp4"), smallFile("two.mp4")]);
    const jobId = await jobIdOf(page, "one.mp4");
    await jobIdOf(page, "two.mp4");
    await pressUpload(page);
    expect(await problemOf(page, "one.mp4")).toMatch(/lacks the scope/);
    await picture("interruptions-6-delivery-unknown");
    await page.getByRole("button", { name: "Dismiss two.mp4" }).click();
    await rowOf(page, "two.mp4").waitFor({ state: "detached" });
    await page.unrouteAll();
    await page.getByRole("button", { name: "Check again" }).click();
    const taskId = await taskIdOf(page, "one.mp4");
    expect(stack.cielo24?.acceptances.find((each) => each.jobId === jobId)).toMatchObject({ taskId });
  });

  it("shows what a delivery waits for while cielo24 is down, and that it goes on by itself", async () => {
    const { page, stack } = local.opened;
    await chooseFiles(page, [smallFile("patient.mp4")]);
    const jobId = await jobIdOf(page, "patient.mp4");
    stack.cielo24?.faults.add({ action: "job/info", jobId, kind: "answer", status: 503, times: 2 });
    await pressUpload(page);
    await seesBadge(page, "patient.mp4", "Waiting");
    await page.getByText(/It waits: cielo24 does not answer at present/).waitFor();
    await whileTimePasses(seesBadge(page, "patient.mp4", "Delivered"));
  });

  it("is not repeated where cielo24's answer about an address got lost: the list shows how it ends", async () => {
    const { page, stack, picture } = local.opened;
    const mediaUrl = "https://media.example.org/talk.mp4";
    stack.cielo24?.faults.add({ action: "GET job/add_media", kind: "resetAfterBody", accepts: true });
    await page.getByLabel("Address of the media").fill(mediaUrl);
    await page.getByRole("button", { name: "Add by URL" }).click();
    await seesBadge(page, mediaUrl, "Checking");
    await picture("interruptions-5-checking");
    // job/info does not tell the TaskId.
    await whileTimePasses(seesBadge(page, mediaUrl, "Delivered"));
    await page.getByText("cielo24 has the media.").waitFor();
    expect(stack.cielo24?.acceptances.filter(({ via }) => via === "url")).toHaveLength(1);
  });
});
