import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, open, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { dropVirtualObject } from "../../bench/virtual-drop.ts";
import { useStack } from "../harness/stack.ts";
import { createScanner } from "./scanner.ts";
import { until } from "../harness/until.ts";

const PROGRAM = fileURLToPath(new URL("lambda-process.ts", import.meta.url));
const SIZE_BYTES = 400_000;
/** Loopback sockets buffer some megabytes. */
const LARGE_BYTES = 50_000_000;

/** Where Node itself shows requests, and what the deployed handler does about it. */
describe("Node's own talk about requests", () => {
  const local = useStack({ env: { LOG_LEVEL: "debug" } });
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "lambda-"));
  });
  afterEach(async () => {
    for (const name of await readdir(folder)) await rm(join(folder, name));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  const start = async (
    sizeBytes: number,
    { behaviour = "", env = {}, flags = [] as string[] }: { behaviour?: string; env?: object; flags?: string[] } = {},
  ) => {
    const { event, jobId } = await dropVirtualObject(local.stack, local.s3, sizeBytes);
    const attributes = { ApproximateReceiveCount: "1", SentTimestamp: String(Date.now()) };
    const body = JSON.stringify(event);
    const message = { messageId: "1", receiptHandle: "1", eventSource: "aws:sqs", attributes, body };
    // Into files: what does not fit into a pipe is lost when a process dies, and with NODE_DEBUG that is a lot.
    const [out, err] = await Promise.all(["stdout", "stderr"].map((name) => open(join(folder, name), "w")));
    const child = spawn(process.execPath, [...flags, PROGRAM, behaviour], {
      cwd: folder,
      env: { ...local.stack.env, ...env },
      stdio: ["pipe", out?.fd, err?.fd],
    });
    const exit = once(child, "exit") as Promise<[number | null]>;
    child.stdin?.end(JSON.stringify({ Records: [message] }));
    await Promise.all([out?.close(), err?.close()]);
    const end = async () => {
      const [code] = await exit;
      const texts = await Promise.all(
        (await readdir(folder)).map(async (name) => [name, await readFile(join(folder, name), "utf8")]),
      );
      const { stdout = "", stderr = "", ...others } = Object.fromEntries(texts) as Record<string, string>;
      const files = Object.values(others);
      return { stdout, stderr, files, code, isAccepted: local.taken(jobId).length > 0 };
    };
    return { child, jobId, end };
  };

  /** Of what the process knew. Its access key is in its environment, which a diagnostic report lists. */
  const find = (content: string): string[] => {
    const tokens = Object.fromEntries(local.cielo24.issuedTokens.map((token, index) => [`api_token ${index}`, token]));
    return createScanner({ ...tokens, securekey: local.stack.credentials.securekey })
      .scan(content)
      .map(({ secret }) => secret.replace(/ \d+$/, ""));
  };

  it("holds no secret after a delivery, to which nobody in the process listened", async () => {
    const { end } = await start(SIZE_BYTES);
    const { stdout, stderr, isAccepted } = await end();
    expect(isAccepted).toBe(true);
    expect(find(stdout + stderr)).toEqual([]);
    expect(JSON.parse(stdout.trim().split("\n").at(-1) ?? "")).toEqual({
      result: { batchItemFailures: [] },
      fetches: 0,
      listenedTo: [],
    });
  });

  it.each([
    ["NODE_DEBUG=net", ["securekey"]],
    ["NODE_DEBUG=stream", ["api_token"]],
    ["NODE_DEBUG=http,https,tls,undici,fetch,timer", []],
    ["NODE_OPTIONS=--trace-event-categories=node.http", ["api_token"]],
  ])("would hold this with %s: %j", async (variable, secrets) => {
    const [name = "", ...value] = variable.split("=");
    const { end } = await start(SIZE_BYTES, { behaviour: "unguarded", env: { [name]: value.join("=") } });
    const { stdout, stderr, files, isAccepted } = await end();
    expect(isAccepted).toBe(true);
    expect([...new Set(find([stdout, stderr, ...files].join("\n")))]).toEqual(secrets);
  });

  it.each([
    "NODE_DEBUG=net",
    "NODE_DEBUG=stream",
    "NODE_DEBUG=undici,fetch,http,net,tls",
    "NODE_DEBUG=*",
    "NODE_OPTIONS=--trace-event-categories=node.http",
    "NODE_OPTIONS=--report-uncaught-exception",
  ])("is not begun: with %s the function refuses to start", async (variable) => {
    const [name = "", ...value] = variable.split("=");
    const { end } = await start(SIZE_BYTES, { env: { [name]: value.join("=") } });
    const { stdout, stderr, files, code, isAccepted } = await end();
    expect(code).toBe(1);
    expect(isAccepted).toBe(false);
    expect(stderr).toContain(`ConfigError: Environment variable ${name} must not`);
    expect(find(stdout + stderr)).toEqual([]);
    // A diagnostic report of the refusal is there, but nothing was known yet.
    expect(find(files.join("\n"))).toEqual([]);
  });

  it.each(["throw", "reject"])(
    "holds no secret when the process dies in the middle of a POST: %s",
    async (behaviour) => {
      local.cielo24.faults.add({ action: "POST job/add_media", kind: "stopReading", fraction: 0.1 });
      const flags = ["--report-uncaught-exception", "--report-on-fatalerror"];
      const { child, end, jobId } = await start(LARGE_BYTES, { behaviour, flags });
      await until(async () => (await local.stack.ledger.read(jobId))?.sentBytes);
      child.kill("SIGUSR2");
      const { stdout, stderr, files, code, isAccepted } = await end();
      expect(code).toBe(1);
      expect(isAccepted).toBe(false);
      expect(stderr).toContain("This process dies");
      expect(files.join()).toContain('"javascriptStack"');
      expect(find([stdout, stderr, ...files].join("\n"))).toEqual([]);
    },
  );
});
