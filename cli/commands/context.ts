/** What a command gets of the process, so that nothing else reads it. */
export interface Context {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly clock: () => number;
  /** Begins to listen for Ctrl-C and SIGTERM; what it says goes to `note`. */
  readonly interruptible: (note: (text: string) => void) => AbortSignal;
}
