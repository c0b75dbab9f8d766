import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { choosePorts } from "../../dev/start/ports.ts";
import { makeFolder, useFolder } from "../harness/folder.ts";
import { describeWith, runProgram } from "../harness/programs.ts";
import { until } from "../harness/until.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** `npm start` in a folder of its own, so that it writes nothing into this one. */
const start = (folder: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
  const child = spawn(process.execPath, [`${ROOT}dev/start.ts`, ...args], {
    cwd: folder,
    env: { PATH: process.env["PATH"] ?? "", HOME: folder, NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
    });
  const ended = once(child, "close").then(([code]) => code as number | null);
  return {
    printed: () => printed,
    ended,
    /** Waits until it is up and has printed everything, or has ended. */
    ready: () => Promise.race([until(() => printed.includes("Ctrl-C ends it")), ended]),
    /** As Ctrl-C does. @returns its exit code */
    stop: () => {
      child.kill("SIGINT");
      return ended;
    },
  };
};

/** The first of free ports, below those that the system gives to connections. */
const findPort = async (): Promise<number> => {
  const port = 10_000 + Math.floor(Math.random() * 20_000);
  return (await choosePorts(port)).taken.length === 0 ? port : findPort();
};

/** The values that are written for applications. */
const readEnv = async (folder: string): Promise<Readonly<Record<string, string>>> => {
  const lines = (await readFile(`${folder}/.local/env`, "utf8")).trimEnd().split("\n");
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
};

describe("npm start", () => {
  const folder = useFolder();
  let port: number;
  let running: ReturnType<typeof start>;
  let env: Readonly<Record<string, string>>;
  beforeAll(async () => {
    port = await findPort();
    running = start(folder.path, ["--port", String(port)]);
    await running.ready();
    env = await readEnv(folder.path);
  });
  afterAll(() => running.stop());

  it("delivers a sample file", () => {
    expect(running.printed()).toMatch(/ok {2}delivered to cielo24 +TaskId [0-9a-f]{32}/);
    expect(running.printed()).toMatch(/event +Media Delivered [0-9a-f]{32} \(TaskId [0-9a-f]{32}\)/);
  });

  it("serves page, API, bucket, description, cielo24 and the page for operators at the given port and the next ones", () => {
    expect(env).toMatchObject({
      PAGE: `http://127.0.0.1:${port}`,
      API: `http://127.0.0.1:${port + 1}`,
      CIELO24_PROXY_URL: `http://127.0.0.1:${port + 1}`,
      S3: `http://127.0.0.1:${port + 2}`,
      DOCS: `http://127.0.0.1:${port + 3}/`,
      OPERATIONS: `http://127.0.0.1:${port + 5}`,
    });
    expect(running.printed()).toContain(`http://127.0.0.1:${port + 4} (simulated)`);
    expect(running.printed()).toMatch(new RegExp(`operations, live +http://127.0.0.1:${port + 5}\n`));
  });

  it("shows the delivery to operators", async () => {
    const seen: unknown = await (await fetch(`${env["OPERATIONS"] ?? ""}/snapshot`)).json();
    expect(seen).toMatchObject({ states: { DELIVERED: 1 }, ended: [{ name: "sample.mp4" }], pageUrl: env["PAGE"] });
  });

  it("writes addresses, tokens and a job for applications, for its owner alone", async () => {
    expect((await stat(`${folder.path}/.local/env`)).mode & 0o777).toBe(0o600);
    const answer = await fetch(`${env["API"] ?? ""}/api/job/delivery?v=1&job_id=${env["JOB"] ?? ""}`, {
      headers: { authorization: `Bearer ${env["TOKEN"] ?? ""}` },
    });
    // The token is good, and nothing was sent for the job yet.
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ ErrorType: "ITEM_NOT_FOUND" });
  });

  it("tells the operators' program where the stack is, and nobody else", async () => {
    const file = `${folder.path}/.local/stage.json`;
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const program = `${ROOT}cli/cielo24-proxy.mjs`;
    const words = [program, "ops", "list", "--state", "DELIVERED", "--scan", "--stage", "local"];
    const listed = await runProgram(process.execPath, words, { env: {}, cwd: folder.path });
    expect(listed).toMatch(/^[0-9a-f]{32} {2}DELIVERED /m);
  });

  it("prints no token and no key", () => {
    for (const secret of ["TOKEN", "ADMIN_TOKEN", "OPERATOR_SECRET_KEY"])
      expect(running.printed().includes(env[secret] ?? "")).toBe(false);
  });

  describeWith("curl", "aws")("the commands that it prints", () => {
    it("have a job each, and work as they are printed", async () => {
      const printed = running.printed();
      const script = printed
        .slice(printed.indexOf("set -a;"), printed.indexOf("See what can happen"))
        .replaceAll("npx cielo24-proxy", `'${process.execPath}' '${ROOT}cli/cielo24-proxy.mjs'`);
      const jobs = [...script.matchAll(/\b[0-9a-f]{32}\b/g)].map(([job]) => job);
      expect(new Set(jobs).size).toBe(6);
      const said = await runProgram("/bin/bash", ["-euxo", "pipefail", "-c", script], { env: {}, cwd: folder.path });
      expect(said.match(/"?TaskId"?/g)?.length).toBeGreaterThanOrEqual(6);
      expect(said).toContain('"State":"DELIVERED"');
    });

    it("make sample jobs with a fate", async () => {
      const [command = ""] = /curl .*fate=rejects"/.exec(running.printed()) ?? [];
      const made = await runProgram("/bin/bash", ["-euc", command], { env, cwd: folder.path });
      expect(made).toMatch(/^\{"jobId":"[0-9a-f]{32}"\}/);
    });
  });

  it("leaves nothing behind that could be taken for a running stack, and ends without an error at Ctrl-C", async () => {
    await using other = await makeFolder();
    const again = start(other.path, ["--port", String(port)]);
    await again.ready();
    expect(await again.stop()).toBe(0);
    expect(again.printed().endsWith("stopping …\nstopped\n")).toBe(true);
    for (const name of ["env", "stage.json"])
      await expect(stat(other.file(`.local/${name}`))).rejects.toThrow("ENOENT");
  });

  it("takes free ports in place of those that are taken, and says which", async () => {
    await using other = await makeFolder();
    const again = start(other.path, ["--port", String(port)]);
    await again.ready();
    expect(again.printed()).toContain(`port ${[0, 1, 2, 3, 4, 5].map((at) => port + at).join(", ")} cannot be had`);
    const { PAGE = "" } = await readEnv(other.path);
    expect((await fetch(PAGE)).status).toBe(200);
    expect(new URL(PAGE).port).not.toBe(String(port));
    await again.stop();
  });

  it("leaves the variables of another one in the same folder alone, and says where its own are", async () => {
    const again = start(folder.path, ["--port", String(port)]);
    await again.ready();
    expect(again.printed()).toMatch(/set -a; \. \.local\/env-\d+; set \+a/);
    await again.stop();
    expect(await readEnv(folder.path)).toEqual(env);
  });
});

it("makes the same jobs, keys and tasks for the same seed", async () => {
  const ids = async (seed: string) => {
    await using folder = await makeFolder();
    const running = start(folder.path, ["--port", String(await findPort()), "--seed", seed]);
    await running.ready();
    await running.stop();
    return running
      .printed()
      .match(/\b[0-9a-f]{32}\b/g)
      ?.sort();
  };
  const [first, again, other] = [await ids("7"), await ids("7"), await ids("8")];
  expect(again).toEqual(first);
  // The sample's job, key and task, and the jobs of the commands.
  expect(new Set(first).size).toBeGreaterThanOrEqual(9);
  expect(other?.filter((id) => first?.includes(id))).toEqual([]);
});

describe("the options of npm start", () => {
  const end = async (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
    await using folder = await makeFolder();
    const running = start(folder.path, args, env);
    return { code: await running.ended, printed: running.printed() };
  };

  it("are explained, with the fates of sample jobs", async () => {
    const { code, printed } = await end(["--help"]);
    expect(code).toBe(0);
    for (const word of ["--port N", "--seed N", ".local/env", "never-answers", "needs-review"])
      expect(printed).toContain(word);
  });

  it.each([
    [["--port", "0"], '--port must be a whole number from 1 to 65530, not "0".'],
    [["--port", "65531"], '--port must be a whole number from 1 to 65530, not "65531".'],
    [["--port"], "Option '--port <value>' argument missing"],
    [["--seed", "x"], '--seed must be a whole number from 0 to 9007199254740991, not "x".'],
    [["--prot", "1"], "Unknown option '--prot'. See npm start -- --help"],
    [["--seed", "-1"], "Option '--seed' argument is ambiguous. See npm start -- --help\n"],
    [["7"], "Unexpected argument '7'"],
  ])("are refused if they are wrong: %j", async (args, why) => {
    const { code, printed } = await end(args);
    expect([code, printed]).toEqual([2, expect.stringContaining(why) as unknown]);
  });

  it("belong behind two dashes, which is said if npm took them", async () => {
    const { code, printed } = await end([], { npm_config_port: "4000" });
    expect([code, printed]).toEqual([2, expect.stringContaining("Write: npm start -- --port N") as unknown]);
  });
});
