import { listenForInterruption } from "./interruption.ts";
import { EXIT_CODES } from "./outcome.ts";
import { run } from "./program.ts";

/** `cielo24-proxy`: the entry, which connects the program to the process. */
const { stdout, stderr } = process;
// The reader of the output, such as `head`, may have stopped reading, and a terminal may be closed. Uploads go on.
stderr.on("error", () => undefined);
stdout.on("error", ({ code, message }: NodeJS.ErrnoException) => {
  if (code === "EPIPE" || code === "EIO") return;
  stderr.write(`The results cannot be written: ${message}\n`);
  // Only at exit, as the run's own code may be set before or after this.
  process.once("exit", () => {
    process.exitCode ||= EXIT_CODES.failed;
  });
});

// eslint-disable-next-line no-restricted-properties -- a command line's own environment
const { env } = process;

process.exitCode = await run(
  {
    env,
    program: env["npm_command"] === "exec" ? ["npx", "cielo24-proxy"] : ["cielo24-proxy"],
    stdout,
    stderr,
    clock: Date.now,
    interruptible: listenForInterruption,
  },
  process.argv.slice(2),
);
