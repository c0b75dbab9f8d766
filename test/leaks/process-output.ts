import { textOf } from "./text-of.ts";

/** What this process wrote: to its standard streams, however it was cut, and through `console`. */
export interface ProcessOutput {
  /** Everything since the watch began, by where it went. */
  readonly texts: () => Readonly<Record<string, string>>;
  readonly stop: () => void;
}

type Listener = (place: "stdout" | "stderr" | "console", text: string) => void;

const CONSOLE = ["debug", "log", "info", "warn", "error", "dir", "table", "trace"] as const;
const listeners = new Set<Listener>();
const quiet = new Set<Listener>();
let unhook: () => void = () => undefined;

/**
 * Listens to this process. Watches may overlap.
 *
 * @param options.isQuiet what is heard is not written any more
 */
export const watchProcess = ({ isQuiet = false } = {}): ProcessOutput => {
  const heard = { stdout: [] as string[], stderr: [] as string[], console: [] as string[] };
  const listener: Listener = (place, text) => heard[place].push(text);
  if (listeners.size === 0) unhook = hook();
  listeners.add(listener);
  if (isQuiet) quiet.add(listener);
  return {
    texts: () => Object.fromEntries(Object.entries(heard).map(([place, texts]) => [place, texts.join("")])),
    stop: () => {
      quiet.delete(listener);
      if (listeners.delete(listener) && listeners.size === 0) unhook();
    },
  };
};

const tell: Listener = (place, text) => {
  for (const listener of listeners) listener(place, text);
};

const hook = (): (() => void) => {
  const undo: (() => void)[] = [];
  for (const name of ["stdout", "stderr"] as const) {
    undo.push(
      wrap(process[name], "write", ([chunk]) => {
        tell(name, typeof chunk === "string" ? chunk : Buffer.from(chunk as Uint8Array).toString("latin1"));
      }),
    );
  }
  // Jest's console does not write through the streams, and shows less of an object than a log viewer may ask for.
  for (const method of CONSOLE) {
    undo.push(
      wrap(console, method, (values) => {
        tell("console", `${values.map(textOf).join(" ")}\n`);
      }),
    );
  }
  return () => {
    for (const each of undo) each();
  };
};

/** Lets a method tell what it is called with. */
const wrap = (owner: object, method: string, onCall: (values: unknown[]) => void): (() => void) => {
  const inner = Reflect.get(owner, method) as (...values: unknown[]) => unknown;
  Reflect.set(owner, method, (...values: unknown[]) => {
    onCall(values);
    if (quiet.size > 0) return true;
    return Reflect.apply(inner, owner, values);
  });
  return () => {
    Reflect.set(owner, method, inner);
  };
};
