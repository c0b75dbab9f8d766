import { beforeAll, describe, expect, it } from "@jest/globals";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { publint } from "publint";
import { createClient } from "../../client/index.ts";
import { readExamples } from "../client-pages/examples.ts";
import { useStack } from "../harness/stack.ts";
import { useFolder } from "../harness/folder.ts";
import { compile, installPackage } from "../harness/installed-package.ts";
import { arrivedAt, SCOPE, sha256 } from "./media.ts";

const run = promisify(execFile);

describe("the package of the client and the command line", () => {
  const local = useStack();
  const folder = useFolder();
  let token: string;
  const packageFolder = () => folder.file("node_modules/cielo24-proxy");
  const command = () => join(packageFolder(), "cli/cielo24-proxy.mjs");

  beforeAll(async () => {
    await installPackage(folder.path, ["@types/node", "@types/react", "@uppy/core", "react"]);
    token = await local.stack.token({ sub: "alice", scope: SCOPE });
  });
  const newJob = () => local.stack.cielo24?.addJob() ?? "";
  const write = (name: string, text: string) => writeFile(folder.file(name), text);
  const runNode = async (...args: readonly string[]): Promise<string> => {
    const env = {
      PATH: process.env["PATH"],
      CIELO24_PROXY_URL: local.stack.apiUrl,
      CIELO24_PROXY_TOKEN: token,
      XDG_STATE_HOME: folder.path,
    };
    return (await run(process.execPath, args, { cwd: folder.path, env })).stdout;
  };

  it("brings nothing with it", async () => {
    const manifest = JSON.parse(await readFile(join(packageFolder(), "package.json"), "utf8")) as object;
    for (const name of ["dependencies", "optionalDependencies", "devDependencies", "scripts", "private"])
      expect(manifest).not.toHaveProperty(name);
    // Except for what is bundled into the command line, with its licences.
    expect(await readFile(join(packageFolder(), "dist/cli/LICENSES.txt"), "utf8")).toMatch(
      /^cli-progress\n[\s\S]*^commander\n[\s\S]*^mediabunny\n\nSource: https:.*\n\nMozilla Public License/m,
    );
    // The client is for applications that have their own ideas of what to look at.
    expect(await readFile(join(packageFolder(), "dist/client/index.js"), "utf8")).not.toMatch(/matroska|mediabunny/i);
    expect(await readFile(join(packageFolder(), "dist/client/index.js"), "utf8")).not.toMatch(/\bnode:|\brequire\(/);
  });

  it("has nothing that publint complains of", async () => {
    expect((await publint({ pkgDir: packageFolder(), level: "suggestion" })).messages).toEqual([]);
  });

  it("needs Uppy only where it is used", async () => {
    const manifest = JSON.parse(await readFile(join(packageFolder(), "package.json"), "utf8")) as object;
    expect(manifest).toMatchObject({
      peerDependencies: { "@uppy/core": ">=5" },
      peerDependenciesMeta: { "@uppy/core": { optional: true } },
    });
    for (const file of ["index.js", "index.cjs"])
      expect(await readFile(join(packageFolder(), "dist/client", file), "utf8")).not.toContain("uppy");
  });

  it("tells of itself first, not of its command line, and links to nothing that is not in it", async () => {
    const readme = await readFile(join(packageFolder(), "README.md"), "utf8");
    expect(readme).toMatch(/^# cielo24-proxy$/m);
    expect(readme).toContain("npx cielo24-proxy --help");
    expect(readme.match(/\]\((?!https:|#)[^)]*\)/g) ?? []).toEqual([]);
  });

  const UPLOAD = `const { CIELO24_PROXY_URL: baseUrl, CIELO24_PROXY_TOKEN: token } = process.env;
    const client = createClient({ baseUrl, token });
    const jobId = process.argv[2];
    client.uploadMedia({ jobId, source: new Blob(["m\\0dia"]), filename: "a.mp4" })
      .then(() => client.waitForDelivery({ jobId }))
      .then((delivery) => console.log(JSON.stringify(delivery)));`;

  it.each([
    ["import", "upload.mjs", `import { createClient } from "cielo24-proxy/client";`],
    ["require", "upload.cjs", `const { createClient } = require("cielo24-proxy/client");`],
  ])("uploads by `%s` in plain Node", async (_way, file, beginning) => {
    const jobId = newJob();
    await write(file, `${beginning}\n${UPLOAD}`);
    expect(JSON.parse(await runNode(file, jobId))).toMatchObject({ state: "DELIVERED", jobId });
    expect(arrivedAt(local.stack, jobId)).toEqual([sha256(Buffer.from("m\0dia"))]);
  });

  it("uploads by its command", async () => {
    const jobId = newJob();
    await write("a.mp4", "m\0dia");
    expect(await runNode(command(), "upload", "a.mp4", "-j", jobId)).toMatch(/^Delivered: a\.mp4/);
    expect(arrivedAt(local.stack, jobId)).toHaveLength(1);
  });

  it("is without the operators' program, and says where that is", async () => {
    await expect(runNode(command(), "ops", "list")).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /without the operators' program\.\n {2}In a checkout of the project: npm ci && npx cielo24-proxy ops/,
      ) as unknown,
    });
  });

  it("looks into a file by its command", async () => {
    await write("page.mp4", "<!doctype html><title>Not found</title>");
    await expect(runNode(command(), "upload", "page.mp4", "-j", newJob())).rejects.toMatchObject({
      code: 3,
      stderr: expect.stringContaining("This is an HTML page") as unknown,
    });
  });

  describe("has types", () => {
    const TYPED = `import { createClient, type Delivery, ProxyError } from "cielo24-proxy/client";
      const client = createClient({ baseUrl: "https://captions.example.org", token: () => "token" });
      export const taskOf = async (jobId: string, source: File): Promise<string | undefined> => {
        await client.uploadMedia({ jobId, source, onProgress: ({ sentBytes, totalBytes }) => sentBytes / totalBytes });
        const delivery: Delivery = await client.waitForDelivery({ jobId });
        return delivery.taskId;
      };
      // @ts-expect-error -- a number is no token
      createClient({ baseUrl: "https://captions.example.org", token: 1 });
      export const isWorthWaiting = (error: unknown) => error instanceof ProxyError && error.isRetryable;`;
    const REQUIRED = `import proxy = require("cielo24-proxy/client");
      const client: proxy.Client = proxy.createClient({ baseUrl: "https://captions.example.org", token: "token" });
      export const taskOf = async (jobId: string) => (await client.getDelivery({ jobId })).taskId;`;
    const UPPY = `import Uppy from "@uppy/core";
      import { createClient } from "cielo24-proxy/client";
      import Cielo24 from "cielo24-proxy/uppy";
      const client = createClient({ baseUrl: "https://captions.example.org", token: "token" });
      const uppy = new Uppy().use(Cielo24, { client });
      uppy.on("cielo24-delivery", (file, { taskId }) => [file.id, taskId?.length]);
      // @ts-expect-error -- there must be a client
      uppy.use(Cielo24, {});`;

    // In each, as in a browser's application: without Node's types.
    it.each([
      ["node16", "typed.ts", TYPED],
      ["node16", "typed.cts", TYPED],
      ["node16", "required.cts", REQUIRED],
      ["nodenext", "typed.ts", TYPED],
      ["nodenext", "required.cts", REQUIRED],
      ["preserve", "typed.ts", TYPED],
      ["node16", "uppy.ts", UPPY],
      ["preserve", "uppy.ts", UPPY],
    ])("for `module: %s`, %s", async (module, file, text) => {
      await write(file, text);
      const ofUppy = { skipLibCheck: text === UPPY };
      expect(await compile(folder.path, [file], { module, ...ofUppy })).toBe("");
    });
  });

  describe("as its README shows it", () => {
    const examples = readExamples("client/README.md");
    beforeAll(async () => {
      for (const { name, code } of examples) await write(name, code);
    });

    it.each(["node16", "nodenext", "preserve"])("compiles for `module: %s`", async (module) => {
      const files = examples.map(({ name }) => name).filter((name) => name.endsWith(".ts"));
      expect(files).toEqual(["upload.ts", "page.ts", "use-upload.ts", "uppy.ts"]);
      expect(await compile(folder.path, files, { module, types: ["node"], skipLibCheck: true })).toBe("");
    });

    it("uploads a file in Node, and asks by CommonJS what became of it", async () => {
      const jobId = newJob();
      await write("lecture.mp4", "m\0dia");
      expect(await runNode("upload.ts", "lecture.mp4", jobId)).toMatch(/^DELIVERED [0-9a-f]{32}$/m);
      expect(await runNode("upload.cjs", jobId)).toBe("DELIVERED\n");
      expect(arrivedAt(local.stack, jobId)).toEqual([sha256(Buffer.from("m\0dia"))]);
    });

    it("says what is wrong, and what to do, where the job is unknown", async () => {
      await write("lecture.mp4", "m\0dia");
      await expect(runNode("upload.ts", "lecture.mp4", "0".repeat(32))).rejects.toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/No such job/) as unknown,
      });
    });

    it("has every function", () => {
      const page = readFileSync("client/README.md", "utf8");
      const client = createClient({ baseUrl: local.stack.apiUrl, token });
      const described = [...page.matchAll(/^\| `(\w+)\(/gm)].map(([, name]) => name);
      expect(described.sort()).toEqual(Object.keys(client).sort());
    });
  });
});
