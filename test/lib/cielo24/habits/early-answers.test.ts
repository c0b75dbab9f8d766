import { expect, it } from "@jest/globals";
import { accepted, refused } from "./answers.ts";
import { describeHabits } from "./local.ts";
import { early, hangingAfter, HELD_BYTES, KIB } from "./pauses.ts";
import type { Exchange } from "./server.ts";

const SIZE = 200 * KIB;
const SENDABLE = SIZE - HELD_BYTES;
const POINTS = [
  ["before the body", 0],
  ["in mid-body", 100 * KIB],
  ["just before the last chunk", SENDABLE - 1],
  ["while the last chunk is held back", "held"],
] as const;

/** Does it at once, so many turns of the event loop later. */
const afterTurns = (count: number, act: () => void): void => {
  if (count === 0) act();
  else
    setImmediate(() => {
      afterTurns(count - 1, act);
    });
};

describeHabits("cielo24 answers 400 before the body is whole", (local) => {
  const endings: readonly (readonly [string, (exchange: Exchange) => () => void])[] = [
    ["and reads no further", ({ stopReading }) => stopReading],
    ["and reads on", () => () => undefined],
    ["with a reset behind it", ({ reset }) => reset],
    ["with a FIN behind it", ({ end }) => end],
    ["with a FIN behind it, over TLS without a close_notify", ({ cut }) => cut],
  ];
  for (const [when, at] of POINTS)
    it.each(endings)(`fault 17: ${when} %s: it is read and is a refusal`, async (_how, ending) => {
      const { script, options } = early(at, async (exchange) => {
        await exchange.send(refused);
        ending(exchange)();
      });
      const delivery = await local.deliver(await local.serve(script), { sizeBytes: SIZE, ...options });
      expect(delivery).toMatchObject({
        meaning: "refused",
        wasHeld: at === "held",
        answer: { error: { errorType: "ITEM_NOT_FOUND" } },
      });
    });

  it.each([0, 0.1, 0.5])(
    "fault 17: at %d of a long body: the source is read no further, within a second",
    async (share) => {
      const size = 16_000 * KIB;
      let answeredAt = Infinity;
      const server = await local.serve(async (exchange) => {
        await exchange.bodyReaches(share * size);
        await exchange.send(refused);
        answeredAt = performance.now();
        exchange.stopReading();
      });
      const delivery = await local.deliver(server, { sizeBytes: size });
      expect(performance.now() - answeredAt).toBeLessThan(1_000);
      expect(delivery).toMatchObject({ meaning: "refused", wasHeld: false });
      expect(delivery.givenBytes).toBeLessThan(size);
    },
  );

  // Which of them comes between the client's last look at what came and its next write, is for Node's event loop to say.
  it.each([0, 1, 2, 3, 4, 5])(
    "fault 17: %d turns of the event loop before a write that fails: it is read and is a refusal",
    async (count) => {
      let refuseAndReset: () => void = () => undefined;
      const { promise: hasCome, resolve } = Promise.withResolvers<undefined>();
      const server = await local.serve(async ({ bodyReaches, send, reset }) => {
        await bodyReaches(1_000);
        refuseAndReset = () => {
          void send(refused);
          reset();
        };
        resolve(undefined);
      });
      const atEnd = () => {
        afterTurns(count, refuseAndReset);
      };
      const pause = { afterBytes: 1_000, until: hasCome, atEnd };
      const delivery = await local.deliver(server, { sizeBytes: SIZE, pause });
      expect(delivery).toMatchObject({ meaning: "refused", wasHeld: false });
    },
  );

  it.each(endings)("fault 17: to a source that hangs, %s: that is stopped within a second", async (_how, ending) => {
    let answeredAt = Infinity;
    const server = await local.serve(async (exchange) => {
      await exchange.bodyReaches(1_000);
      await exchange.send(refused);
      answeredAt = performance.now();
      ending(exchange)();
    });
    const delivery = await local.deliver(server, { sizeBytes: SIZE, ...hangingAfter(1_000) });
    expect(performance.now() - answeredAt).toBeLessThan(1_000);
    expect(delivery).toMatchObject({ meaning: "refused", wasHeld: false });
  });
});

describeHabits("cielo24 answers 200 before the body is whole", (local) => {
  it.each(POINTS)("fault 18: %s: nobody knows what that means", async (_when, at) => {
    let bodyBytes = Infinity;
    const { script, options } = early(at, async (exchange) => {
      exchange.socket.on("close", () => (bodyBytes = exchange.bodyBytes()));
      await exchange.send(accepted);
    });
    const server = await local.serve(script);
    const delivery = await local.deliver(server, { sizeBytes: SIZE, ...options });
    expect(delivery).toMatchObject({ meaning: "unknown", wasHeld: at === "held" });
    await local.closed(server);
    expect(bodyBytes).toBeLessThanOrEqual(SENDABLE);
  });
});

describeHabits("cielo24 begins an answer while the last chunk is held back, and ends it behind that", (local) => {
  const HEAD_BYTES = accepted.indexOf("\r\n\r\n");
  const POINTS = [1, 10, HEAD_BYTES - 20, HEAD_BYTES + 3];

  const answerAround = async (answer: string, at: number) => {
    const { script, options } = early("held", (exchange) => exchange.send(answer.slice(0, at)));
    const server = await local.serve(async (exchange) => {
      await script(exchange);
      await exchange.bodyIsWhole();
      await exchange.send(answer.slice(at));
    });
    return local.deliver(server, { sizeBytes: SIZE, ...options });
  };

  it.each(POINTS)("fault 18: a 200 at its byte %d: it is unknown", async (at) => {
    expect(await answerAround(accepted, at)).toMatchObject({ meaning: "unknown", wasHeld: true });
  });

  it.each(POINTS)("fault 17: a 400 at its byte %d: it is a refusal", async (at) => {
    expect(await answerAround(refused, at)).toMatchObject({ meaning: "refused", wasHeld: true });
  });
});
