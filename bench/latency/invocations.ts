import type { Context } from "aws-lambda";

/** A function's handler, for any kind of event. */
export type Handler = (event: never, context: Context) => Promise<unknown>;

/** What a measured process says. */
export type Message = { readonly is: "ready" } | { readonly is: "handled"; readonly result: unknown };

const INVOCATION_MS = 900_000;

/**
 * The side of a measured process: says that its code is loaded, then handles one event after another and says when each has
 * ended. Lambda does the same to a function.
 */
export const handleEvents = (handler: Handler): void => {
  const say = (message: Message) => process.send?.(message);
  process.on("message", (event) => {
    const deadline = Date.now() + INVOCATION_MS;
    const context = { awsRequestId: "bench", getRemainingTimeInMillis: () => deadline - Date.now() } as Context;
    void handler(event as never, context).then((result) => say({ is: "handled", result }));
  });
  say({ is: "ready" });
};
