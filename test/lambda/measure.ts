import { startStack } from "../../dev/stack.ts";
import { startEnvironment } from "./environment.ts";
import { localVariables } from "./local.ts";
import type { PackagedFunction } from "./package.ts";

interface Start {
  readonly name: string;
  readonly zipKiB: number;
  /** Until the runtime asked for an invocation: Node, AWS's runtime and the function's module. */
  readonly initMs: number;
  /** The first invocation, with a test event: it builds the function. */
  readonly firstCallMs: number;
  readonly rssMiB: number;
}

const ROUNDS = 3;
const MIB = 1024 * 1024;

/** Starts every function several times, one after another, and calls it with a test event. Gives medians. */
export const measureStarts = async (packaged: readonly PackagedFunction[], engine: string): Promise<Start[]> => {
  const stack = await startStack({ polls: false });
  const starts: Start[] = [];
  for (const code of packaged) {
    const rounds: Pick<Start, "initMs" | "firstCallMs" | "rssMiB">[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const environment = await startEnvironment({ ...code, variables: localVariables(code, stack.env) }, { engine });
      const startedAt = performance.now();
      // deliver-media refuses a test event.
      await environment.invoke({}).catch(() => undefined);
      const wholeMs = performance.now() - startedAt;
      const [initMs = Number.NaN] = environment.initsMs();
      rounds.push({ initMs, firstCallMs: wholeMs - initMs, rssMiB: environment.rssBytes() / MIB });
      await environment.stop();
    }
    const median = (of: "initMs" | "firstCallMs" | "rssMiB") =>
      rounds.map((round) => round[of]).toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? Number.NaN;
    starts.push({
      name: code.name,
      zipKiB: code.zipBytes / 1024,
      initMs: median("initMs"),
      firstCallMs: median("firstCallMs"),
      rssMiB: median("rssMiB"),
    });
  }
  await stack.close();
  return starts;
};

export const printStarts = (starts: readonly Start[]): void => {
  const row = (name: string, ...cells: readonly (number | string)[]) => {
    const texts = cells.map((cell) => (typeof cell === "number" ? cell.toFixed(0) : cell).padStart(11));
    console.log(name.padEnd(16), ...texts);
  };
  row("function", "zip KiB", "init ms", "first ms", "RSS MiB");
  for (const { name, zipKiB, initMs, firstCallMs, rssMiB } of starts) row(name, zipKiB, initMs, firstCallMs, rssMiB);
};
