import { describe, expect, it } from "@jest/globals";
import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
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
import { requestsFor } from "./store.ts";
import { openPage, useUploadPage } from "./upload-page.ts";

const local = useUploadPage();
/** The code that the page loads with the first file. */
const LOOKING = "**/preflight-*.js";

/** Holds back the code that looks into files. @returns lets it go on */
const holdLooking = async (page: Page): Promise<() => void> => {
  let goOn: () => void = () => undefined;
  const isToGoOn = new Promise<void>((resolve) => (goOn = resolve));
  await page.route(LOOKING, async (route) => {
    await isToGoOn;
    await route.continue();
  });
  return () => {
    goOn();
  };
};

const sample = (name: string) => readFile(new URL(`../media/${name}`, import.meta.url));
const video = (name: string, buffer: Buffer) => ({ name, mimeType: "video/mp4", buffer });
const goodFilm = async (name = "lecture.mp4") => video(name, await sample("moov-at-end.mp4"));
/** As a program leaves it that was interrupted: the index would have come last. */
const cutOffFilm = async () => video("cut.mp4", (await sample("moov-at-end.mp4")).subarray(0, 5_000));
const webPage = () =>
  video("saved.mp4", Buffer.from(`<!doctype html><title>Not found</title>${"<p>Sorry.".repeat(50)}`));

const row = (name: string) => rowOf(local.opened.page, name);
const seesFacts = (name: string, facts: string) => row(name).locator(".size").filter({ hasText: facts }).waitFor();
const uploadAnyway = (name: string) => row(name).getByRole("button", { name: `Upload anyway ${name}` });

describe("before a byte goes up, the page", () => {
  it("says what is in a film, and what the proxy found once it has it, after a reload, too", async () => {
    const { page, url, picture } = local.opened;
    await chooseFiles(page, await goodFilm());
    await seesFacts("lecture.mp4", "6.7 KB · 2 s, MP4, 1 audio track");
    await seesBadge(page, "lecture.mp4", "Ready");
    expect(await row("lecture.mp4").locator(".warning, .problem:not([hidden])").count()).toBe(0);
    await picture("preflight-1-good");
    await pressUpload(page);
    await taskIdOf(page, "lecture.mp4");
    await openPage(page, url);
    await seesBadge(page, "lecture.mp4", "Delivered");
    await seesFacts("lecture.mp4", "2 s, MP4, 1 audio track");
  });

  it("says that a film is silent, and lets it go up: the proxy says so, too", async () => {
    const { page, picture } = local.opened;
    await chooseFiles(page, video("silent.mp4", await sample("silent.mp4")));
    await seesFacts("silent.mp4", "2 s, MP4, no audio track");
    const warning = row("silent.mp4").locator(".warning");
    expect(await warning.textContent()).toMatch(/no audio track.*It may go up as it is, too\.$/);
    await pressUpload(page);
    await taskIdOf(page, "silent.mp4");
    await seesBadge(page, "silent.mp4", "Delivered");
    await warning.filter({ hasText: /Upload one that has sound\.$/ }).waitFor();
    await picture("preflight-2-silent");
  });

  it.each([
    [
      "a film that is cut off",
      "cut.mp4",
      cutOffFilm,
      /The file is cut off: its index.*Remove it and choose another one/,
    ],
    [
      "a web page with a film's name",
      "saved.mp4",
      webPage,
      /This is an HTML page, not audio or video.*press “Upload anyway”/,
    ],
  ])("holds back %s, and uploads nothing of it", async (_what, name, make, says) => {
    const { page, stack, picture } = local.opened;
    await chooseFiles(page, await make());
    const jobId = await jobIdOf(page, name);
    // At once, perhaps before the file was looked into.
    await pressUpload(page);
    expect(await problemOf(page, name)).toMatch(says);
    await seesBadge(page, name, "Held back");
    await picture(`preflight-3-${name}`);
    await pressUpload(page);
    expect(await page.evaluate("document.activeElement.textContent")).toBe(`Upload anyway ${name}`);
    expect(requestsFor(stack, jobId)).toEqual([]);
    await page.getByRole("button", { name: `Remove ${name}` }).click();
    await page.getByText("Nothing here yet").waitFor();
  });

  it("looks first even if “Upload” is pressed at once", async () => {
    const { page, stack } = local.opened;
    const goOn = await holdLooking(page);
    await chooseFiles(page, await cutOffFilm());
    const jobId = await jobIdOf(page, "cut.mp4");
    await pressUpload(page);
    await seesBadge(page, "cut.mp4", "Ready");
    goOn();
    await seesBadge(page, "cut.mp4", "Held back");
    expect(requestsFor(stack, jobId)).toEqual([]);
  });

  it("starts by itself what was looked into after “Upload” was pressed", async () => {
    const { page } = local.opened;
    const goOn = await holdLooking(page);
    await chooseFiles(page, await goodFilm());
    await jobIdOf(page, "lecture.mp4");
    await pressUpload(page);
    goOn();
    await taskIdOf(page, "lecture.mp4");
  });

  it("uploads without a look if what looks into files cannot be loaded", async () => {
    const { page } = local.opened;
    await page.route(LOOKING, (route) => route.abort());
    await chooseFiles(page, await cutOffFilm());
    await jobIdOf(page, "cut.mp4");
    await pressUpload(page);
    await seesBadge(page, "cut.mp4", "Not delivered");
  });

  it("uploads what it held back at the person's wish, and nothing else: the proxy decides", async () => {
    const { page, stack, picture } = local.opened;
    await chooseFiles(page, [await cutOffFilm(), await goodFilm("other.mp4")]);
    const [jobId, otherJobId] = [await jobIdOf(page, "cut.mp4"), await jobIdOf(page, "other.mp4")];
    await uploadAnyway("cut.mp4").click();
    await seesBadge(page, "cut.mp4", "Not delivered");
    expect(await problemOf(page, "cut.mp4")).toMatch(/The file is cut off.*the job is free for the whole file/);
    await picture("preflight-4-rejected");
    expect(requestsFor(stack, jobId)).toEqual(["PutObject 200"]);
    expect(requestsFor(stack, otherJobId)).toEqual([]);
    expect(stack.cielo24?.posts.filter((each) => each.jobId === jobId)).toEqual([]);
    await pressUpload(page);
    await taskIdOf(page, "other.mp4");
  });

  it("uploads what it cannot tell anything of", async () => {
    const { page } = local.opened;
    await chooseFiles(page, smallFile("odd.mp4"));
    await jobIdOf(page, "odd.mp4");
    await pressUpload(page);
    await taskIdOf(page, "odd.mp4");
    expect(await row("odd.mp4").locator(".size").textContent()).toBe("293 KB");
  });

  it.each([
    ["subtitles", "lecture.srt", /lecture\.srt is left out: by its name it only goes with media/],
    ["a download that is not finished", "lecture.mp4.part", /lecture\.mp4\.part is left out: .* not finished/],
  ])("leaves out %s by the name", async (_what, name, says) => {
    const { page } = local.opened;
    await chooseFiles(page, video(name, await sample("moov-at-end.mp4")));
    await notice(page, says).waitFor();
    await page.getByText("Nothing here yet").waitFor();
  });

  it("takes the media of a folder, and tells of the rest in one sentence", async () => {
    const { page, picture } = local.opened;
    const others = [".DS_Store", "Thumbs.db", "lecture.srt"].map((name) => video(name, Buffer.from("other")));
    await chooseFiles(page, [...others, await goodFilm()]);
    await notice(page, /3 files are left out, such as \.DS_Store: by their names/).waitFor();
    await seesFacts("lecture.mp4", "2 s, MP4, 1 audio track");
    await picture("preflight-5-folder");
    expect(await page.locator(".medium").count()).toBe(1);
  });
});
