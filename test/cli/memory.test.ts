import { expect, it } from "@jest/globals";
import { open, readFile, writeFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { MIB } from "../client/media.ts";
import { useStack } from "../harness/stack.ts";
import { startCommand, useCommandLine, type Running } from "./command-line.ts";

const LIMIT_MIB = 120;
const ASKED_EVERY_MS = 20;

/** The largest amount of memory that a process has had so far, MiB; undefined once it is gone. */
const peakOf = async (pid: number): Promise<number | undefined> => {
  const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, "utf8").catch(() => "")) ?? [];
  return kib === undefined ? undefined : Number(kib) / 1024;
};

const watchPeak = async ({ pid, ended }: Running): Promise<number> => {
  const over = new AbortController();
  void ended.then(() => {
    over.abort();
  });
  let peak = 0;
  while (!over.signal.aborted) {
    peak = Math.max(peak, (await peakOf(pid)) ?? 0);
    await wait(ASKED_EVERY_MS);
  }
  return peak;
};

const onLinux = process.platform === "linux" ? it : it.skip;

const local = useStack();
const { folder, environment } = useCommandLine(local);

onLinux(`cielo24-proxy upload takes at most ${LIMIT_MIB} MiB of memory, however large the file`, async () => {
  const file = folder.file("lecture.mp4");
  await writeFile(file, await readFile("test/media/moov-at-end.mp4"));
  // What follows the film does not matter to its readers.
  const handle = await open(file, "r+");
  await handle.truncate(200 * MIB);
  await handle.close();
  // The first start compiles the sources, and keeps the result.
  expect((await startCommand(["upload", "--help"], environment()).ended).code).toBe(0);

  const running = startCommand(["upload", file, "-j", local.newJob(), "--no-wait"], environment());
  const peak = await watchPeak(running);
  expect((await running.ended).stdout).toContain("Uploaded");
  expect(peak).toBeGreaterThan(30);
  expect(peak).toBeLessThan(LIMIT_MIB);
});
