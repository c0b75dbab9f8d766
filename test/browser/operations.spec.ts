import AxeBuilder from "@axe-core/playwright";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import type { Fate } from "../../dev/cielo24/fates.ts";
import { createOperations, type Operations } from "../../dev/operations/operations.ts";
import { startOperationsPage, type OperationsPage } from "../../dev/operations/server.ts";
import { sampleJobsOf } from "../../dev/sample-jobs.ts";
import { startStack, type Stack } from "../../dev/stack.ts";
import { launchChromium } from "./chromium.ts";
import { uploadTo } from "./operations-uploads.ts";
import { SCREENSHOTS } from "./screenshots.ts";

/** How soon the page shows what has happened. One test holds it to that; a busy machine may take longer. */
const SOON_MS = 2_000;
const PATIENCE_MS = 60_000;

let operations: Operations;
let stack: Stack;
let server: OperationsPage;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  operations = await createOperations({ clock: () => stack.runtime.clock() });
  stack = await startStack(operations.hooks);
  [server, browser] = await Promise.all([startOperationsPage(stack, operations), launchChromium()]);
});
beforeEach(async () => {
  complaints = [];
  context = await browser.newContext({ viewport: { width: 1200, height: 900 }, reducedMotion: "reduce" });
  context.setDefaultTimeout(PATIENCE_MS);
  page = await context.newPage();
  page.on("pageerror", ({ message }) => complaints.push(message));
  page.on("console", (message) => {
    if (message.text().includes("Content Security Policy")) complaints.push(message.text());
  });
  await page.goto(server.url);
  await page.locator("#connection[data-state=ready]").waitFor();
});
afterEach(async () => {
  await context.close();
  expect(complaints).toEqual([]);
});
afterAll(async () => {
  await browser.close();
  await server.close();
  await stack.close();
});

/** Uploads a file for a new job and waits until the proxy has nothing to do for it now. @returns the job */
const upload = async (filename: string, fate?: Fate): Promise<string> => {
  const jobId = sampleJobsOf(stack)?.(fate) ?? "";
  await uploadTo(stack, jobId, filename);
  await stack.drain();
  return jobId;
};
const entry = (jobId: string) => page.locator(`li[data-job="${jobId}"]`);
const soon = { timeout: SOON_MS };

describe("the page for operators", () => {
  it("shows a delivery within two seconds, without a reload, and nothing moves for it", async () => {
    await page.evaluate(`
      window.isTheSame = true;
      window.shift = 0;
      new PerformanceObserver((list) => list.getEntries().forEach(({ value }) => (window.shift += value)))
        .observe({ type: "layout-shift", buffered: true });
    `);
    const jobId = await upload("lecture-12.mp4");
    const shown = page.locator("#ended").locator(entry(jobId));
    await shown.filter({ hasText: "lecture-12.mp4" }).filter({ hasText: "Delivered" }).waitFor(soon);
    await page.locator("#states [data-state=DELIVERED] .value").filter({ hasText: /^1$/ }).waitFor(soon);
    await page.locator("[data-metric=MediaDelivered] .value").filter({ hasText: /^1$/ }).waitFor(soon);
    await page
      .locator("[data-metric=SecondsFromDrop] .value")
      .filter({ hasText: /p50 .+ p99 / })
      .waitFor(soon);
    expect(await page.locator("#cost").textContent()).toMatch(/the ledger\$0\.0000\d+/);
    expect(await page.evaluate("[window.isTheSame, window.shift]")).toEqual([true, 0]);
  });

  it("says of a job that waits why, for how long, and when it is tried again", async () => {
    const jobId = await upload("interview.wav", "down");
    const waits = page.locator("#open").locator(entry(jobId));
    await waits.filter({ hasText: "CIELO24_UNAVAILABLE: cielo24 does not answer at present" }).waitFor();
    expect(await waits.textContent()).toMatch(/interview\.wav.*for \d+ s.*next try in (\d+ min )?\d+ s/);
    await page.locator("#reasons").getByText("Unavailable").waitFor();
    expect(await page.locator("#facts").textContent()).toMatch(/Messages in the queue1Oldest message\d+ s/);
  });

  it("puts media that needs a person before one, with its job, its reason and the command to run next", async () => {
    const jobId = await upload("seminar-3.mp4", "needs-review");
    const told = page.locator("#notifications li").filter({ hasText: jobId });
    await told.filter({ hasText: "GAVE_UP" }).waitFor();
    expect(await told.locator("code").textContent()).toContain(`ops show ${jobId} `);
    await page.getByRole("status").filter({ hasText: jobId }).waitFor({ state: "attached" });
    expect(await page.title()).toBe("1 for a person · Operations · cielo24-proxy");
    await page.locator("#open").locator(entry(jobId)).filter({ hasText: "Needs review" }).waitFor();
  });

  it("shows a job's life by the keyboard alone, what was logged in order, and lets go of it with Escape", async () => {
    const jobId = await upload("guest-talk.mp4");
    // It leaves the list of what waits, and a focus there would go with it.
    await page.locator("#ended").locator(entry(jobId)).waitFor();
    await page.getByLabel("Job id, file name, state or reason").fill("guest-TALK");
    await page.getByRole("button", { name: "guest-talk.mp4" }).focus();
    expect(await page.locator("li[data-job]").count()).toBe(1);
    await page.keyboard.press("Enter");
    const lines = page.locator("#life-lines li");
    await lines.filter({ hasText: "delivery has ended" }).waitFor();
    const messages = await lines.locator(".message").allTextContents();
    const logged = stack.logs
      .map((line) => JSON.parse(line) as { jobId?: string; message?: string })
      .filter((record) => record.jobId === jobId && record.message !== undefined);
    expect(messages).toEqual(logged.map(({ message }) => message));
    expect(logged.length).toBeGreaterThan(1);
    expect(await page.locator("#life-now").textContent()).toMatch(/guest-talk\.mp4.*Delivered.*TaskId [0-9a-f]{32}/);
    expect(new URL(page.url()).hash).toBe(`#job=${jobId}`);
    await page.reload();
    await lines.filter({ hasText: "delivery has ended" }).waitFor();
    await page.keyboard.press("Escape");
    await page.locator("#life").waitFor({ state: "hidden" });
    expect(new URL(page.url()).hash).toBe("");
  });

  it("says when it is not connected, and shows the next stack at the same address", async () => {
    const { port } = new URL(server.url);
    await server.close();
    await page.getByRole("status").filter({ hasText: "Not connected" }).waitFor();
    server = await startOperationsPage(stack, operations, { port: Number(port), pageUrl: "http://127.0.0.1:4624" });
    await page.getByRole("status").filter({ hasText: "Live" }).waitFor();
    expect(await page.getByRole("link", { name: "Upload page" }).getAttribute("href")).toBe("http://127.0.0.1:4624");
  });

  it.each([
    ["light", 320],
    ["dark", 1200],
  ] as const)("has no finding of axe's in %s colours, %d pixels wide, and fits", async (colorScheme, width) => {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 800 });
    const check = async (state: string): Promise<void> => {
      await page.screenshot({
        path: join(SCREENSHOTS, `operations-${colorScheme}-${width}-${state}.png`),
        fullPage: true,
      });
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map(({ id, nodes }) => [id, nodes.map(({ target }) => target.join(" "))])).toEqual([]);
      const isTooWide = "document.documentElement.scrollWidth > document.documentElement.clientWidth";
      expect(await page.evaluate(isTooWide)).toBe(false);
    };
    await check("board");
    await page.locator("#open li[data-job] button").first().click();
    await page.locator("#life-lines li").first().waitFor();
    await check("life");
  });
});
