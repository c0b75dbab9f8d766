import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { startApplication } from "./application.ts";
import { useFileOnDisk } from "./file-on-disk.ts";
import { count, holdPart, requestsFor } from "./store.ts";
import { useUploadPage } from "./upload-page.ts";

const MIB = 1024 * 1024;
const HOUR_MS = 3_600_000;
const PARTS = 24;

describe.each([
  ["@uppy/aws-s3 4, with the callbacks", "older-uppy/4/page.ts"],
  ["@uppy/aws-s3 5, with the callbacks", "older-uppy/5/page.ts"],
  ["@uppy/aws-s3 6, with the options", "uppy-6/glue.ts"],
])("%s that an application copies", (_uploader, entry) => {
  const local = useUploadPage();
  const small = useFileOnDisk("lecture one.mp4", MIB);
  const large = useFileOnDisk("conference.mp4", 120 * MIB);
  let application: Awaited<ReturnType<typeof startApplication>>;
  let jobId: string;

  beforeEach(async () => {
    const { page, stack } = local.opened;
    jobId = stack.cielo24?.addJob() ?? "";
    application = await startApplication(stack, entry);
    await page.goto(`${application.url}/#${jobId}`);
    await seesState("ready");
  });
  afterEach(() => application.close());

  const seesState = (text: string) => local.opened.page.locator("#state").filter({ hasText: text }).waitFor();
  const choose = (path: string) => local.opened.page.locator("#file").setInputFiles(path);
  const press = (name: string) => local.opened.page.getByRole("button", { name }).click();
  /** Expects one upload of all parts and one delivery. @returns how many parts were stored, repeated ones included */
  const expectOneDelivery = async () => {
    const { stack } = local.opened;
    await stack.drain();
    const requests = requestsFor(stack, jobId);
    expect(count(requests, "CreateMultipartUpload 200")).toBe(1);
    expect(count(requests, "CompleteMultipartUpload 200")).toBe(1);
    expect(stack.cielo24?.acceptances.filter((each) => each.jobId === jobId)).toMatchObject([{ sizeBytes: 120 * MIB }]);
    return count(requests, "UploadPart 200");
  };

  it("uploads a small file with one PUT", async () => {
    const { stack } = local.opened;
    await choose(small.path);
    await seesState("uploaded");
    await stack.drain();
    expect(requestsFor(stack, jobId)).toEqual(["PutObject 200"]);
    expect(stack.cielo24?.acceptances).toMatchObject([{ jobId, sizeBytes: MIB }]);
  });

  it("uploads 120 MiB in parts", async () => {
    await choose(large.path);
    await seesState("uploaded");
    expect(await expectOneDelivery()).toBe(PARTS);
  });

  it("pauses, and goes on with the same upload", async () => {
    const { held } = await holdPart(local.opened.page);
    await choose(large.path);
    await held;
    await press("Pause");
    await press("Resume");
    await seesState("uploaded");
    // Pausing aborts the parts being sent, so one that had just arrived is sent again.
    expect(await expectOneDelivery()).toBeGreaterThanOrEqual(PARTS);
  });

  it("has a part signed again whose URL expired on the way", async () => {
    const { page, stack } = local.opened;
    const { held } = await holdPart(page);
    await choose(large.path);
    const part = await held;
    stack.advanceTime(2 * HOUR_MS);
    await part.continue();
    await seesState("uploaded");
    expect(count(requestsFor(stack, jobId), "UploadPart 403")).toBeGreaterThan(0);
    expect(await expectOneDelivery()).toBe(PARTS);
  });

  it("cancels, and leaves no parts behind", async () => {
    const { page, stack } = local.opened;
    const { held } = await holdPart(page);
    await choose(large.path);
    await held;
    const aborted = page.waitForResponse((response) => response.request().method() === "DELETE");
    await press("Cancel");
    expect((await aborted).status()).toBe(204);
    expect(requestsFor(stack, jobId)).toContain("AbortMultipartUpload 204");
  });
});
