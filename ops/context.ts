/** What a command gets from the process; commands read nothing else of it. */
export interface Context {
  /** How this program was called: the first words of the commands that are shown to the person. */
  readonly program: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Aborts at Ctrl-C and SIGTERM. Until it is called, they end the process. */
  readonly interruptible: () => AbortSignal;
}

/** The options of every command. */
export interface CommandOptions {
  readonly stage?: string;
  readonly region?: string;
  readonly profile?: string;
  readonly json?: boolean;
}
