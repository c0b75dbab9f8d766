import type { Display } from "./display/display.ts";
import { EXIT_CODES, Interruption } from "./outcome.ts";

/**
 * Ctrl-C, SIGTERM and a closed terminal (SIGHUP) abort the signal, so that the work under way ends in order. A second one
 * ends the process at once, after `close` has restored the terminal.
 */
export const listenForInterruption = ({ note, close }: Pick<Display, "note" | "close">): AbortSignal => {
  const controller = new AbortController();
  const listen = (name: "SIGINT" | "SIGTERM" | "SIGHUP", outcome: "interrupted" | "terminated") => {
    process.on(name, () => {
      if (controller.signal.aborted) {
        close();
        // Not left to the default handler: under npx the exit status would be lost.
        process.exit(EXIT_CODES[outcome]);
      }
      note("Ending. Ctrl-C once more ends at once.");
      controller.abort(new Interruption(outcome));
    });
  };
  listen("SIGINT", "interrupted");
  listen("SIGTERM", "terminated");
  listen("SIGHUP", "terminated");
  return controller.signal;
};
