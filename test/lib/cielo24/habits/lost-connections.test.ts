import { expect, it } from "@jest/globals";
import { within } from "../fixture.ts";
import { httpAnswer } from "../raw-server.ts";
import { accepted, goodText, JOB, refused } from "./answers.ts";
import { describeHabits } from "./local.ts";
import { early, hangingAfter, HELD_BYTES, KIB, turns } from "./pauses.ts";

const SIZE = 400 * KIB;
const SENDABLE = SIZE - HELD_BYTES;
const HOW = ["end", "cut", "reset"] as const;

describeHabits("cielo24 closes the connection without an answer", (local) => {
  for (const how of HOW) {
    it.each([0, 1, 100 * KIB, SENDABLE - 64 * KIB])(
      `fault 8: at byte %d of the body (${how}): it may be sent again`,
      async (at) => {
        const { script, options } = early(at, (exchange) => {
          exchange[how]();
        });
        const server = await local.serve(script);
        const delivery = await local.deliver(server, { sizeBytes: SIZE, ...options });
        expect(delivery).toMatchObject({ meaning: "unavailable", wasHeld: false });
        expect(delivery.givenBytes).toBeLessThan(SIZE);
      },
    );

    it(`fault 8: while the source hangs (${how}): that is stopped within a second`, async () => {
      let closedAt = Infinity;
      const server = await local.serve(async (exchange) => {
        await exchange.bodyReaches(1_000);
        exchange[how]();
        closedAt = performance.now();
      });
      const delivery = await local.deliver(server, { sizeBytes: SIZE, ...hangingAfter(1_000) });
      expect(performance.now() - closedAt).toBeLessThan(1_000);
      expect(delivery).toMatchObject({ meaning: "unavailable", wasHeld: false });
    });

    it(`fault 8: while the last chunk is held back (${how}): that is not sent any more`, async () => {
      let bodyBytes = Infinity;
      const { script, options } = early("held", (exchange) => {
        exchange.socket.on("close", () => (bodyBytes = exchange.bodyBytes()));
        exchange[how]();
      });
      const server = await local.serve(script);
      const delivery = await local.deliver(server, { sizeBytes: SIZE, ...options });
      expect(delivery).toMatchObject({ meaning: "unknown", answer: { error: { code: "UNAVAILABLE" } } });
      await local.closed(server);
      expect(bodyBytes).toBeLessThanOrEqual(SENDABLE);
    });

    it(`fault 9: behind the whole body (${how}): it is unknown`, async () => {
      const server = await local.serve(async (exchange) => {
        await exchange.bodyIsWhole();
        exchange[how]();
      });
      expect(await local.deliver(server)).toMatchObject({ meaning: "unknown", wasHeld: true });
    });

    it(`fault 10: in the midst of its answer (${how}): it is unknown`, async () => {
      const server = await local.serve(async (exchange) => {
        await exchange.bodyIsWhole();
        await exchange.send(accepted.slice(0, -1));
        exchange[how]();
      });
      expect(await local.deliver(server)).toMatchObject({ meaning: "unknown", wasHeld: true });
    });

    it(`behind its answer (${how}): that counts`, async () => {
      const server = await local.serve(async (exchange) => {
        await exchange.bodyIsWhole();
        await exchange.send(httpAnswer(goodText(exchange.action)));
        await turns();
        exchange[how]();
      });
      expect(await local.deliver(server)).toMatchObject({ meaning: "accepted" });
      const cielo24 = local.clientOf(server);
      for (let call = 0; call < 3; call += 1) {
        expect(await local.outcomeOf(cielo24.jobInfo(JOB, within(10_000)))).toEqual({ hasMedia: true });
        await turns(60);
      }
      expect(server.actions).toHaveLength(4);
    });
  }

  it.each(["end", "cut"] as const)("behind a 400 in mid-body (%s), reading no more: it is a refusal", async (how) => {
    const { script, options } = early(100 * KIB, async (exchange) => {
      exchange.stopReading();
      await exchange.send(refused);
      exchange[how]();
    });
    const delivery = await local.deliver(await local.serve(script), { sizeBytes: SIZE, ...options });
    expect(delivery).toMatchObject({ meaning: "refused", wasHeld: false });
  });
});
