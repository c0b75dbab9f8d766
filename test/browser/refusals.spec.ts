import { describe, expect, it } from "@jest/globals";
import { createClient } from "../../client/index.ts";
import { useFileOnDisk } from "./file-on-disk.ts";
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
import { holdPut, requestsFor } from "./store.ts";
import { useUploadPage } from "./upload-page.ts";

const GIB = 1024 ** 3;
const local = useUploadPage();
const huge = useFileOnDisk("archive.mp4", 10 * GIB);

const jobField = (name: string) => rowOf(local.opened.page, name).getByLabel("cielo24 job id");

describe("the page refuses, and says what to do next, for", () => {
  it("a file that is neither video nor audio", async () => {
    const { page, picture } = local.opened;
    await chooseFiles(page, { name: "setup.exe", mimeType: "application/x-msdownload", buffer: Buffer.from("MZ") });
    await notice(page, /neither video nor audio\. Choose a file such as/).waitFor();
    await picture("refusals-1-type");
    await page.getByText("Nothing here yet").waitFor();
  });

  it("a file that is larger than cielo24 takes", async () => {
    const { page, picture } = local.opened;
    await chooseFiles(page, huge.path);
    await notice(page, /archive\.mp4 is too large: cielo24 takes up to 10.00 GB\. Cut it, or compress it/).waitFor();
    await picture("refusals-2-size");
  });

  it("an empty file", async () => {
    const { page } = local.opened;
    await chooseFiles(page, { name: "empty.mp4", mimeType: "video/mp4", buffer: Buffer.alloc(0) });
    await notice(page, /is empty\. Choose another one/).waitFor();
  });

  it("a job that has its media: another job takes the file", async () => {
    const { page, stack, picture } = local.opened;
    await chooseFiles(page, smallFile("first.mp4"));
    const usedJobId = await jobIdOf(page, "first.mp4");
    await pressUpload(page);
    await taskIdOf(page, "first.mp4");
    await chooseFiles(page, smallFile("second.mp4"));
    await jobIdOf(page, "second.mp4");
    await jobField("second.mp4").fill(usedJobId);
    await pressUpload(page);
    expect(await problemOf(page, "second.mp4")).toMatch(/The job has its media.*Give another job, then press “Retry”/);
    await seesBadge(page, "second.mp4", "Not uploaded");
    await picture("refusals-3-job-has-media");
    await rowOf(page, "second.mp4").getByRole("button", { name: "New sample job" }).click();
    await jobIdOf(page, "second.mp4", { not: usedJobId });
    await page.getByRole("button", { name: "Retry upload" }).last().click();
    const taskId = await taskIdOf(page, "second.mp4");
    expect(stack.cielo24?.acceptances.at(-1)).toMatchObject({ taskId });
    expect(stack.cielo24?.posts.filter((each) => each.jobId === usedJobId)).toHaveLength(1);
  });

  it("a file whose job took another one while it went up", async () => {
    const { page, stack, picture } = local.opened;
    await chooseFiles(page, smallFile("mine.mp4"));
    const jobId = await jobIdOf(page, "mine.mp4");
    const { held } = await holdPut(page);
    await pressUpload(page);
    const put = await held;
    const { uploadMedia, waitForDelivery } = createClient({
      baseUrl: stack.apiUrl,
      token: () => stack.token({ sub: "you", scope: "media.write media.read" }),
    });
    await uploadMedia({ jobId, source: new Blob(["an\0ther one"]) });
    await waitForDelivery({ jobId });
    await put.continue();
    expect(await problemOf(page, "mine.mp4")).toMatch(/took another medium.*again, for another job/);
    await seesBadge(page, "mine.mp4", "Not delivered");
    await picture("refusals-7-other-medium");
    expect(stack.cielo24?.posts.filter((each) => each.jobId === jobId)).toHaveLength(1);
  });

  it("a file without a job, and brings the keyboard to where the job goes", async () => {
    const { page, picture } = local.opened;
    await chooseFiles(page, smallFile("lecture.mp4"));
    await jobIdOf(page, "lecture.mp4");
    await jobField("lecture.mp4").fill("12ab");
    await pressUpload(page);
    expect(await problemOf(page, "lecture.mp4")).toMatch(/no job id.*copy all of it/);
    await picture("refusals-4-no-job");
    const field = jobField("lecture.mp4");
    expect(await page.evaluate("document.activeElement.id")).toBe(await field.getAttribute("id"));
    expect(await field.getAttribute("aria-invalid")).toBe("true");
  });

  it("two files of one job", async () => {
    const { page } = local.opened;
    await chooseFiles(page, [smallFile("one.mp4"), smallFile("two.mp4")]);
    const jobId = await jobIdOf(page, "one.mp4");
    await jobIdOf(page, "two.mp4");
    await jobField("two.mp4").fill(jobId);
    await pressUpload(page);
    expect(await problemOf(page, "two.mp4")).toMatch(/Another file has this job.*give each file its own/);
  });

  it("a job that cielo24 does not know, before anything goes up: another job takes the file", async () => {
    const { page, stack, picture } = local.opened;
    const unknownJobId = "0123456789abcdef0123456789abcdef";
    await chooseFiles(page, smallFile("lecture.mp4"));
    await jobIdOf(page, "lecture.mp4");
    await jobField("lecture.mp4").fill(unknownJobId);
    await pressUpload(page);
    expect(await problemOf(page, "lecture.mp4")).toMatch(
      /No such job.*Check the job id: cielo24 may not know it.*then press “Retry”/i,
    );
    await seesBadge(page, "lecture.mp4", "Not uploaded");
    expect(requestsFor(stack, unknownJobId)).toEqual([]);
    await picture("refusals-5-unknown-job");
    await rowOf(page, "lecture.mp4").getByRole("button", { name: "New sample job" }).click();
    await jobIdOf(page, "lecture.mp4", { not: unknownJobId });
    await page.getByRole("button", { name: "Retry upload" }).last().click();
    const taskId = await taskIdOf(page, "lecture.mp4");
    expect(stack.cielo24?.acceptances.at(-1)).toMatchObject({ taskId });
  });

  it("an address that is none, and one that cielo24 may not fetch", async () => {
    const { page, picture } = local.opened;
    const address = page.getByLabel("Address of the media");
    const problem = page.getByRole("alert").filter({ hasText: /./ });
    await address.fill("lecture.mp4");
    await address.press("Enter");
    await problem.filter({ hasText: "Give one that starts with https://" }).waitFor();
    await address.fill("https://127.0.0.1/lecture.mp4");
    await address.press("Enter");
    await problem.filter({ hasText: "Give a public https URL" }).waitFor();
    await picture("refusals-6-address");
    expect(await address.inputValue()).toBe("https://127.0.0.1/lecture.mp4");
  });
});
