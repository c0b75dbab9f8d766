import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { writeFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import type { Browser, Page } from "playwright-core";
import { startUploadPage } from "../../dev/web/server.ts";
import { arrivedAt, countStored, makeMedia, MIB, sha256 } from "../client/media.ts";
import { useFolder } from "../harness/folder.ts";
import { useWays, when, type Way } from "../harness/ways.ts";
import { emptySuccess, htmlSuccess, isCompletion, nth, refusal } from "../network/answers.ts";
import { blackHole, freePort, neverAnswers } from "../network/nowhere.ts";
import { launchChromium } from "./chromium.ts";
import { chooseFiles, jobIdOf, pressUpload, problemOf, rowOf, seesBadge, taskIdOf } from "./person.ts";
import { openPage } from "./upload-page.ts";

/**
 * The page on bad networks. The browser learns nothing of the trouble: there is no `offline` event, and `navigator.onLine`
 * stays true. The tests run side by side, each in a page of its own over a line of its own.
 */

const LINE = { latencyMs: 20, bytesPerSecond: 1_000_000 };
const NAME = "lecture.mp4";
const SIZE = 24 * MIB;
/** Of 8 MiB. */
const PARTS = 3;
const PATIENCE_MS = 300_000;
/** An upper bound alone: what nothing answers is sent again after 55 s, then after 110, and so on. */
jest.setTimeout(500_000);
/** Slow enough for a part of 8 MiB to take longer than its answer is waited for at first. */
const BOX_BYTES_PER_SECOND = 80 * 1024;

describe("the page on a bad network", () => {
  const closers: (() => Promise<void>)[] = [];
  afterAll(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });
  const { local, openWay } = useWays();
  const folder = useFolder();
  const media = makeMedia(SIZE);
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
    closers.push(() => browser.close());
    await writeFile(folder.file(NAME), media);
  });

  const open = async (apiUrl: string): Promise<Page> => {
    const server = await startUploadPage({ ...local.stack, apiUrl }, { port: 0 });
    closers.push(server.close);
    const context = await browser.newContext({ viewport: { width: 1200, height: 900 } });
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    await openPage(page, server.url);
    return page;
  };
  /** Chooses the file, and starts to upload it. */
  const upload = async (apiUrl: string, name = NAME) => {
    const page = await open(apiUrl);
    await chooseFiles(page, folder.file(name));
    const job = await jobIdOf(page, name);
    await pressUpload(page);
    return { page, job };
  };
  /** The same, and waits until some of it is on its way. */
  const uploadHalfway = async (way: Way) => {
    const uploading = await upload(way.apiUrl);
    await when(() => way.upBytes("store") > 3 * MIB);
    return uploading;
  };
  const expectDelivered = async (page: Page, job: string): Promise<void> => {
    await taskIdOf(page, NAME);
    expect(arrivedAt(local.stack, job)).toEqual([sha256(media)]);
    expect(await page.evaluate("navigator.onLine")).toBe(true);
    await page.context().close();
  };
  const expectOneObject = (job: string): void => {
    expect(countStored(local.stack, "CreateMultipartUpload", job)).toBe(1);
    expect(countStored(local.stack, "CompleteMultipartUpload", job)).toBe(1);
  };
  /** A word about the wait, beside the file. */
  const seesItWait = async (page: Page): Promise<void> => {
    await seesBadge(page, NAME, "Waiting");
    await rowOf(page, NAME).getByText("It goes on by itself.").waitFor();
  };

  it.concurrent("goes on by itself after 20 s in which nothing passed", async () => {
    const way = await openWay({ quality: LINE });
    const { page, job } = await uploadHalfway(way);
    way.goDark();
    await Promise.all([wait(20_000), seesItWait(page)]);
    way.comeBack();
    await expectDelivered(page, job);
    expectOneObject(job);
  });

  it.concurrent("goes on by itself after 60 s, at another address, so that no connection outlives them", async () => {
    const way = await openWay({ quality: LINE });
    const { page, job } = await uploadHalfway(way);
    way.goDark();
    way.freeze();
    await Promise.all([wait(60_000), seesItWait(page)]);
    way.comeBack();
    await expectDelivered(page, job);
    expectOneObject(job);
  });

  it.concurrent("notices within 60 s that the connection under a part is frozen, and sends the part anew", async () => {
    const way = await openWay({ quality: LINE });
    const { page, job } = await uploadHalfway(way);
    const frozen = way.connections().find(({ upstream, upBytes }) => upstream === "store" && upBytes() > MIB / 4);
    frozen?.freeze();
    const frozenAt = Date.now();
    await seesItWait(page);
    expect(Date.now() - frozenAt).toBeLessThan(60_000);
    await expectDelivered(page, job);
    expectOneObject(job);
    expect(countStored(local.stack, "UploadPart", job)).toBe(PARTS);
    expect(way.upBytes("store")).toBeLessThan(SIZE + 9 * MIB);
  });

  it.concurrent(
    "gets through a box that takes all at once and passes on 80 KiB/s, and carries little twice",
    async () => {
      const way = await openWay({ quality: LINE });
      way.swallow(BOX_BYTES_PER_SECOND);
      const memo = makeMedia(9 * MIB);
      await writeFile(folder.file("memo.mp3"), memo);
      const { page, job } = await upload(way.apiUrl, "memo.mp3");
      await taskIdOf(page, "memo.mp3");
      expect(arrivedAt(local.stack, job)).toEqual([sha256(memo)]);
      expect(way.upBytes("store")).toBeLessThan(3 * 9 * MIB);
      await page.context().close();
    },
  );

  it.concurrent.each<[what: string, address: () => Promise<{ url: string; close: () => void }>]>([
    ["refuses connections", freePort],
    ["cannot be found", () => Promise.resolve({ url: "http://captions.invalid", close: () => undefined })],
    ["is a black hole", blackHole],
    ["takes connections and says nothing", neverAnswers],
  ])("gives up within seconds where the address %s, and says to check it", async (_what, address) => {
    const { url, close } = await address();
    closers.push(async () => {
      await Promise.resolve();
      close();
    });
    const { page } = await upload(url);
    const startedAt = Date.now();
    expect(await problemOf(page, NAME)).toMatch(/check the address/i);
    expect(Date.now() - startedAt).toBeLessThan(60_000);
    await page.context().close();
  });

  it.concurrent.each([
    ["an empty 200", emptySuccess],
    ["the page of a captive portal", htmlSuccess],
  ])("takes %s in place of the completion's result for no success, and asks again", async (_what, made) => {
    const once = nth(1, isCompletion);
    const way = await openWay({ store: { answer: (asked) => (once(asked) ? made : undefined) } });
    const { page, job } = await upload(way.apiUrl);
    await expectDelivered(page, job);
    expectOneObject(job);
  });

  it.concurrent("finds its upload complete where the answer to that was lost", async () => {
    const way = await openWay({ store: { loses: nth(1, isCompletion) } });
    const { page, job } = await upload(way.apiUrl);
    await expectDelivered(page, job);
    expectOneObject(job);
  });

  it.concurrent.each([
    [403, "AccessDenied"],
    [400, "EntityTooLarge"],
    [404, "NoSuchBucket"],
    [400, "SomethingNew"],
  ])("says in its own words that the store refused (%d %s)", async (status, code) => {
    const way = await openWay({
      store: { answer: ({ method }) => (method === "PUT" ? refusal(status, code) : undefined) },
    });
    const { page } = await upload(way.apiUrl);
    const problem = await problemOf(page, NAME);
    expect(problem).not.toContain("S3's own words");
    expect(await page.getByText("S3's own words").count()).toBe(0);
    await page.context().close();
  });

  it.concurrent("uploads 60 small files while none of their deliveries moves", async () => {
    const way = await openWay({ quality: LINE });
    const names = Array.from({ length: 60 }, (_, index) => `clip-${index}.mp4`);
    const page = await open(way.apiUrl);
    await chooseFiles(
      page,
      names.map((name, index) => ({ name, mimeType: "video/mp4", buffer: Buffer.from(makeMedia(200_000 + index)) })),
    );
    const jobs: string[] = [];
    for (const name of names) jobs.push(await jobIdOf(page, name));
    for (const jobId of jobs)
      local.cielo24.faults.add({ action: "job/add_media", jobId, kind: "answer", status: 503, times: 1000 });
    await pressUpload(page);
    const startedAt = Date.now();
    await when(() => jobs.every((job) => countStored(local.stack, "PutObject", job) === 1));
    expect(Date.now() - startedAt).toBeLessThan(90_000);
    await page.context().close();
  });

  it.concurrent("tells at once that a file was changed after it was chosen, and to choose it again", async () => {
    const way = await openWay({ quality: LINE });
    const path = folder.file("recording.mp4");
    await writeFile(path, media);
    const page = await open(way.apiUrl);
    await chooseFiles(page, path);
    const job = await jobIdOf(page, "recording.mp4");
    await writeFile(path, media.slice().fill(7));
    await pressUpload(page);
    expect(await problemOf(page, "recording.mp4")).toMatch(/changed[^]*choose it again/i);
    expect(arrivedAt(local.stack, job)).toEqual([]);
    await page.context().close();
  });

  it.concurrent("tells at once that a file was changed while it went out, and to choose it again", async () => {
    const way = await openWay({ quality: LINE });
    const path = folder.file("live.mp4");
    await writeFile(path, media);
    const { page, job } = await upload(way.apiUrl, "live.mp4");
    await when(() => way.upBytes("store") > 3 * MIB);
    await writeFile(path, media.slice().fill(7));
    expect(await problemOf(page, "live.mp4")).toMatch(/changed[^]*choose it again/i);
    expect(arrivedAt(local.stack, job)).toEqual([]);
    await page.context().close();
  });
});
