import { afterEach, describe, expect, it } from "@jest/globals";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { launchChromium } from "./chromium.ts";
import { chooseFiles, jobIdOf, pressUpload, smallFile, taskIdOf } from "./person.ts";
import { SCREENSHOTS } from "./screenshots.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
let browser: Browser | undefined;
let start: ReturnType<typeof startInTerminal> | undefined;

/** `npm start` as in a terminal: a signal goes to it and to all processes that it starts. */
const startInTerminal = () => {
  const npm = spawn("npm", ["start"], {
    cwd: ROOT,
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, NO_COLOR: "1" },
  });
  const kill = (signal: NodeJS.Signals) => {
    try {
      if (npm.pid !== undefined) process.kill(-npm.pid, signal);
    } catch {
      // They have all ended.
    }
  };
  return { lines: createInterface({ input: npm.stdout }), kill };
};

describe("whoever sees the project for the first time", () => {
  afterEach(async () => {
    start?.kill("SIGKILL");
    await browser?.close();
  });

  it("starts it, opens the page that it prints, uploads a file of their own, and ends it with Ctrl-C", async () => {
    start = startInTerminal();
    browser = await launchChromium();
    const page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
    const printed: string[] = [];
    for await (const line of start.lines) {
      printed.push(line);
      const address = /^Open (http:\S+) in your browser\.$/.exec(line)?.[1];
      if (address === undefined) continue;
      await page.goto(address);
      await chooseFiles(page, smallFile("my own.mp4"));
      await jobIdOf(page, "my own.mp4");
      await pressUpload(page);
      expect(await taskIdOf(page, "my own.mp4")).toMatch(/^[0-9a-f]{32}$/);
      await page.screenshot({ path: join(SCREENSHOTS, "first-time.png"), fullPage: true });
      start.kill("SIGINT");
    }
    expect(printed.at(-1)).toBe("stopped");
  });
});
