import { afterAll, beforeAll } from "@jest/globals";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A temporary folder, which is removed when it is disposed of. */
export const makeFolder = async () => {
  const path = await mkdtemp(join(tmpdir(), "test-"));
  return {
    path,
    file: (name: string) => join(path, name),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
};

/** A temporary folder for the tests of a file. */
export const useFolder = () => {
  let folder: Awaited<ReturnType<typeof makeFolder>>;
  beforeAll(async () => {
    folder = await makeFolder();
  });
  afterAll(() => folder[Symbol.asyncDispose]());
  return {
    get path() {
      return folder.path;
    },
    file: (name: string) => folder.file(name),
  };
};
