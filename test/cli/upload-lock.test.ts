import { describe, expect, it } from "@jest/globals";
import { mkdir, stat, symlink, utimes, writeFile } from "node:fs/promises";
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

  it("makes the folders for it, which nobody else may look into, and none where a file is in the way", async () => {
    await using folder = await makeFolder();
    expect(await begin(folder.file("state/uploads/lock")).uploaded).toBe(true);
    for (const made of ["state", "state/uploads"])
      expect(((await stat(folder.file(made))).mode & 0o777).toString(8)).toBe("700");
    await writeFile(folder.file("file"), "");
    await expect(begin(folder.file("file/lock")).uploaded).rejects.toThrow(/cannot be saved.*EEXIST/);
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

  it.each<[what: string, make: (path: string) => Promise<string>, says: RegExp]>([
    [
      "a file is in the place of the folder",
      (path) => writeFile(path, "").then(() => `${path}/lock`),
      /EEXIST|ENOTDIR/,
    ],
    ["a file is in the place of a folder above", (path) => writeFile(path, "").then(() => `${path}/a/lock`), /ENOTDIR/],
    ["a link that leads nowhere is there", (path) => symlink("/nowhere", path).then(() => `${path}/lock`), /E[A-Z]+/],
    ["the system has no such folders", () => Promise.resolve("/proc/uploads/lock"), /ENOENT/],
    ["the system has none of several folders", () => Promise.resolve("/proc/state/uploads/lock"), /ENOENT/],
    ["a folder is in the place of the lock", (path) => mkdir(path).then(() => path), /is no file/],
    ["a link is in the place of the lock", (path) => symlink("/nowhere", path).then(() => path), /is no file/],
  ])("says at once that it cannot be had where %s", async (_where, make, says) => {
    await using folder = await makeFolder();
    const { uploaded, waits } = begin(await make(folder.file("state")));
    await expect(uploaded).rejects.toThrow(says);
    await expect(uploaded).rejects.toMatchObject({
      name: "UsageError",
      nextStep: "Set XDG_STATE_HOME to a folder that you may write to.",
    });
    expect(waits()).toBe(0);
  });
});
