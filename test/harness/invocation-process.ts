import type { Context } from "aws-lambda";
import type { Build } from "../../dev/stack/lambda.ts";
import { randomHex, sleep, type Runtime } from "../../lib/runtime.ts";

/** What a process is given to do: one invocation of a function. It may be killed at any time, and tells only its log. */
export interface Doom {
  /** The function's folder. */
  readonly name: string;
  readonly event: unknown;
  readonly env: Runtime["env"];
  readonly now: number;
  readonly timeLeftMs: number;
}

const meetDoom = async ({ name, event, env, now, timeLeftMs }: Doom): Promise<void> => {
  const file = new URL(`../../functions/${name}/handler.ts`, import.meta.url);
  const { build } = (await import(file.href)) as { build: Build };
  const startedAt = performance.now();
  const clock = () => now + Math.round(performance.now() - startedAt);
  const writeLine = (line: string) => process.stdout.write(`${line}\n`);
  const context = { awsRequestId: "doomed", getRemainingTimeInMillis: () => now + timeLeftMs - clock() };
  await build({ env, clock, randomHex, sleep, writeLine })(event as never, context as unknown as Context);
};

process.once("message", (doom: Doom) => {
  void meetDoom(doom).then(() => process.exit(0));
});
