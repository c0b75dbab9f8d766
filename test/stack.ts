import { afterAll, beforeAll } from "@jest/globals";
import { startStack, type Stack, type StackOptions } from "../dev/stack.ts";

/**
 * The whole local stack, up before the first test of the file and closed after the last. Read it inside of tests and
 * hooks only: `const { stack } = useStack();` would be too early, `const local = useStack();` with `local.stack` is not.
 */
export const useStack = (options: StackOptions = {}): { readonly stack: Stack } => {
  let started: Stack | undefined;
  beforeAll(async () => {
    started = await startStack(options);
  });
  afterAll(async () => {
    await started?.close();
  });
  return {
    get stack() {
      if (!started) throw new Error("The stack is started before the first test, not while tests are declared");
      return started;
    },
  };
};
