import { listenForInterruption } from "./interruption.ts";
import { EXIT_CODES } from "./outcome.ts";
import { run } from "./program.ts";

/** `cielo24-proxy`: the only file that knows the process. */
const { stdout, stderr } = process;
// Whoever reads the output, `head` say, may have had enough, and a terminal may be closed. Uploads go on without them.
stderr.on("error", () => undefined);
stdout.on("error", ({ code, message }: NodeJS.ErrnoException) => {
  if (code === "EPIPE" || code === "EIO") return;
  stderr.write(`The results cannot be written: ${message}\n`);
  // At the very end: the run's own code may be set before or after this.
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
    interruptible: ({ note, close }) =>
      listenForInterruption({
        onFirst: () => {
          note("Ending. Ctrl-C once more ends at once.");
        },
        onSecond: close,
      }),
  },
  process.argv.slice(2),
);
