import { afterEach, describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { createCielo24 } from "../../../lib/cielo24/client.ts";
import { parseSecret } from "../../../lib/cielo24/credentials.ts";
import { deliver, type DeliveryPorts } from "../../../lib/delivery/deliver.ts";
import { LedgerError } from "../../../lib/delivery/ledger.ts";
import { createObservability } from "../../../lib/observability.ts";
import type { MediaBody } from "../../../lib/media/body.ts";
import { memoryLedger } from "../../harness/memory-ports.ts";
import { sha256 } from "../../harness/sha256.ts";
import { goodText, infoText, JOB } from "../cielo24/habits/answers.ts";
import { KIB, turns } from "../cielo24/habits/pauses.ts";
import { startScriptedServer, type Script } from "../cielo24/habits/server.ts";
import { bodyOf, within } from "../cielo24/fixture.ts";
import { httpAnswer } from "../cielo24/raw-server.ts";
import { A, SETTINGS } from "./machine/machine-driver.ts";

const BYTES = randomBytes(100 * KIB);
const BAD_TOKEN = httpAnswer(JSON.stringify({ ErrorType: "BAD_API_TOKEN", ErrorComment: "" }), "400 Bad Request");
/** Longer than a POST takes to arrive over a connection that is open. */
const A_WHILE = 200;

const answer: Script = async (exchange) => {
  await exchange.bodyIsWhole();
  const isQuestion = exchange.action === "job/info";
  await exchange.send(httpAnswer(isQuestion ? infoText(null) : goodText(exchange.action)));
};

const ONE_AFTER_THE_OTHER = ["job/info", "job/info answered", "job/add_media", "job/add_media answered"];

describe("a delivery", () => {
  const closers: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });

  /** What delivers one drop to a cielo24 that does what the script says. `order` is what happened, for tests to add to. */
  const start = async (script: Script) => {
    const order: string[] = [];
    const server = await startScriptedServer(async (exchange) => {
      order.push(exchange.action);
      await script(exchange);
    });
    closers.push(server.close);
    const client = createCielo24({
      baseUrl: server.url,
      readCredentials: () => Promise.resolve(parseSecret(JSON.stringify({ username: "u", securekey: "k".repeat(32) }))),
      clock: Date.now,
    });
    const ledger = memoryLedger();
    let reads = 0;
    const body: MediaBody = {
      sizeBytes: BYTES.length,
      read: async function* (signal) {
        reads += 1;
        try {
          yield* bodyOf(BYTES).body.read(signal);
        } finally {
          await turns(A_WHILE);
          order.push("object closed");
        }
      },
    };
    const ports = {
      ledger,
      store: {
        inspect: async () => {
          await turns(A_WHILE);
          order.push("inspected");
          return { status: "current", sizeBytes: BYTES.length };
        },
        body: () => body,
        isWithdrawn: () => Promise.resolve(false),
      },
      cielo24: {
        ...client,
        connect: () => {
          const connection = client.connect();
          const close = () => connection.close().then(() => void order.push("connection closed"));
          return { ...connection, close };
        },
      },
      announce: () => Promise.resolve(),
      runtime: { clock: Date.now, randomHex: () => randomBytes(16).toString("hex") },
      observability: createObservability(
        { clock: Date.now, writeLine: () => undefined },
        { service: "deliver-media", stage: "test" },
      ),
    } as unknown as DeliveryPorts;
    const run = async () => {
      const { command } = await deliver(
        {
          drop: { role: "queue", jobId: JOB, media: A, receiveCount: 1, lastChance: false },
          settings: SETTINGS,
          marginMs: 15_000,
          idleTimeoutMs: 60_000,
          capabilityUrl: () => "",
          ...within(900_000),
        },
        ports,
      );
      order.push("returned");
      return command.reason;
    };
    return { server, client, ledger, order, run, reads: () => reads };
  };

  /** What came to cielo24 and left it, without what this side tells of itself. */
  const ofCielo24 = (order: readonly string[]) => order.filter((each) => /^(account|job)\//.test(each));
  const answerInfoLate: Script = async (exchange) => {
    if (exchange.action === "job/info") await turns(A_WHILE);
    await answer(exchange);
  };

  it("sends the POST once job/info is answered, and asks no more after that", async () => {
    const { order, run, ledger } = await start(async (exchange) => {
      await answerInfoLate(exchange);
      order.push(`${exchange.action} answered`);
    });
    expect(await run()).toBe("delivered");
    expect(ofCielo24(order).slice(2)).toEqual(ONE_AFTER_THE_OTHER);
    expect(ledger.table.get(JOB)?.sha256).toBe(sha256(BYTES));
  });

  it("sends the POST once job/info is answered by a second token", async () => {
    let questions = 0;
    const { order, run } = await start(async (exchange) => {
      if (exchange.action === "job/info" && (questions += 1) === 1) await exchange.send(BAD_TOKEN);
      else await answerInfoLate(exchange);
      order.push(`${exchange.action} answered`);
    });
    expect(await run()).toBe("delivered");
    expect(ofCielo24(order).slice(-4)).toEqual(ONE_AFTER_THE_OTHER);
    expect(questions).toBe(2);
  });

  it("sends the POST once job/info is answered at a second attempt, where the kept connection was dead", async () => {
    let questions = 0;
    const { order, run, client } = await start(async (exchange) => {
      if (exchange.action === "job/info" && (questions += 1) === 2) exchange.reset();
      else await answerInfoLate(exchange);
      order.push(`${exchange.action} answered`);
    });
    await client.jobInfo(JOB, within(60_000));
    expect(await run()).toBe("delivered");
    expect(ofCielo24(order).slice(-4)).toEqual(ONE_AFTER_THE_OTHER);
    expect(questions).toBe(3);
  });

  it("sends no byte over the connection for the POST before the claim is on record", async () => {
    const { ledger, run, server } = await start(answer);
    const { write } = ledger;
    const atClaim = Promise.withResolvers<string[]>();
    ledger.write = async (...written) => {
      await turns(A_WHILE);
      atClaim.resolve(server.received.filter((text) => !text.startsWith("GET ")));
      return write(...written);
    };
    expect(await run()).toBe("delivered");
    expect(await atClaim.promise).toEqual([""]);
  });

  it("reads the object anew for a second POST", async () => {
    let posts = 0;
    const { run, reads } = await start(async (exchange) => {
      if (exchange.action === "job/add_media" && (posts += 1) === 1) await exchange.send(BAD_TOKEN);
      else await answer(exchange);
    });
    expect(await run()).toBe("delivered");
    expect([posts, reads()]).toEqual([2, 2]);
  });

  it("returns after what was asked while the row could not be read", async () => {
    const { ledger, order, run } = await start(async (exchange) => {
      if (exchange.action === "job/info") {
        await turns(2 * A_WHILE);
        order.push("job/info answered");
      }
      await answer(exchange);
    });
    ledger.isDown = true;
    expect(await run()).toBe("ledger");
    expect(order.slice(-2)).toEqual(["job/info answered", "returned"]);
    expect(order).toContain("inspected");
  });

  it("returns after the measuring of an object whose row could not be read", async () => {
    const { ledger, order, run } = await start((exchange) => {
      exchange.reset();
    });
    ledger.isDown = true;
    expect(await run()).toBe("ledger");
    expect(order.slice(-2)).toEqual(["inspected", "returned"]);
  });

  it("returns after the end of what was opened while the claim could not be written", async () => {
    const { ledger, order, run, server, reads } = await start(answer);
    ledger.write = () => Promise.reject(new LedgerError());
    expect(await run()).toBe("ledger");
    expect(order.slice(-3).sort()).toEqual(["connection closed", "object closed", "returned"]);
    expect(order.at(-1)).toBe("returned");
    expect(reads()).toBe(1);
    expect(server.actions).not.toContain("job/add_media");
  });
});
