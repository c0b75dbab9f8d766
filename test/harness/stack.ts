import { afterAll, beforeAll } from "@jest/globals";
import { startStack, type Stack, type StackOptions } from "../../dev/stack.ts";
import { findLeaks, watchStack } from "../leaks/canary.ts";

/**
 * The whole local stack, up before the first test of the file and closed after the last. Read it inside of tests and
 * hooks only: `const { stack } = useStack();` would be too early, `const local = useStack();` with `local.stack` is not.
 *
 * At the end, everything that the stack put out is searched for secrets; a find fails the file.
 */
export const useStack = (options: StackOptions = {}): { readonly stack: Stack } => {
  let started: Stack | undefined;
  const watch = watchStack();
  beforeAll(async () => {
    started = await startStack({ ...watch.options, ...options });
  });
  afterAll(async () => {
    watch.stop();
    if (!started) return;
    const leaks = await findLeaks(started, watch);
    await started.close();
    if (leaks.length > 0) throw new Error(`Secrets leaked:\n${leaks.join("\n")}`);
  });
  return {
    get stack() {
      if (!started) throw new Error("The stack is started before the first test, not while tests are declared");
      return started;
    },
  };
};
