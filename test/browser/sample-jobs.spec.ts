import { describe, expect, it } from "@jest/globals";
import { chooseFiles, jobIdOf, pressUpload, problemOf, rowOf, seesBadge, smallFile } from "./person.ts";
import { useUploadPage } from "./upload-page.ts";

const local = useUploadPage();

describe("a sample job", () => {
  it("may have a fate, so that a person can see what happens otherwise", async () => {
    const { page, stack } = local.opened;
    await chooseFiles(page, smallFile("refused.mp4"));
    const first = await jobIdOf(page, "refused.mp4");
    const row = rowOf(page, "refused.mp4");
    await row.getByLabel("What becomes of the sample job's media").selectOption({ label: "cielo24 refuses the media" });
    await row.getByRole("button", { name: "New sample job" }).click();
    const jobId = await jobIdOf(page, "refused.mp4", { not: first });
    await pressUpload(page);
    await seesBadge(page, "refused.mp4", "Not delivered");
    expect(await problemOf(page, "refused.mp4")).toContain("The file holds no media that can be captioned.");
    expect((await stack.ledger.read(jobId))?.state).toBe("REJECTED");
  });
});
