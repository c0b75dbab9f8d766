import { EXIT_CODES, Interruption } from "./outcome.ts";

/**
 * Ctrl-C and SIGTERM end what is under way in order, by the signal; a second one ends the process at once.
 *
 * @param onFirst tells the person that it was heard
 */
export const listenForInterruption = (onFirst: () => void): AbortSignal => {
  const controller = new AbortController();
  const listen = (name: "SIGINT" | "SIGTERM", outcome: "interrupted" | "terminated") => {
    process.on(name, () => {
      // Not by the default handler: under npx its exit status would be lost.
      if (controller.signal.aborted) process.exit(EXIT_CODES[outcome]);
      onFirst();
      controller.abort(new Interruption(outcome));
    });
  };
  listen("SIGINT", "interrupted");
  listen("SIGTERM", "terminated");
  return controller.signal;
};
