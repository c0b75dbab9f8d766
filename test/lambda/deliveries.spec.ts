import { expect, it } from "@jest/globals";
import { createHash } from "node:crypto";
import { virtualContent } from "../../dev/s3/content.ts";
import { usePackaged } from "./use-packaged.ts";

const MIB = 1024 * 1024;
/** How much more memory a large delivery may take than the process has after a small one. */
const MAX_GROWTH_MIB = 16;
/** As `place` makes objects. */
const SEED = 7;

const sha256OfVirtual = async (sizeBytes: number): Promise<string> => {
  const hash = createHash("sha256");
  for await (const piece of virtualContent(sizeBytes, SEED).read(0, sizeBytes)) hash.update(piece);
  return hash.digest("hex");
};

const local = usePackaged({ stack: { maximumConcurrency: 1 } });

it("delivers 64 MiB and then 1 GiB whole, from one environment whose memory does not grow with the file", async () => {
  const deliver = async (sizeBytes: number) => {
    const job = local.newJob();
    local.send(local.event(local.place(job, sizeBytes)));
    await local.stack.drain();
    expect(local.taken(job)).toMatchObject([{ sizeBytes, sha256: await sha256OfVirtual(sizeBytes) }]);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED" });
  };
  await deliver(64 * MIB);
  const [environment, ...others] = local.environments("deliver-media");
  if (!environment) throw new Error("deliver-media has not run");
  const before = environment.rssBytes();
  environment.resetPeak();
  await deliver(1024 * MIB);
  const grownMiB = (environment.peakRssBytes() - before) / MIB;
  expect(grownMiB).toBeLessThan(MAX_GROWTH_MIB);
  expect(others).toEqual([]);
  expect(environment.initsMs()).toHaveLength(1);
  process.stdout.write(`RSS ${(before / MIB).toFixed(0)} MiB after 64 MiB; 1 GiB takes ${grownMiB.toFixed(1)} more\n`);
});
