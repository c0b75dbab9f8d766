import { lstat, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { codeOf } from "./files.ts";
import { makeFolder } from "./make-folder.ts";
import { cannotSave, saving } from "./upload-record.ts";

const REFRESHED_EVERY_MS = 10_000;
/** Whether a process on another machine still runs cannot be checked, only when it last refreshed its lock. */
const ABANDONED_AFTER_MS = 60_000;
const ASKED_EVERY_MS = 250;

/**
 * Lets only one process at a time upload a file for a job. Two that resume the same upload would send its parts twice, and
 * the later one would find the upload gone. Waits for the other process; the lock of a process that is gone is ignored.
 *
 * @param file the lock, while it exists
 * @param onWait called again and again while another process has the lock
 * @throws {UsageError} if the lock cannot be written, or not be removed
 * @throws the signal's reason
 */
export const uploadAlone = async <T>(
  file: string,
  { signal, onWait }: { readonly signal: AbortSignal; readonly onWait: () => void },
  upload: () => Promise<T>,
): Promise<T> => {
  await saving(file, () => makeFolder(dirname(file)));
  while (!(await create(file))) {
    if (await isAbandoned(file)) await saving(file, () => rm(file, { force: true }));
    else {
      onWait();
      await wait(ASKED_EVERY_MS, undefined, { signal }).catch(() => undefined);
      signal.throwIfAborted();
    }
  }
  const refresh = setInterval(() => {
    const now = new Date();
    void utimes(file, now, now).catch(() => undefined);
  }, REFRESHED_EVERY_MS);
  refresh.unref();
  try {
    return await upload();
  } finally {
    clearInterval(refresh);
    await rm(file, { force: true });
  }
};

/** @returns false if the file exists already */
const create = (file: string): Promise<boolean> =>
  saving(file, async () => {
    try {
      await writeFile(file, `${process.pid} ${hostname()}`, { flag: "wx", mode: 0o600 });
      return true;
    } catch (error) {
      if (codeOf(error) === "EEXIST") return false;
      throw error;
    }
  });

/** Whether the process that has written the lock is gone. @throws {UsageError} if it is no lock that could be removed */
const isAbandoned = async (file: string): Promise<boolean> => {
  const found = await lstat(file).catch(() => undefined);
  // It has just been removed: the next attempt to create it tells.
  if (!found) return false;
  if (!found.isFile()) throw cannotSave(file, `${basename(file)} is no file`);
  if (Date.now() - found.mtimeMs > ABANDONED_AFTER_MS) return true;
  const [pid = "", host] = (await readFile(file, "utf8").catch(() => "")).split(" ");
  return host === hostname() && !isRunning(Number(pid));
};

const isRunning = (pid: number): boolean => {
  // This process has no lock yet, so an earlier process with the same id must have left it.
  if (pid === process.pid) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
};
