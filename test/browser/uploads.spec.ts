import { describe, expect, it } from "@jest/globals";
import { createHash } from "node:crypto";
import { useFileOnDisk } from "./file-on-disk.ts";
import { chooseFiles, jobIdOf, pressUpload, seesBadge, smallFile, taskIdOf } from "./person.ts";
import { count, holdPart, requestsFor } from "./store.ts";
import { openPage, useUploadPage } from "./upload-page.ts";

const MIB = 1024 * 1024;
/** 120 MiB in parts of 8 MiB. */
const PARTS = 15;
const local = useUploadPage({ stack: { fetchMedia: () => Promise.resolve(new Uint8Array(1000)) } });
const large = useFileOnDisk("conference.mp4", 120 * MIB);
const seminar = useFileOnDisk("seminar.mp4", MIB);

describe("uploading", () => {
  it("takes a file to cielo24 with a single PUT, and shows the TaskId", async () => {
    const { page, stack, picture } = local.opened;
    await picture("uploads-1-empty");
    const file = smallFile("lecture.mp4", 3 * MIB);
    await chooseFiles(page, file);
    const jobId = await jobIdOf(page, "lecture.mp4");
    await picture("uploads-2-chosen");
    await pressUpload(page);
    const taskId = await taskIdOf(page, "lecture.mp4");
    await seesBadge(page, "lecture.mp4", "Delivered");
    await picture("uploads-3-delivered");
    expect(stack.cielo24?.acceptances).toMatchObject([
      { jobId, taskId, sizeBytes: 3 * MIB, sha256: createHash("sha256").update(file.buffer).digest("hex") },
    ]);
    expect(requestsFor(stack, jobId)).toEqual(["PutObject 200"]);
  });

  it("takes 120 MiB there in parts", async () => {
    const { page, stack, picture } = local.opened;
    await chooseFiles(page, large.path);
    const jobId = await jobIdOf(page, "conference.mp4");
    const { held } = await holdPart(page);
    await pressUpload(page);
    const part = await held;
    await picture("uploads-4-in-parts");
    await part.continue();
    const taskId = await taskIdOf(page, "conference.mp4");
    expect(stack.cielo24?.acceptances.at(-1)).toMatchObject({ jobId, taskId, sizeBytes: 120 * MIB });
    expect(requestsFor(stack, jobId)).toEqual([
      "CreateMultipartUpload 200",
      ...Array.from({ length: PARTS }, () => "UploadPart 200"),
      // The proxy counts the bytes before it signs the completion.
      "ListParts 200",
      "CompleteMultipartUpload 200",
    ]);
  });

  it("takes several files, each with a job of its own", async () => {
    const { page, stack } = local.opened;
    await chooseFiles(page, [smallFile("one.mp4"), smallFile("two.wav"), smallFile("three.mp4")]);
    const names = ["one.mp4", "two.wav", "three.mp4"];
    const jobIds = await Promise.all(names.map((name) => jobIdOf(page, name)));
    await pressUpload(page);
    const taskIds = await Promise.all(names.map((name) => taskIdOf(page, name)));
    expect(new Set(jobIds).size).toBe(3);
    expect(taskIds).toEqual(
      jobIds.map((jobId) => stack.cielo24?.acceptances.find((each) => each.jobId === jobId)?.taskId),
    );
  });

  it("takes the same file again for another job, and keeps both in the list", async () => {
    const { page, stack, url, picture } = local.opened;
    await chooseFiles(page, seminar.path);
    await jobIdOf(page, "seminar.mp4");
    await pressUpload(page);
    const first = await taskIdOf(page, "seminar.mp4");
    await page.getByRole("button", { name: "Done", exact: true }).click();
    await chooseFiles(page, seminar.path);
    await seesBadge(page, "seminar.mp4", "Ready");
    await jobIdOf(page, "seminar.mp4");
    await pressUpload(page);
    const second = await taskIdOf(page, "seminar.mp4");
    await picture("uploads-8-same-file-again");
    expect(stack.cielo24?.acceptances.slice(-2).map(({ taskId }) => taskId)).toEqual([first, second]);
    await openPage(page, url);
    expect(await taskIdOf(page, "seminar.mp4")).toBe(second);
    await page.getByText(first).waitFor();
  });

  it("pauses, and goes on without sending a part twice", async () => {
    const { page, stack, picture } = local.opened;
    await chooseFiles(page, large.path);
    const jobId = await jobIdOf(page, "conference.mp4");
    const { held } = await holdPart(page);
    await pressUpload(page);
    await held;
    await page.getByRole("button", { name: "Pause", exact: true }).click();
    await seesBadge(page, "conference.mp4", "Paused");
    await picture("uploads-5-paused");
    await page.getByRole("button", { name: "Resume", exact: true }).click();
    await taskIdOf(page, "conference.mp4");
    expect(count(requestsFor(stack, jobId), "UploadPart 200")).toBe(PARTS);
    expect(stack.cielo24?.posts.filter((each) => each.jobId === jobId)).toHaveLength(1);
  });

  it("cancels, and leaves no parts behind", async () => {
    const { page, stack } = local.opened;
    await chooseFiles(page, large.path);
    const jobId = await jobIdOf(page, "conference.mp4");
    const { held } = await holdPart(page);
    await pressUpload(page);
    await held;
    const aborted = page.waitForResponse((response) => response.request().method() === "DELETE");
    await page.getByRole("button", { name: "Cancel", exact: true }).first().click();
    expect((await aborted).status()).toBe(204);
    await page.getByText("Nothing here yet").waitFor();
    expect(requestsFor(stack, jobId)).toContain("AbortMultipartUpload 204");
    expect(stack.cielo24?.acceptances.some((each) => each.jobId === jobId)).toBe(false);
  });

  it("has cielo24 fetch a medium by its URL", async () => {
    const { page, stack, picture } = local.opened;
    await page.getByLabel("Address of the media").fill(`${stack.s3.url}/lecture.mp4`);
    await page.getByRole("button", { name: "Add by URL" }).click();
    await page.getByRole("alert").filter({ hasText: /./ }).waitFor();
    await picture("uploads-6-address-refused");
    await page.getByLabel("Address of the media").fill("https://media.example.org/talk.mp4");
    await page.getByRole("button", { name: "Add by URL" }).click();
    const taskId = await taskIdOf(page, "https://media.example.org/talk.mp4");
    await picture("uploads-7-by-url");
    expect(stack.cielo24?.acceptances.at(-1)).toMatchObject({ taskId, via: "url" });
  });
});
