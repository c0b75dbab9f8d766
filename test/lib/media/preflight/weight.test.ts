import { describe, expect, it } from "@jest/globals";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bundle } from "../../../../scripts/package/bundle.ts";
import { zipOf } from "../../../../scripts/package/zip.ts";

describe("the look at the bytes", () => {
  it("adds at most 75 KiB to the zip of a function", async () => {
    const here = await mkdtemp(join(import.meta.dirname, "weight-"));
    try {
      const entry = join(here, "entry.ts");
      await writeFile(entry, 'export { judge, lookAt } from "../../../../../lib/media/preflight/preflight.ts";\n');
      const zip = await zipOf("handler.js", await bundle(entry));
      expect(zip.length).toBeLessThanOrEqual(75 * 1024);
    } finally {
      await rm(here, { recursive: true });
    }
  });
});
