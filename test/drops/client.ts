import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Interruption } from "./actions.ts";

/** Where the bucket is, as the client is to see it. */
export interface Place {
  readonly endpoint: string;
  readonly bucket: string;
}

/** Arguments of the client's program. Keys are of the bucket; files and folders are of this machine. */
type Arguments = readonly string[];

/** A program or library that operators drop files with, and how its users do that. */
export interface Client {
  readonly name: string;
  readonly version: string;
  /** Where the program is that carries the actions out; undefined if it is not installed. */
  readonly program: string | undefined;
  /** Says what to install. */
  readonly comesFrom: string;
  readonly upload: (place: Place, file: string, key: string) => Arguments;
  readonly copy: (place: Place, from: string, to: string) => Arguments;
  readonly move: (place: Place, from: string, to: string) => Arguments;
  /** Uploads what is in a folder, by `sync` where the client has that. */
  readonly folder: (place: Place, folder: string, prefix: string) => Arguments;
  readonly interruptions: readonly Interruption[];
  /**
   * Uploads from a source in which the interruption happens after so many bytes; undefined if that is not how it comes. Then the
   * connection tells how far the upload is, and the program gets a signal from outside.
   */
  readonly breakOff?: (by: Interruption, file: string, key: string, bytes: number) => Arguments | undefined;
  readonly env?: (place: Place) => Readonly<Record<string, string>>;
  /** What it must be told, for the table: for any bucket; for the local stack, which speaks plain HTTP. */
  readonly setting: string;
}

/** Programs of `scripts/s3-clients.sh`, where it has run. */
export const findInstalled = (name: string): string | undefined => {
  const path = join(process.env["S3_CLIENTS"] ?? "", name);
  return "S3_CLIENTS" in process.env && existsSync(path) ? path : undefined;
};

/** The version that a file asks for. */
const pinned = (file: string, pattern: RegExp): string =>
  pattern.exec(readFileSync(new URL(file, import.meta.url), "utf8"))?.[1] ?? "";

export const pinnedPython = (name: string): string =>
  pinned("python/requirements.txt", new RegExp(`^${name}==(.*)$`, "m"));

const FROM_SCRIPT = "`npm run test:drops` installs it";

interface Driver {
  readonly version: string;
  readonly setting: string;
  readonly program: string | undefined;
  readonly comesFrom: string;
  readonly before: Arguments;
  readonly interruptions: readonly Interruption[];
  /** Those of them that come out of the source, where the library reads it in the main thread. */
  readonly fromSource: readonly Interruption[];
}

/** A library, by a driver that knows the actions by name. */
const library = (name: string, driver: Driver): Client => {
  const { version, setting, program, comesFrom, before, interruptions, fromSource } = driver;
  return {
    name,
    version,
    setting,
    program,
    comesFrom,
    interruptions,
    upload: (_, file, key) => [...before, "upload", file, key],
    copy: (_, from, to) => [...before, "copy", from, to],
    move: (_, from, to) => [...before, "move", from, to],
    folder: (_, folder, prefix) => [...before, "folder", folder, prefix],
    breakOff: (by, file, key, bytes) => (fromSource.includes(by) ? [...before, by, file, key, `${bytes}`] : undefined),
  };
};

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

export const pythonLibrary = (
  name: string,
  setting: string,
  { fromSource = ["exception", "ctrl-c"] }: Partial<Driver> = {},
): Client =>
  library(name, {
    version: pinnedPython(name),
    setting,
    program: findInstalled("python"),
    comesFrom: FROM_SCRIPT,
    before: [path(`python/with_${name}.py`)],
    interruptions: ["exception", "ctrl-c", "kill"],
    fromSource,
  });

/** Without a handler of their own, programs of Go and Node end at Ctrl-C as if they were killed. */
const UNHANDLED = { interruptions: ["exception", "kill"], fromSource: ["exception"] } as const;

export const goLibrary = (name: string, setting: string): Client =>
  library(name, {
    version: pinned("go/go.mod", /manager v(\S+)/),
    setting,
    program: findInstalled("go-manager"),
    comesFrom: `${FROM_SCRIPT} if Go is there`,
    before: [],
    ...UNHANDLED,
  });

export const nodeLibrary = (name: string, driver: string, setting: string): Client =>
  library(name, {
    version: pinned("../../package.json", new RegExp(`"${name}": "(.*)"`)),
    setting,
    program: process.execPath,
    comesFrom: "npm",
    before: [path(driver)],
    ...UNHANDLED,
  });

/** A command line, which users stop at the keyboard. */
export const commandLine = (client: Omit<Client, "interruptions" | "breakOff">): Client => ({
  ...client,
  interruptions: ["ctrl-c", "kill"],
});
