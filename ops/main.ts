import { listenForInterruption } from "../cli/interruption.ts";
import { EXIT_CODES } from "./outcome.ts";
import { run } from "./program.ts";

/** `cielo24-proxy ops`: the entry, which connects the program to the process. `cli/cielo24-proxy.mjs` leads here. */
const { stdin, stdout, stderr } = process;
// The reader of the output, such as `head`, may have stopped reading, and a terminal may be closed.
stderr.on("error", () => undefined);
stdout.on("error", ({ code, message }: NodeJS.ErrnoException) => {
  if (code !== "EPIPE" && code !== "EIO") stderr.write(`The results cannot be written: ${message}\n`);
  process.exit(code === "EPIPE" || code === "EIO" ? EXIT_CODES.done : EXIT_CODES.failed);
});

// eslint-disable-next-line no-restricted-properties -- a command line's own environment
const { env } = process;

let signal: AbortSignal | undefined;
const interruptible = () =>
  (signal ??= listenForInterruption({
    note: (text) => void stderr.write(`${text}\n`),
    close: () => undefined,
  }));

process.exitCode = await run(
  {
    env,
    program: env["npm_command"] === "exec" ? ["npx", "cielo24-proxy", "ops"] : ["cielo24-proxy", "ops"],
    stdin,
    stdout,
    stderr,
    clock: Date.now,
    interruptible,
  },
  // Behind "ops".
  process.argv.slice(3),
);
