import { listenForInterruption } from "./interruption.ts";
import { run } from "./program.ts";

/** `cielo24-proxy`: the only file that knows the process. */
const { stdout, stderr } = process;
// Whoever reads the output, `head` say, may have had enough.
stdout.on("error", () => process.exit());

// eslint-disable-next-line no-restricted-properties -- a command line's own environment
const { env } = process;

process.exitCode = await run(
  {
    env,
    program: env["npm_command"] === "exec" ? ["npx", "cielo24-proxy"] : ["cielo24-proxy"],
    stdout,
    stderr,
    clock: Date.now,
    interruptible: (note) =>
      listenForInterruption(() => {
        note("Ending. Ctrl-C once more ends at once.");
      }),
  },
  process.argv.slice(2),
);
