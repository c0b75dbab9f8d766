import { describe, expect, it } from "@jest/globals";
import { createClient } from "../../client/index.ts";
import { startCannedApi, type Canned } from "./canned-api.ts";

const JOB = "0123456789abcdef0123456789abcdef";

let minute = 0;
/** A response with news, unless it is of the same time as the one before. */
const sending = (UpdatedAt = new Date(60_000 * ++minute).toISOString()): Canned => ({
  body: { JobId: JOB, State: "SENDING", UpdatedAt },
});
const delivered: Canned = { body: { JobId: JOB, State: "DELIVERED", UpdatedAt: "2026-01-01T00:00:00.000Z" } };

/** What the gateway answers where Lambda had no room for the call, and where it throttles by itself. */
const gateways = (status: number, message: string): Canned => ({ status, body: { message } });
const NO_ROOM = gateways(500, "Internal Server Error");

/** Waits for the delivery: which questions were asked (`long` or `plain`), and which pauses lay between them, ms. */
const follow = async (...answers: readonly [Canned, ...Canned[]]) => {
  await using api = await startCannedApi(...answers);
  const pauses: number[] = [];
  const sleep = (ms: number) => {
    pauses.push(ms);
    return Promise.resolve();
  };
  const client = createClient({ baseUrl: api.url, token: "t", repeats: { random: () => 0.5, sleep } });
  const outcome = await client.waitForDelivery({ jobId: JOB }).catch((error: unknown) => error);
  return { outcome, questions: api.requests.map(({ target }) => kindOf(target)), pauses };
};

const kindOf = (target: string) => (new URL(target, "http://api.test").searchParams.has("wait") ? "long" : "plain");

const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

describe("a client that waits for a delivery while executions are scarce", () => {
  it.each([
    NO_ROOM,
    gateways(503, "Service Unavailable"),
    gateways(504, "Gateway Timeout"),
    gateways(429, "Too Many Requests"),
    { status: 502, body: "<html>" },
  ])("asks plainly where the gateway refuses a long poll with $status, after the usual pause", async (refusal) => {
    const { outcome, questions, pauses } = await follow(sending(), refusal, delivered);
    expect(outcome).toMatchObject({ state: "DELIVERED" });
    expect(questions).toEqual(["plain", "long", "plain"]);
    expect(pauses).toEqual([375]);
  });

  it("asks plainly for a minute, and then waits again", async () => {
    const { questions, pauses } = await follow(sending(), NO_ROOM, ...times(12, () => sending()), delivered);
    expect(questions).toEqual(["plain", "long", ...times(12, () => "plain"), "long"]);
    expect(pauses).toEqual([375, ...times(12, () => 5_000)]);
  });

  it("begins the minute again where a plain question is refused, too", async () => {
    const { questions } = await follow(
      NO_ROOM,
      ...times(7, () => sending()),
      NO_ROOM,
      ...times(12, () => sending()),
      delivered,
    );
    expect(questions).toEqual([...times(21, () => "plain"), "long"]);
  });

  it("gives up where one question after the other is refused", async () => {
    const { outcome, questions } = await follow(sending(), NO_ROOM);
    expect(outcome).toMatchObject({
      source: "gateway",
      status: 500,
      comment: expect.stringMatching(/It was tried \d+ times in 10 min\.$/),
    });
    expect(questions.slice(0, 3)).toEqual(["plain", "long", "plain"]);
    expect(questions.filter((kind) => kind === "long")).toHaveLength(1);
  });

  it.each([
    [
      "a fault of the function's own",
      { status: 503, body: { ErrorType: "PROXY_UNAVAILABLE", ErrorComment: "Later." } },
    ],
    ["a broken connection", { reset: true }],
  ])("waits on after %s, which has nothing to do with room", async (_what, fault) => {
    const { questions } = await follow(sending(), fault, delivered);
    expect(questions).toEqual(["plain", "long", "long"]);
  });

  it("pauses after a wait that brought no news, however short the stage keeps it, and not after news", async () => {
    const first = "2026-01-01T00:00:00.000Z";
    const { questions, pauses } = await follow(sending(first), sending(first), sending(first), sending(), delivered);
    expect(questions).toEqual(["plain", "long", "long", "long", "long"]);
    expect(pauses.slice(0, 2)).toEqual([5_000, 5_000]);
    expect(pauses[2]).toBeLessThanOrEqual(500);
  });

  it("repeats a single question with a wait plainly, too", async () => {
    await using api = await startCannedApi(NO_ROOM, sending());
    const repeats = { sleep: () => Promise.resolve() };
    await createClient({ baseUrl: api.url, token: "t", repeats }).getDelivery({ jobId: JOB, waitS: 5 });
    expect(api.requests.map(({ target }) => kindOf(target))).toEqual(["long", "plain"]);
  });
});
