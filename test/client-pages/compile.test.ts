import { beforeAll, describe, expect, it } from "@jest/globals";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { useFolder } from "../harness/folder.ts";
import { compile, installPackage, linkPackage } from "../harness/installed-package.ts";
import { readExamples } from "./examples.ts";

/** The kinds of modules that applications with a bundler have, or Node. */
const MODULES = ["node20", "nodenext", "preserve"];
const OPTIONS = { skipLibCheck: true, allowImportingTsExtensions: true };

const useApplication = (page: string) => {
  const folder = useFolder();
  const examples = readExamples(page);
  beforeAll(async () => {
    await installPackage(folder.path);
    for (const { name, code } of examples) await writeFile(folder.file(name), code);
  });
  return { folder, names: examples.map(({ name }) => name) };
};

describe("the examples of docs/clients/client.md", () => {
  const { folder, names } = useApplication("docs/clients/client.md");
  it.each(MODULES)("compile in a strict application, for `module: %s`", async (module) => {
    expect(names).toEqual(["upload.ts"]);
    expect(await compile(folder.path, names, { module })).toBe("");
  });
});

describe("the examples of docs/clients/uppy.md", () => {
  const { folder, names } = useApplication("docs/clients/uppy.md");
  const OF_OLDER = "aws-s3-callbacks.ts";
  beforeAll(async () => {
    for (const name of ["core", "dashboard", "golden-retriever", "aws-s3"])
      await linkPackage(folder.path, `@uppy/${name}`);
    // What the page has applications copy.
    await cp("web/uppy", folder.file("uppy"), { recursive: true });
    // Uppy 5, for an application of its own.
    await mkdir(folder.file("older"));
    await cp(folder.file(OF_OLDER), folder.file(`older/${OF_OLDER}`));
    await cp("web/uppy", folder.file("older/uppy"), { recursive: true });
    for (const name of ["core", "aws-s3"])
      await linkPackage(folder.file("older"), `@uppy/${name}`, "test/browser/older-uppy/5/node_modules");
  });

  it.each(MODULES)("compile in a strict application, for `module: %s`", async (module) => {
    const ofUppy6 = names.filter((name) => name !== OF_OLDER);
    expect(ofUppy6).toEqual(["two-lines.ts", "application.ts", "aws-s3.ts", "sign-upload.ts"]);
    expect(await compile(folder.path, ofUppy6, { module, ...OPTIONS })).toBe("");
  });

  it("compile with Uppy 5", async () => {
    expect(await compile(folder.path, [`older/${OF_OLDER}`], { module: "preserve", ...OPTIONS })).toBe("");
  });
});
