import { beforeAll } from "@jest/globals";
import { open, truncate } from "node:fs/promises";
import { useFolder } from "../harness/folder.ts";

/** A sparse file for the tests of a file: it takes no space on disk, whatever its size. */
export const useFileOnDisk = (name: string, sizeBytes: number): { readonly path: string } => {
  const folder = useFolder();
  beforeAll(async () => {
    const path = folder.file(name);
    await (await open(path, "w")).close();
    await truncate(path, sizeBytes);
  });
  return {
    get path() {
      return folder.file(name);
    },
  };
};
