import type { Context, SQSRecord } from "aws-lambda";
import { build } from "../../../functions/deliver-media/handler.ts";
import { randomHex, sleep, type Runtime } from "../../../lib/runtime.ts";

/** What a process of deliver-media is given to do; it tells nothing but what it logs, and may be killed at any time. */
export interface Doom {
  readonly env: Runtime["env"];
  readonly record: SQSRecord;
  readonly now: number;
  readonly timeLeftMs: number;
}

process.once("message", ({ env, record, now, timeLeftMs }: Doom) => {
  const startedAt = performance.now();
  const clock = () => now + Math.round(performance.now() - startedAt);
  const writeLine = (line: string) => process.stdout.write(`${line}\n`);
  const context = { awsRequestId: "doomed", getRemainingTimeInMillis: () => now + timeLeftMs - clock() };
  void build({ env, clock, randomHex, sleep, writeLine })({ Records: [record] }, context as unknown as Context).then(
    () => process.exit(0),
  );
});
