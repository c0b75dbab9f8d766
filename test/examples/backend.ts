import { spawn } from "node:child_process";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import type { Stack } from "../../dev/stack.ts";
import { installPackage } from "../harness/installed-package.ts";

/** The examples in an application's folder, beside the package that they import. */
export const installExamples = async (folder: string, beside: readonly string[] = []): Promise<void> => {
  await installPackage(folder, beside);
  await cp("examples", join(folder, "examples"), { recursive: true });
};

/** The environment that the examples ask for, with the stack's simulated cielo24. */
export const exampleEnvironment = async (stack: Stack): Promise<Record<string, string>> => ({
  PATH: process.env["PATH"] ?? "",
  CIELO24_PROXY_URL: stack.apiUrl,
  CIELO24_PROXY_TOKEN: await stack.token({ sub: "alice", scope: "media.write media.read" }),
  CIELO24_URL: stack.cielo24?.url ?? "",
  CIELO24_USERNAME: stack.credentials.username,
  CIELO24_SECUREKEY: stack.credentials.securekey,
});

/** `examples/node/backend.ts` of the application in `folder`, serving a page. */
export const startBackend = async (stack: Stack, folder: string, pageFolder: string) => {
  const backend = spawn(process.execPath, [join(folder, "examples/node/backend.ts"), pageFolder], {
    cwd: folder,
    env: { ...(await exampleEnvironment(stack)), PORT: "0" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = text(backend.stderr);
  const ended = new Promise((resolve) => backend.once("close", resolve));
  const lines = createInterface(backend.stdout)[Symbol.asyncIterator]();
  const { value: url } = (await lines.next()) as { value: string | undefined };
  if (url === undefined) throw new Error(await said);
  return {
    url,
    /** Ends it. @returns what it complained of */
    close: async (): Promise<string> => {
      backend.kill();
      await ended;
      return said;
    },
  };
};
