import { describe, expect, it } from "@jest/globals";
import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { until } from "../harness/until.ts";
import { useFileOnDisk } from "./file-on-disk.ts";
import {
  chooseFiles,
  jobIdOf,
  notice,
  pressUpload,
  problemOf,
  rowOf,
  seesBadge,
  smallFile,
  taskIdOf,
} from "./person.ts";
import { holdPart, holdPut } from "./store.ts";
import { openPage, untilKept, useUploadPage } from "./upload-page.ts";

const MIB = 1024 * 1024;
const TITLE = "Upload media · cielo24-proxy";
const LONG_NAME =
  "2026-11-24 Interview with the dean of the faculty of applied linguistics about the new building, part 2 (final).mp4";

const local = useUploadPage();
const large = useFileOnDisk("conference.mp4", 40 * MIB);

const statusOf = (page: Page, name: string) => rowOf(page, name).locator(".status");
const dashboardStatus = (page: Page) => page.locator(".uppy-StatusBar-statusPrimary");
const offlineSign = (page: Page) => page.locator("#offline");
const sample = (name: string) => readFile(new URL(`../media/${name}`, import.meta.url));

/** Everything that the page shows, as a person reads it. */
const pageText = async (page: Page): Promise<string> => String(await page.evaluate("document.body.innerText"));

/** Whether the browser asks before it closes the page. Stays on it. */
const asksBeforeClosing = async (page: Page): Promise<boolean> => {
  const isAsked = Promise.race([
    page.waitForEvent("dialog").then(async (dialog) => {
      expect(dialog.type()).toBe("beforeunload");
      await dialog.dismiss();
      return true;
    }),
    page.waitForEvent("close").then(() => false),
  ]);
  await page.close({ runBeforeUnload: true });
  return isAsked;
};

describe("the jobs", () => {
  it("come right behind the files on a phone, and before the address", async () => {
    const { page, picture } = local.opened;
    await page.setViewportSize({ width: 360, height: 800 });
    await chooseFiles(page, smallFile("lecture.mp4"));
    await jobIdOf(page, "lecture.mp4");
    expect(await page.locator("h2").allTextContents()).toEqual(["Files", "Jobs", "Or by URL"]);
    const tops = await page.evaluate<number[]>(
      "[...document.querySelectorAll('h2')].map((heading) => heading.getBoundingClientRect().top)",
    );
    expect(tops).toEqual([...tops].sort((a, b) => a - b));
    await picture("page-words-1-phone");
  });

  it.each([360, 1200])("come right behind the files for the keyboard, %d pixels wide", async (width) => {
    const { page } = local.opened;
    await page.setViewportSize({ width, height: 800 });
    await chooseFiles(page, smallFile("lecture.mp4"));
    await jobIdOf(page, "lecture.mp4");
    await page.getByRole("button", { name: "Upload 1 file" }).focus();
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.closest('.medium')?.querySelector('h3').textContent")).toBe(
      "lecture.mp4",
    );
    // Its sample job: the button, and what becomes of it.
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.id")).toBe("media-url");
  });

  it("show a long name on two lines, and the whole of it in its title", async () => {
    const { page, picture } = local.opened;
    await page.setViewportSize({ width: 360, height: 800 });
    await chooseFiles(page, smallFile(LONG_NAME));
    await jobIdOf(page, LONG_NAME);
    const name = rowOf(page, LONG_NAME).getByRole("heading");
    expect(await name.getAttribute("title")).toBe(LONG_NAME);
    const lines = await page.evaluate<number>(`(() => {
      const heading = document.querySelector("h3");
      return heading.offsetHeight / parseFloat(getComputedStyle(heading).lineHeight);
    })()`);
    expect(Math.round(lines)).toBe(2);
    expect(await page.locator(".uppy-Dashboard-Item-name").getAttribute("title")).toBe(LONG_NAME);
    await picture("page-words-2-long-name");
  });

  it("are not “Ready” beside an error, nor without a job", async () => {
    const { page } = local.opened;
    await chooseFiles(page, [smallFile("one.mp4"), smallFile("two.mp4")]);
    const jobId = await jobIdOf(page, "one.mp4");
    await jobIdOf(page, "two.mp4");
    await seesBadge(page, "two.mp4", "Ready");
    await rowOf(page, "two.mp4").getByLabel("cielo24 job id").fill("");
    await seesBadge(page, "two.mp4", "Needs a job");
    await rowOf(page, "two.mp4").getByLabel("cielo24 job id").fill(jobId);
    await pressUpload(page);
    expect(await problemOf(page, "two.mp4")).toContain("Another file has this job: one.mp4.");
    await seesBadge(page, "two.mp4", "Needs a job");
  });
});

describe("sizes and shares", () => {
  it.each([817, 6_834, 10_300, 300_000, 1.5 * MIB])(
    "are the same on both sides of the page: %d bytes",
    async (sizeBytes) => {
      const { page } = local.opened;
      await chooseFiles(page, smallFile("lecture.mp4", sizeBytes));
      await jobIdOf(page, "lecture.mp4");
      const right = await rowOf(page, "lecture.mp4").locator(".size").textContent();
      expect(right).toBe(await page.locator(".uppy-Dashboard-Item-statusSize").textContent());
    },
  );

  it("are the same on both sides and in the tab's title while a file goes up", async () => {
    const { page, picture } = local.opened;
    await chooseFiles(page, large.path);
    await jobIdOf(page, "conference.mp4");
    const { held } = await holdPart(page);
    await pressUpload(page);
    const part = await held;
    // One of five parts is held back.
    await statusOf(page, "conference.mp4")
      .filter({ hasText: /^80% uploaded/ })
      .waitFor();
    await until(async () => {
      const texts = [await statusOf(page, "conference.mp4").textContent(), await dashboardStatus(page).textContent()];
      return [...texts, await page.title()].every((text) => text?.includes("80%"));
    });
    await picture("page-words-3-shares");
    await part.continue();
    await taskIdOf(page, "conference.mp4");
    expect(await page.title()).toBe(TITLE);
  });

  it("of several files are one in the tab's title, which says each value once", async () => {
    const { page } = local.opened;
    await page.evaluate(`
      window.titles = [];
      new MutationObserver(() => window.titles.push(document.title))
        .observe(document.querySelector("title"), { childList: true });
    `);
    await chooseFiles(page, [smallFile("one.mp4", 3 * MIB), smallFile("two.mp4", MIB)]);
    await jobIdOf(page, "one.mp4");
    await jobIdOf(page, "two.mp4");
    const { held } = await holdPut(page);
    await pressUpload(page);
    const put = await held;
    await until(async () => (await page.title()) !== TITLE);
    await put.continue();
    await taskIdOf(page, "one.mp4");
    await taskIdOf(page, "two.mp4");
    const titles = await page.evaluate<string[]>("window.titles");
    const shares = titles.flatMap((title) => /^(\d+)% · Upload media · cielo24-proxy$/.exec(title)?.[1] ?? []);
    expect(shares.length).toBeGreaterThan(0);
    expect(shares).toEqual([...new Set(shares)].sort((a, b) => Number(a) - Number(b)));
    expect(titles.at(-1)).toBe(TITLE);
  });
});

describe("before the tab is closed, the browser", () => {
  it("asks while a file goes up", async () => {
    const { page } = local.opened;
    await chooseFiles(page, smallFile("lecture.mp4"));
    await jobIdOf(page, "lecture.mp4");
    const { held } = await holdPut(page);
    await pressUpload(page);
    const put = await held;
    expect(await asksBeforeClosing(page)).toBe(true);
    await put.continue();
    await taskIdOf(page, "lecture.mp4");
    expect(await asksBeforeClosing(page)).toBe(false);
  });

  it("does not ask while a file is only chosen", async () => {
    const { page } = local.opened;
    await chooseFiles(page, smallFile("lecture.mp4"));
    await jobIdOf(page, "lecture.mp4");
    expect(await asksBeforeClosing(page)).toBe(false);
  });

  it("does not ask while an upload is paused: it is resumed after a reload, too", async () => {
    const { page } = local.opened;
    await chooseFiles(page, large.path);
    await jobIdOf(page, "conference.mp4");
    const { held } = await holdPart(page);
    await pressUpload(page);
    await held;
    await page.getByRole("button", { name: "Pause", exact: true }).click();
    await seesBadge(page, "conference.mp4", "Paused");
    await until(async () => (await page.title()).startsWith("Paused "));
    expect(await asksBeforeClosing(page)).toBe(false);
  });
});

describe("while nothing moves, the page", () => {
  it("says that it is offline, for as long as it is", async () => {
    const { page, context, picture } = local.opened;
    expect(await offlineSign(page).isVisible()).toBe(false);
    await context.setOffline(true);
    await offlineSign(page).filter({ hasText: "You are offline" }).waitFor();
    await page.getByRole("status").filter({ hasText: "You are offline" }).waitFor({ state: "attached" });
    await picture("page-words-4-offline");
    await context.setOffline(false);
    await offlineSign(page).waitFor({ state: "hidden" });
  });

  it("says so after ten seconds, and no longer once it moves", async () => {
    const { page, picture } = local.opened;
    await chooseFiles(page, smallFile("lecture.mp4"));
    await jobIdOf(page, "lecture.mp4");
    const { held } = await holdPut(page);
    await pressUpload(page);
    const put = await held;
    await seesBadge(page, "lecture.mp4", "Uploading");
    await seesBadge(page, "lecture.mp4", "Waiting");
    await statusOf(page, "lecture.mp4")
      .filter({ hasText: "Nothing has moved for a while. It goes on by itself." })
      .waitFor();
    await until(async () => (await page.title()).startsWith("Waiting "));
    await picture("page-words-5-still");
    await put.continue();
    await taskIdOf(page, "lecture.mp4");
  });

  it("says that there is no connection while the upload waits for one", async () => {
    const { page, picture } = local.opened;
    await chooseFiles(page, smallFile("lecture.mp4"));
    await jobIdOf(page, "lecture.mp4");
    await page.route(
      (url) => url.searchParams.get("x-id") === "PutObject",
      (route) => route.abort("connectionreset"),
    );
    await pressUpload(page);
    await seesBadge(page, "lecture.mp4", "Waiting");
    await statusOf(page, "lecture.mp4")
      .filter({ hasText: "There is no connection at present. It goes on by itself." })
      .waitFor();
    await picture("page-words-6-no-connection");
    await page.unrouteAll();
    await taskIdOf(page, "lecture.mp4");
  });
});

describe("Uppy's words", () => {
  it("do not call an upload complete whose media is not delivered", async () => {
    const { page, picture } = local.opened;
    const film = (await sample("moov-at-end.mp4")).subarray(0, 5_000);
    await chooseFiles(page, { name: "cut.mp4", mimeType: "video/mp4", buffer: film });
    await jobIdOf(page, "cut.mp4");
    await rowOf(page, "cut.mp4").getByRole("button", { name: "Upload anyway cut.mp4" }).click();
    await seesBadge(page, "cut.mp4", "Not delivered");
    await dashboardStatus(page)
      .filter({ hasText: /^Uploaded$/ })
      .waitFor();
    await picture("page-words-7-not-delivered");
    expect(await pageText(page)).not.toMatch(/complete/i);
    expect(await page.getByTitle(/complete/i).count()).toBe(0);
  });

  it("do not warn of files that are there again after a reload", async () => {
    const { page, url, picture } = local.opened;
    await chooseFiles(page, large.path);
    await jobIdOf(page, "conference.mp4");
    const { held } = await holdPart(page);
    await pressUpload(page);
    await held;
    await untilKept(page);
    await openPage(page, url);
    await page.getByText("All files are here again. You can now resume the upload.").waitFor();
    expect(await page.locator(".uppy-Dashboard-serviceMsg-icon").isVisible()).toBe(false);
    await picture("page-words-8-restored");
  });
});

describe("the page takes for media", () => {
  it.each(["CLIP0012.MTS", "00000.m2ts", "dvb.ts", "talk.wmv", "memo.DS2", "reel.mxf", "call.amr"])(
    "%s by its name, whatever the browser says about its type",
    async (name) => {
      const { page } = local.opened;
      const { buffer } = smallFile(name);
      await chooseFiles(page, { name, mimeType: "text/plain", buffer });
      await jobIdOf(page, name);
      await seesBadge(page, name, "Ready");
    },
  );

  it.each(["recording", "lecture.final-cut", "film.xyz"])("%s by its bytes", async (name) => {
    const { page } = local.opened;
    await chooseFiles(page, { name, mimeType: "", buffer: await sample("moov-at-end.mp4") });
    await rowOf(page, name).locator(".size").filter({ hasText: "MP4, 1 audio track" }).waitFor();
    await jobIdOf(page, name);
    await pressUpload(page);
    await taskIdOf(page, name);
  });

  it("nothing that only the browser takes for it", async () => {
    const { page } = local.opened;
    await chooseFiles(page, { name: "setup.exe", mimeType: "video/mp4", buffer: Buffer.from("MZ") });
    await notice(page, /setup\.exe is neither video nor audio/).waitFor();
    await page.getByText("Nothing here yet").waitFor();
  });

  it("no program that is called like media: its bytes decide", async () => {
    const { page } = local.opened;
    const buffer = Buffer.from("export const answer = 42;\n".repeat(20));
    await chooseFiles(page, { name: "index.mts", mimeType: "video/mp2t", buffer });
    expect(await problemOf(page, "index.mts")).toMatch(/This is a text file, not audio or video/);
    await seesBadge(page, "index.mts", "Held back");
  });

  it("what it says about several that it leaves out in one notice, with each reason", async () => {
    const { page } = local.opened;
    const files = ["setup.exe", "data.bin", "notes.txt"].map((name) => ({
      name,
      mimeType: "",
      buffer: Buffer.from([1, 2]),
    }));
    await chooseFiles(page, [...files, { name: "empty.mp4", mimeType: "video/mp4", buffer: Buffer.alloc(0) }]);
    await notice(
      page,
      /^\s*4 files are left out, such as notes\.txt: by their names .*, or they are empty, or they are neither/,
    ).waitFor();
  });
});
