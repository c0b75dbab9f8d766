import { beforeAll } from "@jest/globals";
import { writeFile } from "node:fs/promises";
import type { Stack } from "../../dev/stack.ts";
import { startCommand, type Ended, type Running } from "../cli/command-line.ts";
import { useFolder } from "../harness/folder.ts";

/** Runs `cielo24-proxy ops …` as an operator of the local stack does: in a process of its own. */
export const useOperator = (local: { readonly stack: Stack }) => {
  const folder = useFolder();
  beforeAll(() => writeFile(folder.file("stage.json"), JSON.stringify(local.stack.stage)));
  const environment = () => ({
    CIELO24_PROXY_STAGE: "local",
    CIELO24_PROXY_STAGE_FILE: folder.file("stage.json"),
    HOME: folder.path,
  });
  const start = (...words: string[]): Running => startCommand(["ops", ...words], environment());
  return {
    folder,
    environment,
    start,
    run: (...words: string[]): Promise<Ended> => start(...words).ended,
    /** The one document that a command prints with `--json`, and its exit code. */
    runJson: async <Document>(...words: string[]): Promise<Document & { readonly exitCode: number }> => {
      const { code, stdout, stderr } = await start(...words, "--json").ended;
      const document = JSON.parse(stdout) as Document & { readonly exitCode: number };
      if (document.exitCode !== code) throw new Error(`It ended with ${code} and said ${stdout}${stderr}`);
      return document;
    },
  };
};

/** Runs it without a stage's file: what is wrong before a stage is asked. */
export const runOps = (words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> =>
  startCommand(["ops", ...words], { HOME: "/nonexistent", AWS_EC2_METADATA_DISABLED: "true", ...env }).ended;
