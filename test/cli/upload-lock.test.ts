import { describe, expect, it } from "@jest/globals";
import { stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { uploadAlone } from "../../cli/upload-lock.ts";
import { makeFolder } from "../harness/folder.ts";

const begin = (file: string) => {
  const controller = new AbortController();
  let waits = 0;
  const onWait = () => {
    waits += 1;
    controller.abort(new Error("enough of waiting"));
  };
  const uploaded = uploadAlone(file, { signal: controller.signal, onWait }, async () => (await stat(file)).isFile());
  return { uploaded, waits: () => waits };
};

describe("one upload at a time of a file for a job", () => {
  it("holds the lock while it uploads, and no longer", async () => {
    await using folder = await makeFolder();
    expect(await begin(folder.file("lock")).uploaded).toBe(true);
    await expect(stat(folder.file("lock"))).rejects.toThrow("ENOENT");
  });

  it("gives the lock back where the upload fails", async () => {
    await using folder = await makeFolder();
    const { signal } = new AbortController();
    const failing = uploadAlone(folder.file("lock"), { signal, onWait: () => undefined }, () =>
      Promise.reject(new Error("no luck")),
    );
    await expect(failing).rejects.toThrow("no luck");
    await expect(stat(folder.file("lock"))).rejects.toThrow("ENOENT");
  });

  it.each([
    ["a process that runs", `${process.ppid} ${hostname()}`],
    ["another machine", "1 elsewhere"],
  ])("waits for the lock of %s, until it is told not to", async (_whose, text) => {
    await using folder = await makeFolder();
    await writeFile(folder.file("lock"), text);
    const { uploaded, waits } = begin(folder.file("lock"));
    await expect(uploaded).rejects.toThrow("enough of waiting");
    expect(waits()).toBe(1);
    expect((await stat(folder.file("lock"))).isFile()).toBe(true);
  });

  it.each([
    // Above Linux's largest process id.
    ["a process that is gone", `4194305 ${hostname()}`, 0],
    ["an earlier process of the same number", `${process.pid} ${hostname()}`, 0],
    ["another machine that has not been heard of for two minutes", "1 elsewhere", 120_000],
  ])("does not mind the lock of %s", async (_whose, text, ageMs) => {
    await using folder = await makeFolder();
    await writeFile(folder.file("lock"), text);
    const then = new Date(Date.now() - ageMs);
    await utimes(folder.file("lock"), then, then);
    const { uploaded, waits } = begin(folder.file("lock"));
    expect(await uploaded).toBe(true);
    expect(waits()).toBe(0);
  });
});
