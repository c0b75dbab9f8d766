import type { Context } from "aws-lambda";
import type { Build } from "../../dev/stack/lambda.ts";
import { randomHex, sleep, type Runtime } from "../../lib/runtime.ts";

/** One invocation of a function, in a process of its own. It may be killed at any time; all that it tells is its log. */
export interface Invocation {
  /** The function's folder. */
  readonly name: string;
  readonly event: unknown;
  readonly env: Runtime["env"];
  readonly now: number;
  readonly timeLeftMs: number;
}

const run = async ({ name, event, env, now, timeLeftMs }: Invocation): Promise<void> => {
  const file = new URL(`../../functions/${name}/handler.ts`, import.meta.url);
  const { build } = (await import(file.href)) as { build: Build };
  const startedAt = performance.now();
  const clock = () => now + Math.round(performance.now() - startedAt);
  const writeLine = (line: string) => process.stdout.write(`${line}\n`);
  const context = { awsRequestId: "invocation", getRemainingTimeInMillis: () => now + timeLeftMs - clock() };
  await build({ env, clock, randomHex, sleep, writeLine })(event as never, context as unknown as Context);
};

process.once("message", (invocation: Invocation) => {
  void run(invocation).then(() => process.exit(0));
});
