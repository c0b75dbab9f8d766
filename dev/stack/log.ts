import { createWriteStream } from "node:fs";

/** The lines that the functions of a stack logged, also appended to a file if one is given. */
export interface StackLog {
  readonly lines: string[];
  /** The same, with what CloudWatch knows of them. */
  readonly entries: readonly LogEntry[];
  /** @param functionName the folder of the function that logs; absent of the stack's own lines */
  readonly write: (line: string, functionName?: string) => void;
  readonly close: () => Promise<void>;
}

interface LogEntry {
  /** Milliseconds since the epoch, by the stack's clock. */
  readonly at: number;
  readonly functionName: string | undefined;
  readonly line: string;
}

export const createStackLog = ({
  clock,
  file,
  onLine = () => undefined,
}: {
  readonly clock: () => number;
  readonly file?: string | undefined;
  readonly onLine?: ((line: string) => void) | undefined;
}): StackLog => {
  const lines: string[] = [];
  const entries: LogEntry[] = [];
  const stream = file === undefined ? undefined : createWriteStream(file, { flags: "a" });
  return {
    lines,
    entries,
    write: (line, functionName) => {
      lines.push(line);
      entries.push({ at: clock(), functionName, line });
      stream?.write(`${line}\n`);
      onLine(line);
    },
    close: () =>
      new Promise((resolve) => {
        if (stream) stream.end(resolve);
        else resolve();
      }),
  };
};
