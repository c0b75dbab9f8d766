import { S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, beforeEach } from "@jest/globals";
import { simulatorOf } from "../../bench/virtual-drop.ts";
import { startStack, type Stack, type StackOptions } from "../../dev/stack.ts";
import { findLeaks, watchStack } from "../leaks/canary.ts";
import { watchRoles } from "../roles/watch.ts";

/**
 * The whole local stack, up before the first test of the file and closed after the last. Read it only inside
 * tests and hooks, as `local.stack`: it does not exist yet while tests are declared. Options that do not exist then either
 * are a function.
 *
 * At the end, everything that the stack put out is searched for secrets, and every call that a function made to AWS is
 * looked up in the function's role; a find fails the file.
 */
export const useStack = (options: StackOptions | (() => StackOptions) = {}) => {
  let started: Stack | undefined;
  let s3: S3Client | undefined;
  let logsBefore = 0;
  const watch = watchStack();
  const roles = watchRoles();
  beforeAll(async () => {
    const wanted = typeof options === "function" ? options() : options;
    started = await startStack({
      ...watch.options,
      ...wanted,
      onFunctionCall: (call) => {
        roles.note(call);
        wanted.onFunctionCall?.(call);
      },
    });
  });
  beforeEach(() => {
    logsBefore = local.stack.logs.length;
  });
  afterAll(async () => {
    watch.stop();
    s3?.destroy();
    if (!started) return;
    const leaks = await findLeaks(started, watch);
    await started.close();
    if (leaks.length > 0) throw new Error(`Secrets leaked:\n${leaks.join("\n")}`);
    const missing = await roles.findMissing();
    if (missing.length > 0) throw new Error(`AWS would have refused calls:\n${missing.join("\n")}`);
  });
  const local = {
    get stack(): Stack {
      if (!started) throw new Error("The stack is started before the first test, not while tests are declared");
      return started;
    },
    /** The simulated cielo24. */
    get cielo24() {
      return simulatorOf(local.stack);
    },
    /** An operator's client of the bucket. */
    get s3() {
      return (s3 ??= new S3Client(local.stack.s3ClientConfig));
    },
    newJob: () => local.cielo24.addJob(),
    /** What cielo24 took for the job: the judge. */
    taken: (jobId: string) => local.cielo24.acceptances.filter((each) => each.jobId === jobId),
    /** What the functions logged during this test. */
    records: () =>
      local.stack.logs.slice(logsBefore).map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>),
  };
  return local;
};
