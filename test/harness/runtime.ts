import type { Runtime } from "../../lib/runtime.ts";

/** A runtime whose time moves only by `sleep`, and that keeps what was logged. */
export const testRuntime = (env: Runtime["env"] = {}): Runtime & { readonly lines: string[]; now: number } => {
  const lines: string[] = [];
  let names = 0;
  const runtime = {
    env,
    now: Date.UTC(2031, 4, 6, 7, 8, 9),
    lines,
    clock: () => runtime.now,
    randomHex: () => (++names).toString(16).padStart(32, "0"),
    sleep: (ms: number) => {
      runtime.now += ms;
      return Promise.resolve();
    },
    writeLine: (line: string) => {
      lines.push(line);
    },
  };
  return runtime;
};
