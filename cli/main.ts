import { listenForInterruption } from "./interruption.ts";
import { run } from "./program.ts";

/** `cielo24-proxy`: the only file that knows the process. */
const { stdout, stderr } = process;
// Whoever reads the output, `head` say, may have had enough.
stdout.on("error", () => process.exit());

process.exitCode = await run(
  {
    // eslint-disable-next-line no-restricted-properties -- a command line's own environment
    env: process.env,
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
