import { fileURLToPath } from "node:url";
import type { Fate } from "../../dev/cielo24/fates.ts";
import { createOperations } from "../../dev/operations/operations.ts";
import { startOperationsPage } from "../../dev/operations/server.ts";
import { sampleJobsOf } from "../../dev/sample-jobs.ts";
import { startStack, type Stack } from "../../dev/stack.ts";
import { launchChromium } from "./chromium.ts";
import { uploadTo } from "./operations-uploads.ts";

/** `node test/browser/operations-picture.ts` takes the picture of docs/operations.md again. */

const FILE = fileURLToPath(new URL("../../docs/pictures/operations.png", import.meta.url));
const MINUTE_MS = 60_000;
const MIB = 1024 ** 2;
/** So that the day has some hours, whenever the picture is taken. */
const BEGIN = Date.UTC(2026, 10, 26, 9, 4);

const running: { stack?: Stack } = {};
const startedAt = Date.now();
const operations = await createOperations({ clock: () => running.stack?.runtime.clock() ?? BEGIN });
const stack = await startStack({ ...operations.hooks, clock: () => BEGIN + Date.now() - startedAt });
running.stack = stack;
const server = await startOperationsPage(stack, operations, { pageUrl: "http://127.0.0.1:4624" });
const newSampleJob = sampleJobsOf(stack);

const upload = async (filename: string, sizeMib: number, fate?: Fate): Promise<void> => {
  await uploadTo(stack, newSampleJob?.(fate) ?? "", filename, new Uint8Array(sizeMib * MIB).fill(1));
  await stack.drain();
};
const pass = async (minutes: number): Promise<void> => {
  stack.advanceTime(minutes * MINUTE_MS);
  await stack.drain();
};

/** A morning: what is uploaded, how large in MiB, what becomes of it, and after how many minutes the next one comes. */
const MORNING: readonly (readonly [string, number, Fate | undefined, number])[] = [
  ["algebra-01.mp4", 24, undefined, 4],
  ["algebra-02.mp4", 31, undefined, 3],
  ["welcome-week.mov", 12, undefined, 6],
  ["slides-week-3.mp4", 2, "rejects", 5],
  ["lab-safety.mp4", 18, undefined, 2],
  ["podcast-041.wav", 40, undefined, 7],
  ["field-trip.mp4", 26, undefined, 3],
  ["podcast-042.wav", 36, undefined, 1],
  ["botany-07.mp4", 22, undefined, 6],
  ["botany-08.mp4", 21, undefined, 6],
  ["history-11.mp4", 28, undefined, 3],
  ["keynote-2026.mp4", 48, "needs-review", 1],
  ["seminar-room-b.mp4", 33, "never-answers", 1],
  ["history-12.mp4", 30, undefined, 0],
  ["library-tour.mov", 9, "down", 0],
];
for (const [filename, sizeMib, fate, minutes] of MORNING) {
  await upload(filename, sizeMib, fate);
  await pass(minutes);
}

const browser = await launchChromium();
const context = await browser.newContext({ viewport: { width: 1120, height: 720 } });
const page = await context.newPage();
await page.goto(server.url);
await page.locator("#connection[data-state=ready]").waitFor();
await page.locator("#open li").first().waitFor();
await page.screenshot({ path: FILE, fullPage: true, animations: "disabled" });

await context.close();
await browser.close();
await server.close();
await stack.close();
