import { createHash } from "node:crypto";
import { readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import type { UploadState } from "../client/index.ts";
import { codeOf } from "./files.ts";
import { makeFolder } from "./make-folder.ts";
import { UsageError } from "./outcome.ts";

/**
 * What is kept of an upload, so that the same command can resume it, or knows that there is nothing left to do. It holds no
 * token and no signed URL.
 */
export interface UploadRecord {
  /** The file as it was: one that has changed since is uploaded from the start. */
  readonly sizeBytes: number;
  readonly modifiedAt: number;
  /** Absent for an upload in one request. */
  readonly upload?: UploadState | undefined;
  readonly isUploaded: boolean;
  /** True once an earlier run has told that cielo24 has the media. */
  readonly isDelivered?: boolean | undefined;
}

export interface UploadRecords {
  readonly read: () => Promise<UploadRecord | undefined>;
  readonly write: (record: UploadRecord) => Promise<void>;
  readonly remove: () => Promise<void>;
  /** See `upload-lock.ts`. */
  readonly lockFile: string;
}

/** The bucket's lifecycle rule removes abandoned parts after the same time. */
const KEPT_MS = 7 * 86_400_000;

export const recordsDirectory = (env: Readonly<Record<string, string | undefined>>): string =>
  join(env["XDG_STATE_HOME"] || join(homedir(), ".local", "state"), "cielo24-proxy", "uploads");

/** The record of one file that is uploaded for one job of one stage. */
export const uploadRecords = (
  directory: string,
  of: { readonly baseUrl: string; readonly jobId: string; readonly path: string },
): UploadRecords => {
  const name = createHash("sha256").update([of.baseUrl, of.jobId, of.path].join("\n")).digest("hex");
  const file = join(directory, `${name.slice(0, 40)}.json`);
  return {
    read: async () => {
      try {
        return JSON.parse(await readFile(file, "utf8")) as UploadRecord;
      } catch {
        // There is none, or it cannot be read: start over.
        return undefined;
      }
    },
    write: (record) =>
      saving(file, async () => {
        await makeFolder(directory);
        const fresh = `${file}.${process.pid}`;
        await writeFile(fresh, JSON.stringify(record), { mode: 0o600 });
        await rename(fresh, file);
      }),
    remove: () => rm(file, { force: true }),
    lockFile: `${file}.lock`,
  };
};

/** @param file what could not be written */
export const cannotSave = (file: string, reason: string): UsageError =>
  new UsageError(
    `The state of uploads cannot be saved in ${dirname(file)} (${reason}).`,
    "Set XDG_STATE_HOME to a folder that you may write to.",
  );

/** @throws {UsageError} for whatever the system refuses */
export const saving = async <T>(file: string, act: () => Promise<T>): Promise<T> => {
  try {
    return await act();
  } catch (error) {
    throw cannotSave(file, codeOf(error));
  }
};

/** Removes records that are too old to be resumed. */
export const removeOldRecords = async (directory: string, now: number): Promise<void> => {
  const names = await readdir(directory).catch((): string[] => []);
  await Promise.all(
    names.map(async (name) => {
      const file = join(directory, name);
      const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: now }));
      // What cannot be removed is not in the way.
      if (now - mtimeMs > KEPT_MS) await rm(file, { force: true }).catch(() => undefined);
    }),
  );
};
