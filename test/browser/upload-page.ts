import { afterAll, afterEach, beforeAll, beforeEach, expect } from "@jest/globals";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { startStack, type Stack, type StackOptions } from "../../dev/stack.ts";
import { startUploadPage, type PageOptions, type UploadPage } from "../../dev/web/server.ts";
import { until } from "../harness/until.ts";
import { launchChromium } from "./chromium.ts";
import { SCREENSHOTS } from "./screenshots.ts";

/** How long anything may take to appear, including 120 MiB on a busy machine. */
const PATIENCE_MS = 120_000;

/** The page in a browser, and the stack behind it. */
export interface Opened {
  readonly stack: Stack;
  readonly context: BrowserContext;
  readonly page: Page;
  readonly url: string;
  /** Saves a picture of the whole page. */
  readonly picture: (name: string) => Promise<void>;
}

/**
 * A stack and a browser for the tests of a file, and for each test a fresh profile with the page open. A test fails if the
 * page throws or violates its content security policy. Read `opened` only inside tests and hooks.
 */
export const useUploadPage = (
  options: { readonly stack?: StackOptions; readonly page?: PageOptions } = {},
): { readonly opened: Opened } => {
  let stack: Stack;
  let server: UploadPage;
  let browser: Browser;
  let opened: Opened | undefined;
  let complaints: string[];

  beforeAll(async () => {
    stack = await startStack(options.stack);
    [server, browser] = await Promise.all([startUploadPage(stack, { port: 0, ...options.page }), launchChromium()]);
  });
  beforeEach(async () => {
    complaints = [];
    const context = await browser.newContext({ viewport: { width: 1200, height: 900 } });
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    page.on("pageerror", ({ message }) => complaints.push(message));
    page.on("console", (message) => {
      if (message.text().includes("Content Security Policy")) complaints.push(message.text());
    });
    opened = {
      stack,
      context,
      page,
      url: server.url,
      picture: async (name) => {
        await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
      },
    };
    await openPage(page, server.url);
  });
  afterEach(async () => {
    await opened?.context.close();
    // The stack goes on to the next test, whose cielo24 is well again.
    stack.cielo24?.faults.clear();
    expect(complaints).toEqual([]);
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
    await stack.close();
  });

  return {
    get opened() {
      if (!opened) throw new Error("The page is opened before each test, not while tests are declared");
      return opened;
    },
  };
};

/** Opens the page and waits until it works. */
export const openPage = async (page: Page, url: string): Promise<void> => {
  await page.goto(url);
  await page.locator("#connection[data-state=ready]").waitFor();
};

/** What IndexedDB has: how many files with their bytes, and what is known of them, as JSON. */
const READ_KEPT = `new Promise((resolve) => {
  const opening = indexedDB.open("uppy-blobs");
  opening.onsuccess = () => {
    const stores = opening.result.transaction(["files", "metadata"], "readonly");
    const files = stores.objectStore("files").count();
    const records = stores.objectStore("metadata").getAll();
    stores.oncomplete = () => {
      opening.result.close();
      resolve({ files: files.result, metadata: records.result.map(({ metadata }) => metadata).join() });
    };
  };
})`;

/** Playwright's `waitForFunction` takes a promise for true. */
const untilKeptWith = (page: Page, text: string): Promise<boolean> =>
  until(async () => {
    const { files, metadata } = await page.evaluate<{ files: number; metadata: string }>(READ_KEPT);
    return files > 0 && metadata.includes(text);
  });

/** Waits until IndexedDB has the file and its upload id, so that a reload loses nothing. */
export const untilKept = (page: Page): Promise<boolean> => untilKeptWith(page, '"uploadId"');
/** Waits until it has a file whose upload has begun. */
export const untilBegun = (page: Page): Promise<boolean> => untilKeptWith(page, '"uploadStarted":1');
