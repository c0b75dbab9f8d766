import { describe, expect, it } from "@jest/globals";
import type { Context } from "aws-lambda";
import { InvocationTooLargeError } from "../../../dev/gateway/server.ts";
import { createStackClock } from "../../../dev/stack/clock.ts";
import { createLambda, TooManyRequestsError, type Concurrency } from "../../../dev/stack/lambda.ts";
import { randomHex } from "../../../lib/runtime.ts";

type Work = (event: unknown, context: Context) => unknown;

const start = (work: Work, concurrency?: Concurrency) => {
  const clock = createStackClock();
  const lines: string[] = [];
  let builds = 0;
  const lambda = createLambda({
    runtime: {
      env: {},
      clock: clock.now,
      randomHex,
      sleep: clock.sleep,
      writeLine: (line) => lines.push(line),
    },
    functions: ["work", "other"].map((name) => ({ name, timeoutMs: 29_000, routes: [] })),
    concurrency,
    load: () =>
      Promise.resolve(() => {
        builds += 1;
        return (event: never, context: Context) => Promise.resolve().then(() => work(event, context));
      }),
  });
  return { clock, lambda, lines, builds: () => builds };
};

describe("the stand-in for Lambda", () => {
  it("passes event and result through JSON", async () => {
    const { lambda } = start((event) => ({ event, absent: undefined, at: new Date(0) }));
    expect(await lambda.invoke("work", { a: 1, absent: undefined })).toEqual({
      event: { a: 1 },
      at: "1970-01-01T00:00:00.000Z",
    });
    expect(await start(() => undefined).lambda.invoke("work", {})).toBeUndefined();
  });

  it("tells the function its request id and the time that it has left, by the stack's clock", async () => {
    const { lambda, clock } = start((_event, context) => {
      const before = context.getRemainingTimeInMillis();
      clock.advance(9_000);
      return [context.awsRequestId, before, before - context.getRemainingTimeInMillis()];
    });
    const [id, before, passed] = (await lambda.invoke("work", {}, "request-1")) as [string, number, number];
    expect(id).toBe("request-1");
    expect(before).toBeGreaterThan(28_000);
    expect(before).toBeLessThanOrEqual(29_000);
    expect(passed).toBeGreaterThanOrEqual(9_000);
  });

  it("builds a function once, until it starts cold again", async () => {
    const { lambda, builds } = start(() => undefined);
    await Promise.all([lambda.invoke("work", {}), lambda.invoke("work", {})]);
    expect(builds()).toBe(1);
    lambda.coldStart();
    await lambda.invoke("work", {});
    expect(builds()).toBe(2);
  });

  it("gives a function up when its time is over, and knows that it still runs", async () => {
    let release: () => void = () => undefined;
    let begun: () => void = () => undefined;
    const begins = new Promise<void>((resolve) => (begun = resolve));
    const { lambda, clock, lines } = start(() => {
      begun();
      return new Promise<void>((resolve) => (release = resolve));
    });
    const invocation = lambda.invoke("work", {});
    const outcome = expect(invocation).rejects.toThrow("Task timed out after 29.00 seconds");
    await begins;
    clock.advance(29_000);
    await outcome;
    expect(lines.join()).toContain("Task timed out");
    let isIdle = false;
    const idle = lambda.idle().then(() => (isIdle = true));
    await new Promise(setImmediate);
    expect(isIdle).toBe(false);
    release();
    await idle;
  });

  it("logs what a function throws, as Lambda does", async () => {
    const { lambda, lines } = start(() => {
      throw new TypeError("no such thing");
    });
    await expect(lambda.invoke("work", {}, "request-1")).rejects.toThrow("no such thing");
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({
      level: "ERROR",
      requestId: "request-1",
      errorType: "TypeError",
      errorMessage: "no such thing",
    });
  });

  it("runs as many functions at once as the account may, and refuses others without a word in the log", async () => {
    let release: () => void = () => undefined;
    const { lambda, lines } = start(() => new Promise<void>((resolve) => (release = resolve)), { account: 1 });
    const running = lambda.invoke("work", {});
    await expect(lambda.invoke("other", {})).rejects.toBeInstanceOf(TooManyRequestsError);
    await new Promise(setImmediate);
    release();
    await running;
    expect(lines).toEqual([]);
    const next = lambda.invoke("other", {});
    await new Promise(setImmediate);
    release();
    await expect(next).resolves.toBeUndefined();
  });

  it("keeps for a function what is reserved for it, and gives it no more", async () => {
    const releases: (() => void)[] = [];
    const work = () => new Promise<void>((resolve) => void releases.push(resolve));
    const { lambda } = start(work, { account: 3, reserved: { work: 1 } });
    const running = ["work", "other", "other"].map((name) => lambda.invoke(name, {}));
    for (const name of ["work", "other"])
      await expect(lambda.invoke(name, {})).rejects.toBeInstanceOf(TooManyRequestsError);
    await new Promise(setImmediate);
    for (const release of releases) release();
    await Promise.all(running);
  });

  it("takes 6 MB and no more, either way", async () => {
    const { lambda } = start((event) => (event === "long" ? "x".repeat(6 * 1024 * 1024) : "taken"));
    const envelope = JSON.stringify("").length;
    expect(await lambda.invoke("work", "x".repeat(6 * 1024 * 1024 - envelope))).toBe("taken");
    await expect(lambda.invoke("work", "x".repeat(6 * 1024 * 1024))).rejects.toBeInstanceOf(InvocationTooLargeError);
    await expect(lambda.invoke("work", "long")).rejects.toThrow("Response payload size exceeded");
  });
});
