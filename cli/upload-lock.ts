import { mkdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { codeOf } from "./files.ts";
import { UsageError } from "./outcome.ts";

const REFRESHED_EVERY_MS = 10_000;
/** Whether a process on another machine still runs cannot be checked, only when it last refreshed its lock. */
const ABANDONED_AFTER_MS = 60_000;
const ASKED_EVERY_MS = 250;

/**
 * Lets only one process at a time upload a file for a job. Two that resume the same upload would send its parts twice, and
 * the later one would find the upload gone. Waits for the other process; the lock of a process that is gone is ignored.
 *
 * @param file the lock, while it exists
 * @param onWait tells the person that another process has the lock
 * @throws {UsageError} if the lock cannot be written
 * @throws the signal's reason
 */
export const uploadAlone = async <T>(
  file: string,
  { signal, onWait }: { readonly signal: AbortSignal; readonly onWait: () => void },
  upload: () => Promise<T>,
): Promise<T> => {
  for (let isFirst = true; !(await create(file)); isFirst = false) {
    if (await isAbandoned(file)) await rm(file, { force: true });
    else {
      if (isFirst) onWait();
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
const create = async (file: string): Promise<boolean> => {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(file, `${process.pid} ${hostname()}`, { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    const code = codeOf(error);
    if (code === "EEXIST") return false;
    throw new UsageError(
      `The state of uploads cannot be saved in ${dirname(file)} (${code}).`,
      "Set XDG_STATE_HOME to a folder that you may write to.",
    );
  }
};

const isAbandoned = async (file: string): Promise<boolean> => {
  try {
    const [pid = "", host] = (await readFile(file, "utf8")).split(" ");
    if (host === hostname() && !isRunning(Number(pid))) return true;
    return Date.now() - (await stat(file)).mtimeMs > ABANDONED_AFTER_MS;
  } catch {
    // It has just been removed, or cannot be read: the next attempt to create it tells.
    return false;
  }
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
