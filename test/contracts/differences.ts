import { it } from "@jest/globals";

/** Where an engine does otherwise than AWS documents: the names of a contract's tests, each with what it does. */
export interface Differences {
  /** These fail every time. Once one of them passes, the test says so, and the entry can go. */
  readonly fails?: Readonly<Record<string, string>>;
  /** These fail now and then, or after a long time, and are not run. */
  readonly notRun?: Readonly<Record<string, string>>;
}

type Test = (name: string, body: () => Promise<void>, timeoutMs?: number) => void;

/** A contract's `it`, and whether all the named tests have been met. */
export const testsWith = ({ fails = {}, notRun = {} }: Differences): { it: Test; unmet: () => string[] } => {
  const unmet = new Set([...Object.keys(fails), ...Object.keys(notRun)]);
  const test: Test = (name, body, timeoutMs) => {
    unmet.delete(name);
    if (Object.hasOwn(fails, name)) it.failing(`${name} (not here: ${fails[name]})`, body, timeoutMs);
    else if (Object.hasOwn(notRun, name)) it.skip(`${name} (not here: ${notRun[name]})`, body, timeoutMs);
    else it(name, body, timeoutMs);
  };
  return { it: test, unmet: () => [...unmet] };
};
