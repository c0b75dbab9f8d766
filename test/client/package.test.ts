import { beforeAll, describe, expect, it } from "@jest/globals";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { createClient } from "../../client/index.ts";
import { useStack } from "../harness/stack.ts";
import { useFolder } from "../harness/folder.ts";
import { arrivedAt, SCOPE, sha256 } from "./media.ts";

const run = promisify(execFile);

describe("the package of the client and the command line", () => {
  const local = useStack();
  const folder = useFolder();
  let token: string;
  const packageFolder = () => folder.file("node_modules/cielo24-proxy");

  beforeAll(async () => {
    const { stdout } = await run(process.execPath, ["scripts/build-client.ts", "--pack", folder.path]);
    // As npm installs it, but without a registry.
    await mkdir(packageFolder(), { recursive: true });
    await run("tar", ["-xzf", stdout.trim(), "-C", packageFolder(), "--strip-components=1"]);
    await writeFile(folder.file("package.json"), JSON.stringify({ type: "module" }));
    token = await local.stack.token({ sub: "alice", scope: SCOPE });
  });
  const newJob = () => local.stack.cielo24?.addJob() ?? "";
  /** Compiles as in a browser's application, without Node's types. */
  const expectToCompile = async (file: string): Promise<void> => {
    const options = { module: "nodenext", target: "es2022", lib: ["es2022", "dom"], types: [], strict: true };
    const config = { compilerOptions: { ...options, noEmit: true }, files: [file] };
    await writeFile(folder.file("tsconfig.json"), JSON.stringify(config));
    const compiler = resolve("node_modules/typescript/bin/tsc");
    await expect(run(process.execPath, [compiler, "-p", folder.path])).resolves.toMatchObject({ stdout: "" });
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

  it("tells of itself, and links to nothing that is not in it", async () => {
    const readme = await readFile(join(packageFolder(), "README.md"), "utf8");
    expect(readme).toMatch(/^# The command line$[\s\S]*^# The client for JavaScript and TypeScript$/m);
    expect(readme.match(/\]\((?!https:)[^)]*\)/g) ?? []).toEqual([]);
  });

  it("uploads by `cielo24-proxy/client` in plain Node", async () => {
    const jobId = newJob();
    await writeFile(
      folder.file("upload.js"),
      `import { createClient } from "cielo24-proxy/client";
      const { API: baseUrl, TOKEN: token, JOB: jobId } = process.env;
      const client = createClient({ baseUrl, token });
      await client.uploadMedia({ jobId, source: new Blob(["m\0dia"]), filename: "a.mp4" });
      console.log(JSON.stringify(await client.waitForDelivery({ jobId })));`,
    );
    const env = { PATH: process.env["PATH"], API: local.stack.apiUrl, TOKEN: token, JOB: jobId };
    const { stdout } = await run(process.execPath, ["upload.js"], { cwd: folder.path, env });
    expect(JSON.parse(stdout)).toMatchObject({ state: "DELIVERED", jobId });
    expect(arrivedAt(local.stack, jobId)).toEqual([sha256(Buffer.from("m\0dia"))]);
  });

  const upload = (file: string, jobId: string) => {
    const env = {
      PATH: process.env["PATH"],
      CIELO24_PROXY_URL: local.stack.apiUrl,
      CIELO24_PROXY_TOKEN: token,
      XDG_STATE_HOME: folder.path,
    };
    const command = join(packageFolder(), "cli/cielo24-proxy.mjs");
    return run(process.execPath, [command, "upload", file, "-j", jobId], { cwd: folder.path, env });
  };

  it("uploads by its command", async () => {
    const jobId = newJob();
    await writeFile(folder.file("a.mp4"), "m\0dia");
    expect((await upload("a.mp4", jobId)).stdout).toMatch(/^Delivered: a\.mp4/);
    expect(arrivedAt(local.stack, jobId)).toHaveLength(1);
  });

  it("looks into a file by its command", async () => {
    await writeFile(folder.file("page.mp4"), "<!doctype html><title>Not found</title>");
    await expect(upload("page.mp4", newJob())).rejects.toMatchObject({
      code: 3,
      stderr: expect.stringContaining("This is an HTML page") as unknown,
    });
  });

  it("has types", async () => {
    await writeFile(
      folder.file("typed.ts"),
      `import { createClient, type Delivery, ProxyError } from "cielo24-proxy/client";
      const client = createClient({ baseUrl: "https://captions.example.org", token: async () => "token" });
      export const taskOf = async (jobId: string, source: File): Promise<string | undefined> => {
        await client.uploadMedia({ jobId, source, onProgress: ({ sentBytes, totalBytes }) => sentBytes / totalBytes });
        const delivery: Delivery = await client.waitForDelivery({ jobId });
        return delivery.taskId;
      };
      // @ts-expect-error -- a number is no token
      createClient({ baseUrl: "https://captions.example.org", token: 1 });
      export const isWorthWaiting = (error: unknown) => error instanceof ProxyError && error.isRetryable;`,
    );
    await expectToCompile("typed.ts");
  });

  describe("as its page shows it", () => {
    const page = readFileSync("docs/clients/client.md", "utf8");

    it("compiles, in an application that has what the page takes for granted", async () => {
      const [, shown = ""] = /^```ts\n(.*?)^```$/ms.exec(page) ?? [];
      const granted = `declare const jobId: string, file: File, cancelButton: { signal: AbortSignal };
        declare const session: { accessToken(options: { renew: boolean }): Promise<string> };
        declare const bar: {
          show(share: number): void;
          showDelivery(state: string, sentBytes: number, sizeBytes: number | undefined): void;
        };
        declare const show: (message: string, nextStep: string, isRetryable: boolean) => void;`;
      await writeFile(folder.file("shown.ts"), `${granted}\n${shown}`);
      await expectToCompile("shown.ts");
    });

    it("has every function", () => {
      const client = createClient({ baseUrl: local.stack.apiUrl, token });
      const described = [...page.matchAll(/^\| `(\w+)\(/gm)].map(([, name]) => name);
      expect(described.sort()).toEqual(Object.keys(client).sort());
    });
  });
});
