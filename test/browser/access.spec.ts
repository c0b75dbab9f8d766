import AxeBuilder from "@axe-core/playwright";
import { describe, expect, it } from "@jest/globals";
import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { chooseFiles, jobIdOf, notice, pressUpload, problemOf, rowOf, smallFile, taskIdOf } from "./person.ts";
import { useUploadPage } from "./upload-page.ts";

const local = useUploadPage();
const WIDTHS = [1200, 360];
const SCHEMES = ["light", "dark"] as const;

/** axe's serious and critical findings, as `rule: element`. */
const findings = async (page: Page): Promise<string[]> => {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${target.join(" ")} ${failureSummary ?? ""}`),
    );
};

/** Switches off animations, so that colours are not judged in the middle of a fade. */
const STILL = `{
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("* { transition: none !important; animation: none !important } .uppy-Informer-animated { opacity: 1 !important }");
  document.adoptedStyleSheets.push(sheet);
}`;

const fits = (page: Page): Promise<unknown> =>
  page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth");

describe.each(SCHEMES.flatMap((scheme) => WIDTHS.map((width) => ({ scheme, width }))))(
  "in $scheme colours, $width pixels wide",
  ({ scheme, width }) => {
    const check = async (state: string): Promise<void> => {
      const { page, picture } = local.opened;
      await picture(`access-${scheme}-${width}-${state}`);
      expect(await findings(page)).toEqual([]);
      expect(await fits(page)).toBe(true);
    };

    it("the page has no serious or critical finding of axe's, from the first file to the TaskId", async () => {
      const { page } = local.opened;
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize({ width, height: 800 });
      await page.evaluate(STILL);
      await check("1-empty");

      await chooseFiles(page, { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("notes") });
      await notice(page, /notes\.txt is left out/).waitFor();
      await chooseFiles(page, [smallFile("lecture.mp4"), smallFile("interview with the dean of 2026-11-24.wav")]);
      await jobIdOf(page, "lecture.mp4");
      const jobId = await jobIdOf(page, "interview with the dean of 2026-11-24.wav");
      await check("2-chosen");

      await rowOf(page, "lecture.mp4").getByLabel("cielo24 job id").fill("12ab");
      await pressUpload(page);
      await problemOf(page, "lecture.mp4");
      await check("3-problem");

      await rowOf(page, "lecture.mp4").getByRole("button", { name: "New sample job" }).click();
      await jobIdOf(page, "lecture.mp4", { not: "12ab" });
      await pressUpload(page);
      await taskIdOf(page, "lecture.mp4");
      await taskIdOf(page, "interview with the dean of 2026-11-24.wav");
      await page.getByRole("button", { name: "Done", exact: true }).waitFor();
      await check("4-delivered");

      await page.getByRole("button", { name: "Add more files" }).click();
      await page.locator(".uppy-Dashboard-AddFilesPanel .uppy-Dashboard-browse").waitFor();
      await check("5-adding");
      await chooseFiles(page, smallFile("late.mp4"));
      await jobIdOf(page, "late.mp4");
      await rowOf(page, "late.mp4").getByLabel("cielo24 job id").fill(jobId);
      await pressUpload(page);
      await problemOf(page, "late.mp4");
      await check("6-failed");

      const film = await readFile(new URL("../media/silent.mp4", import.meta.url));
      await chooseFiles(page, [
        { name: "silent.mp4", mimeType: "video/mp4", buffer: film },
        { name: "cut.mp4", mimeType: "video/mp4", buffer: film.subarray(0, 600) },
      ]);
      await rowOf(page, "silent.mp4").locator(".warning").waitFor();
      await problemOf(page, "cut.mp4");
      await check("7-held-back");
    });
  },
);

describe("with the keyboard alone", () => {
  it("a file is chosen, uploaded, and its TaskId copied", async () => {
    const { page, context } = local.opened;
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    const press = async (name: RegExp) => {
      for (let steps = 0; steps < 40; steps += 1) {
        await page.keyboard.press("Tab");
        const focused = await page.evaluate(
          "document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText",
        );
        if (name.test(String(focused))) return page.keyboard.press("Enter");
      }
      throw new Error(`Nothing called ${String(name)} can be reached with Tab`);
    };
    const [chooser] = await Promise.all([page.waitForEvent("filechooser"), press(/^browse files$/)]);
    await chooser.setFiles(smallFile("lecture.mp4"));
    await jobIdOf(page, "lecture.mp4");
    await press(/^Upload 1 file$/);
    const taskId = await taskIdOf(page, "lecture.mp4");
    await press(/^Copy\s+the TaskId of lecture\.mp4$/);
    await page.getByRole("button", { name: "Copied the TaskId of lecture.mp4" }).waitFor();
    expect(await page.evaluate("navigator.clipboard.readText()")).toBe(taskId);
  });

  it("people who do not see the page hear how it goes", async () => {
    const { page } = local.opened;
    const heard = page.getByRole("status").filter({ hasText: "lecture.mp4: Delivered" });
    await chooseFiles(page, smallFile("lecture.mp4"));
    await jobIdOf(page, "lecture.mp4");
    await pressUpload(page);
    await heard.waitFor({ state: "attached" });
  });
});
