import { EXIT_CODES, Interruption } from "./outcome.ts";

/** What the person gets to see of an interruption. */
export interface Interruptible {
  /** It was heard, and what is under way is being ended. */
  readonly onFirst: () => void;
  /** Everything ends now: the last moment to leave the terminal as it was. */
  readonly onSecond: () => void;
}

/**
 * Ctrl-C, SIGTERM and a terminal that closes (SIGHUP) end what is under way in order, by the signal; a second one ends
 * the process at once.
 */
export const listenForInterruption = ({ onFirst, onSecond }: Interruptible): AbortSignal => {
  const controller = new AbortController();
  const listen = (name: "SIGINT" | "SIGTERM" | "SIGHUP", outcome: "interrupted" | "terminated") => {
    process.on(name, () => {
      if (controller.signal.aborted) {
        onSecond();
        // Not by the default handler: under npx its exit status would be lost.
        process.exit(EXIT_CODES[outcome]);
      }
      onFirst();
      controller.abort(new Interruption(outcome));
    });
  };
  listen("SIGINT", "interrupted");
  listen("SIGTERM", "terminated");
  listen("SIGHUP", "terminated");
  return controller.signal;
};
