import type { Locator, Page } from "playwright-core";

/** A file that is small enough to be passed to the browser in memory. Nothing can be told of its bytes. */
export const smallFile = (name: string, sizeBytes = 300_000) => ({
  name,
  mimeType: name.endsWith(".wav") ? "audio/wav" : "video/mp4",
  buffer: Buffer.alloc(sizeBytes, `\0${name}`),
});

export const chooseFiles = async (page: Page, files: Parameters<Locator["setInputFiles"]>[0]): Promise<void> => {
  const input = page.locator(".uppy-Dashboard-input").first();
  if ((await input.count()) === 0) await page.getByRole("button", { name: "Add more files" }).click();
  await input.setInputFiles(files);
};

export const pressUpload = (page: Page): Promise<void> =>
  page.getByRole("button", { name: /^Upload \+?\d+ files?$/ }).click();

/** The row of a file in the list of jobs; if it was chosen several times, the last one. */
export const rowOf = (page: Page, name: string): Locator =>
  page
    .locator(".medium")
    .filter({ has: page.getByRole("heading", { name, exact: true }) })
    .last();

/** The id of the file's job, once it has one that is not `not`. */
export const jobIdOf = async (page: Page, name: string, { not = "" } = {}): Promise<string> => {
  await rowOf(page, name).waitFor();
  for (;;) {
    const jobId = await rowOf(page, name).locator("input").inputValue();
    if (jobId !== "" && jobId !== not) return jobId;
  }
};

/** The file's TaskId, once it is shown. */
export const taskIdOf = async (page: Page, name: string): Promise<string> => {
  const taskId = rowOf(page, name)
    .locator(".task-id")
    .filter({ hasText: /^[0-9a-f]{32}$/ });
  await taskId.waitFor();
  return (await taskId.textContent()) ?? "";
};

/** Waits until the file's badge shows this text. */
export const seesBadge = (page: Page, name: string, text: string | RegExp): Promise<void> =>
  rowOf(page, name).locator(".badge").filter({ hasText: text }).waitFor();

/** The text of a file's problem, once there is one. */
export const problemOf = async (page: Page, name: string): Promise<string> => {
  const problem = rowOf(page, name).locator(".problem:not([hidden])");
  await problem.waitFor();
  return (await problem.textContent()) ?? "";
};

/** A notice of Uppy's above its files. */
export const notice = (page: Page, text: RegExp): Locator =>
  page.locator(".uppy-Informer").filter({ hasText: text }).first();
