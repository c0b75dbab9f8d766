import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { startStack } from "../../dev/stack.ts";
import { startUploadPage } from "../../dev/web/server.ts";
import { launchChromium } from "./chromium.ts";
import { chooseFiles, jobIdOf, pressUpload, seesBadge, smallFile, taskIdOf } from "./person.ts";

/** `node test/browser/pictures.ts` takes the pictures for the README again. */

const FOLDER = fileURLToPath(new URL("../../docs/pictures/", import.meta.url));
const MIB = 1024 * 1024;

await mkdir(FOLDER, { recursive: true });
const stack = await startStack();
const server = await startUploadPage(stack);
const browser = await launchChromium();
const context = await browser.newContext({ viewport: { width: 1120, height: 720 } });
// Tens of megabytes go to the browser in memory.
context.setDefaultTimeout(120_000);
const page = await context.newPage();
const picture = (name: string) => page.screenshot({ path: `${FOLDER}${name}.png`, animations: "disabled" });

await page.goto(server.url);
await page.locator("#connection[data-state=ready]").waitFor();
await picture("1-open");

await chooseFiles(page, [smallFile("lecture-12.mp4", 40 * MIB), smallFile("interview.wav", 8 * MIB)]);
await jobIdOf(page, "lecture-12.mp4");
await jobIdOf(page, "interview.wav");
await picture("2-choose");

// cielo24 stops reading in the middle while the picture is taken.
const reading = { action: "POST job/add_media", kind: "stopReading", fraction: 0.1, resumesAfterMs: 4_000 } as const;
stack.cielo24?.faults.add({ ...reading, jobId: await jobIdOf(page, "lecture-12.mp4") });
await pressUpload(page);
await taskIdOf(page, "interview.wav");
await seesBadge(page, "lecture-12.mp4", "Delivering");
await picture("3-deliver");

await taskIdOf(page, "lecture-12.mp4");
await seesBadge(page, "lecture-12.mp4", "Delivered");
await picture("4-delivered");

await page.emulateMedia({ colorScheme: "dark" });
await picture("dark");

await context.close();
await browser.close();
await server.close();
await stack.close();
