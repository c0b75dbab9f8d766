import { createWriteStream } from "node:fs";

/** The lines that the functions of a stack logged, also appended to a file if one is given. */
export interface StackLog {
  readonly lines: string[];
  readonly write: (line: string) => void;
  readonly close: () => Promise<void>;
}

export const createStackLog = (file?: string, onLine: (line: string) => void = () => undefined): StackLog => {
  const lines: string[] = [];
  const stream = file === undefined ? undefined : createWriteStream(file, { flags: "a" });
  return {
    lines,
    write: (line) => {
      lines.push(line);
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
