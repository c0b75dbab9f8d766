import { describe, expect, it } from "@jest/globals";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { useStack } from "../../harness/stack.ts";
import { MEDIA } from "./fixture.ts";
import { sha256 } from "../../harness/sha256.ts";

const page = readFileSync(new URL("../../../docs/clients/cielo24.md", import.meta.url), "utf8");
const programIn = (language: string): string =>
  new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "ms").exec(page)?.[1] ?? "";

const clients = process.env["CIELO24_CLIENTS"];
const how = 'CIELO24_CLIENTS="$(bash scripts/cielo24-clients.sh)" runs it (needs Java, Maven and Python)';

if (clients) proveClients(clients);
else {
  process.stderr.write(`skipped: the programs with cielo24's own clients; ${how}\n`);
  it.skip(`the programs with cielo24's own clients; ${how}`, () => undefined);
}

function proveClients(directory: string): void {
  const local = useStack({ fetchMedia: () => Promise.resolve(MEDIA) });
  const { newJob, taken } = local;

  const run = async (command: string, args: readonly string[], jobs: Record<string, string>): Promise<string> => {
    const cwd = await mkdtemp(join(tmpdir(), "cielo24-client-"));
    try {
      await writeFile(join(cwd, "small.mp4"), MEDIA);
      const env = {
        PATH: process.env["PATH"] ?? "",
        PYTHONPATH: join(directory, "python"),
        PYTHONDONTWRITEBYTECODE: "1",
        NODE_PATH: join(directory, "node_modules"),
        API: local.stack.apiUrl,
        TOKEN: await local.stack.token({ sub: "app", scope: "media.write" }),
        ...jobs,
      };
      const { stdout } = await promisify(execFile)(command, args, { cwd, env, timeout: 25_000 });
      return stdout;
    } finally {
      await rm(cwd, { recursive: true, force: true });
    }
  };

  describe.each([
    ["Python", join(directory, "venv/bin/python"), ["-c", programIn("python")]],
    ["JavaScript", process.execPath, ["-e", programIn("js")]],
  ])("cielo24's client in %s, unchanged", (_language, command, args) => {
    it("adds media by URL and from a small file, as the page shows", async () => {
      const [byUrl, fromFile] = [newJob(), newJob()];
      const printed = await run(command, args, { JOB: byUrl, OTHER_JOB: fromFile });
      expect(printed.trim().split("\n")).toEqual([
        expect.stringMatching(/^[0-9a-f]{32}$/),
        expect.stringMatching(/^[0-9a-f]{32}$/),
      ]);
      expect(taken(byUrl)).toMatchObject([{ via: "url" }]);
      expect(taken(fromFile)).toMatchObject([{ via: "body", sha256: sha256(MEDIA) }]);
    });

    it("shows what this API answered where it is refused", async () => {
      const job = newJob();
      await expect(run(command, args, { JOB: job, OTHER_JOB: job })).rejects.toMatchObject({
        stderr: expect.stringMatching(/JOB_HAS_MEDIA|DELIVERY_UNDER_WAY/),
      });
      expect(taken(job)).toHaveLength(1);
    });
  });
}
