import { describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { useDrops } from "../../harness/drops.ts";
import { sha256 } from "../../harness/sha256.ts";

const asUuid = (jobId: string): string => jobId.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");

describe("a folder that spells its job in another way", () => {
  const local = useDrops();

  it.each<[string, (jobId: string) => string]>([
    ["upper case", (jobId) => jobId.toUpperCase()],
    ["the hyphens of a UUID", asUuid],
    ["both", (jobId) => asUuid(jobId).toUpperCase()],
  ])("fault 35, fault 60: is the job's own, in %s", async (_how, spell) => {
    const job = local.newJob();
    const bytes = randomBytes(2_000);
    const { key } = await local.drop(spell(job), bytes);
    await local.finish();
    expect(local.taken(job)).toMatchObject([{ sha256: sha256(bytes) }]);
    expect(await local.row(job)).toMatchObject({ jobId: job, state: "DELIVERED", media: { key } });
    expect(local.announced(job)).toEqual(["Media Delivered"]);
  });

  it("takes one medium all the same, whichever folder it comes from", async () => {
    const job = local.newJob();
    const first = randomBytes(2_000);
    await local.drop(job, first);
    await local.finish();
    await local.drop(asUuid(job));
    await local.drop(job.toUpperCase());
    await local.finish();
    expect(local.taken(job)).toMatchObject([{ sha256: sha256(first) }]);
  });

  it("may have the marker of a folder, of which nobody hears", async () => {
    const job = local.newJob();
    for (const spelt of [asUuid(job), job.toUpperCase()]) await local.drop(spelt, Buffer.alloc(0), "");
    await local.finish();
    expect(await local.row(job)).toBeUndefined();
    expect(local.events()).toEqual([]);
  });
});
