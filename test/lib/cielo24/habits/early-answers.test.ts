import { expect, it } from "@jest/globals";
import { accepted, answerAt, describeHabits, HELD_BYTES, KIB, refused, turns } from "./local.ts";
import type { Exchange } from "./server.ts";

const SIZE = 200 * KIB;
const SENDABLE = SIZE - HELD_BYTES;
const POINTS = [
  ["before the body", 0],
  ["in mid-body", 64 * KIB],
  ["while the last chunk is held back", SENDABLE],
] as const;

describeHabits("cielo24 answers 400 before the body is whole", (local) => {
  const endings: readonly (readonly [string, (exchange: Exchange) => void])[] = [
    [
      "and reads no further",
      (exchange) => {
        exchange.stopReading();
      },
    ],
    ["and reads on", () => undefined],
    [
      "with a reset behind it",
      (exchange) => {
        exchange.reset();
      },
    ],
    [
      "with a FIN behind it",
      (exchange) => {
        exchange.end();
      },
    ],
  ];

  for (const [when, bytes] of POINTS)
    it.each(endings)(`fault 17: ${when} %s: it is read and is a refusal`, async (_how, end) => {
      const { script, isOut } = answerAt(bytes, async (exchange) => {
        await exchange.send(refused);
        end(exchange);
      });
      const server = await local.serve(script);
      const pause = { afterBytes: bytes, until: isOut };
      const whileHeld = () => isOut.then(() => turns());
      const delivery = await local.deliver(server, {
        sizeBytes: SIZE,
        whileHeld,
        ...(bytes < SENDABLE ? { pause } : {}),
      });
      expect(delivery).toMatchObject({ meaning: "refused", answer: { error: { errorType: "ITEM_NOT_FOUND" } } });
    });

  it.each([0, 0.1, 0.5])(
    "fault 17: at %d of a long body: the source is read no further, within a second",
    async (share) => {
      const size = 16_000 * KIB;
      let answeredAt = Infinity;
      const { script } = answerAt(share * size, async (exchange) => {
        await exchange.send(refused);
        answeredAt = performance.now();
        exchange.stopReading();
      });
      const delivery = await local.deliver(await local.serve(script), { sizeBytes: size });
      expect(performance.now() - answeredAt).toBeLessThan(1_000);
      expect(delivery).toMatchObject({ meaning: "refused", wasHeld: false });
      expect(delivery.givenBytes).toBeLessThan(size);
    },
  );
});

describeHabits("cielo24 answers 200 before the body is whole", (local) => {
  it.each(POINTS)("fault 18: %s: nobody knows what that means", async (_when, bytes) => {
    let atEnd = 0;
    const { script, isOut } = answerAt(bytes, async (exchange) => {
      await exchange.send(accepted);
      exchange.socket.on("close", () => (atEnd = exchange.bodyBytes()));
    });
    const server = await local.serve(script);
    const delivery = await local.deliver(server, {
      sizeBytes: SIZE,
      whileHeld: () => isOut.then(() => turns()),
      ...(bytes < SENDABLE ? { pause: { afterBytes: bytes, until: isOut } } : {}),
    });
    expect(delivery.meaning).toBe("unknown");
    await turns();
    expect(atEnd).toBeLessThanOrEqual(SENDABLE);
  });
});
