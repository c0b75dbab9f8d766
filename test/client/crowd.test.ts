import { describe, expect, it } from "@jest/globals";
import { createServer } from "node:http";
import { createClient } from "../../client/index.ts";
import { closeServer, listen } from "../../dev/stack/listen.ts";
import { startCannedApi, type Canned } from "./canned-api.ts";
import { createTestClock } from "./clock.ts";

const JOB = "0123456789abcdef0123456789abcdef";

const JOBS = Array.from({ length: 6 }, (_, index) => index.toString(16).padStart(32, "0"));

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

describe("a client that waits for many deliveries", () => {
  it("has two long polls at a time, shares them, and asks plainly for the others", async () => {
    let open = 0;
    let mostOpen = 0;
    const longFor = new Set<string>();
    const server = createServer((request, response) => {
      const { searchParams } = new URL(request.url ?? "", "http://api.test");
      const jobId = searchParams.get("job_id") ?? "";
      const answer = () => {
        // All are delivered once each of them has had its turn.
        const State = longFor.size === JOBS.length ? "DELIVERED" : "SENDING";
        response.end(JSON.stringify({ JobId: jobId, State, UpdatedAt: "2026-01-01T00:00:00.000Z" }));
      };
      if (!searchParams.has("wait")) {
        answer();
        return;
      }
      longFor.add(jobId);
      open += 1;
      mostOpen = Math.max(mostOpen, open);
      clock.after(20_000, () => {
        open -= 1;
        answer();
      });
    });
    const clock = createTestClock();
    const baseUrl = `http://127.0.0.1:${await listen(server)}`;
    const client = createClient({ baseUrl, token: "t", clock });
    const outcomes = await clock.runUntil(Promise.all(JOBS.map((jobId) => client.waitForDelivery({ jobId }))));
    server.closeAllConnections();
    await closeServer(server);
    expect(outcomes.map(({ state }) => state)).toEqual(JOBS.map(() => "DELIVERED"));
    expect(mostOpen).toBe(2);
  });

  it("says that the API cannot be reached, and that it can be again", async () => {
    await using api = await startCannedApi(sending(), { reset: true }, { reset: true }, delivered);
    const waits: (string | undefined)[] = [];
    const repeats = { sleep: () => Promise.resolve() };
    await createClient({ baseUrl: api.url, token: "t", repeats }).waitForDelivery({
      jobId: JOB,
      onWaiting: (waiting) => waits.push(waiting?.errorType),
    });
    expect(waits).toEqual(["NETWORK", "NETWORK", undefined]);
  });
});
