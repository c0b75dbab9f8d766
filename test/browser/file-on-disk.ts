import { afterAll, beforeAll } from "@jest/globals";
import { mkdtemp, open, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A file on disk, mostly a hole: it takes no room, whatever its size. There before the first test, gone after the last. */
export const useFileOnDisk = (name: string, sizeBytes: number): { readonly path: string } => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "large-file-"));
    const path = join(folder, name);
    await (await open(path, "w")).close();
    await truncate(path, sizeBytes);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return {
    get path() {
      return join(folder, name);
    },
  };
};
