import { describe, expect, it } from "@jest/globals";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { launchChromium } from "./chromium.ts";
import { chooseFiles, jobIdOf, pressUpload, smallFile, taskIdOf } from "./person.ts";
import { SCREENSHOTS } from "./screenshots.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

describe("whoever sees the project for the first time", () => {
  it("starts it, opens the page that it prints, uploads a file of their own, and ends it with Ctrl-C", async () => {
    const start = spawn("npm", ["start"], { cwd: ROOT, detached: true, stdio: ["ignore", "pipe", "inherit"] });
    const kill = (signal: NodeJS.Signals) => {
      if (start.pid !== undefined) process.kill(-start.pid, signal);
    };
    const browser = await launchChromium();
    const printed: string[] = [];
    try {
      for await (const line of createInterface({ input: start.stdout })) {
        printed.push(line);
        const address = /^Open (http:\S+) in your browser\.$/.exec(line)?.[1];
        if (address === undefined) continue;
        const page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
        await page.goto(address);
        await chooseFiles(page, smallFile("my own.mp4"));
        await jobIdOf(page, "my own.mp4");
        await pressUpload(page);
        expect(await taskIdOf(page, "my own.mp4")).toMatch(/^[0-9a-f]{32}$/);
        await page.screenshot({ path: join(SCREENSHOTS, "first-time.png"), fullPage: true });
        // Ctrl-C goes to all of a terminal's processes.
        kill("SIGINT");
      }
    } finally {
      await browser.close();
      if (printed.at(-1) !== "stopped") kill("SIGKILL");
    }
    expect(printed.at(-1)).toBe("stopped");
  });
});
