import type { Display } from "../display/display.ts";

/** What a command gets of the process, so that nothing else reads it. */
export interface Context {
  /** How this program was called, as the beginning of commands that are shown. */
  readonly program: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly clock: () => number;
  /** Begins to listen for Ctrl-C, SIGTERM and SIGHUP; what it says goes to `note`. */
  readonly interruptible: (display: Pick<Display, "note" | "close">) => AbortSignal;
}
