import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { createTranscript } from "../cli/transcript.ts";

const PROGRAM = fileURLToPath(new URL("../../conformance/run.ts", import.meta.url));

/** `npm run conformance`, without a terminal, with these variables and nothing else of this machine's. */
export const startConformance = (args: readonly string[], env: Readonly<Record<string, string>>, cwd: string) => {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    cwd,
    env: { PATH: process.env["PATH"] ?? "", HOME: cwd, NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const transcript = createTranscript(child.stdout, child.stderr);
  return {
    ended: once(child, "close").then(([code]) => ({ code: code as number | null, printed: transcript.text() })),
    /** As Ctrl-C does. */
    interrupt: () => child.kill("SIGINT"),
  };
};
