import { expect, it } from "@jest/globals";
import { within } from "../fixture.ts";
import { accepted, answerOf, JOB, lengthOf, METADATA, refused, TASK } from "./answers.ts";
import { describeHabits, failed, understood } from "./local.ts";
import { early, HELD_BYTES, KIB, turns } from "./pauses.ts";

const CONTINUE = answerOf(["HTTP/1.1 100 Continue"], "");
const PROCESSING = answerOf(["HTTP/1.1 102 Processing"], "");
const HINTS = answerOf(["HTTP/1.1 103 Early Hints", "link: </style.css>; rel=preload"], "");
const SIZE = 200 * KIB;

describeHabits("cielo24 has a say before its answer", (local) => {
  it("which it is never asked for: no request expects 100-continue", async () => {
    const heads: string[] = [];
    await local.answerWith((text, { head }) => {
      heads.push(head);
      return answerOf(["HTTP/1.1 200 OK", lengthOf(text)], text);
    });
    expect(heads).toHaveLength(3);
    for (const head of heads) expect(head).not.toMatch(/\r\nexpect:/i);
  });

  it.each([
    ["100", CONTINUE],
    ["100 with a header", answerOf(["HTTP/1.1 100 Continue", "content-length: 0"], "")],
    ["100, 102 and 103", CONTINUE + PROCESSING + HINTS],
    ["100 a thousand times", CONTINUE.repeat(1_000)],
    ["a 1xx that nobody knows", answerOf(["HTTP/1.1 199 Odd"], "")],
  ])("%s: the answer behind it counts", async (_what, interim) => {
    const answer = (text: string) => interim + answerOf(["HTTP/1.1 200 OK", lengthOf(text)], text);
    expect(await local.answerWith(answer)).toEqual(understood);
  });

  it.each([
    ["before the body", 0],
    ["in mid-body", 64 * KIB],
    ["while the last chunk is held back", SIZE - HELD_BYTES],
  ])("%s: the body goes on, and is accepted", async (_when, bytes) => {
    const server = await local.serve(async (exchange) => {
      await exchange.bodyReaches(bytes);
      await exchange.send(CONTINUE + HINTS);
      await exchange.bodyIsWhole();
      await exchange.send(PROCESSING + accepted);
    });
    expect(await local.deliver(server, { sizeBytes: SIZE })).toMatchObject({ meaning: "accepted", wasHeld: true });
  });

  it("cut in two by the last chunk: that is accepted", async () => {
    const { script, options } = early("held", (exchange) => exchange.send(CONTINUE.slice(0, 10)));
    const server = await local.serve(async (exchange) => {
      await script(exchange);
      await exchange.bodyIsWhole();
      await exchange.send(CONTINUE.slice(10));
      await turns();
      await exchange.send(accepted);
    });
    const delivery = await local.deliver(server, { sizeBytes: SIZE, ...options });
    expect(delivery.meaning).toBe("accepted");
  });

  it("fault 17: and refuses then, before the body: it is a refusal", async () => {
    const { script, options } = early(0, (exchange) => exchange.send(CONTINUE + refused));
    const delivery = await local.deliver(await local.serve(script), options);
    expect(delivery).toMatchObject({ meaning: "refused", wasHeld: false });
  });

  it("fault 20: and no answer then: it is unknown at the deadline", async () => {
    const answer = () => CONTINUE + PROCESSING;
    expect(await local.answerWith(answer, { deadlineMs: 800 })).toEqual(failed("TIMED_OUT"));
  });

  it("fault 9: and closes: it is unknown", async () => {
    expect(await local.answerWith(() => CONTINUE, { ending: "end" })).toEqual(failed("UNAVAILABLE"));
  });
});

describeHabits("cielo24 will not go on as it was asked", (local) => {
  it("fault 14: and answers 417 before the body: a person must look", async () => {
    const { script, options } = early(0, (exchange) =>
      exchange.send(answerOf(["HTTP/1.1 417 Expectation Failed", "content-length: 0"], "")),
    );
    const delivery = await local.deliver(await local.serve(script), options);
    expect(delivery).toMatchObject({ meaning: "unintelligible", wasHeld: false });
  });

  it("fault 14: and answers 417 to the whole body: it is unknown", async () => {
    const answer = () => answerOf(["HTTP/1.1 417 Expectation Failed", "content-length: 0"], "");
    expect(await local.answerWith(answer)).toEqual(failed("UNINTELLIGIBLE"));
  });

  it("fault 10: and changes to another protocol: the answer is lost, at once", async () => {
    const answer = () => answerOf(["HTTP/1.1 101 Switching Protocols", "connection: upgrade", "upgrade: h2c"], "");
    const startedAt = performance.now();
    expect(await local.answerWith(answer, { deadlineMs: 20_000 })).toEqual(failed("UNAVAILABLE"));
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  it("and changes to another protocol over a kept connection: the call is made once more", async () => {
    const server = await local.serve(async (exchange) => {
      if (exchange.number === 1)
        await exchange.send(answerOf(["HTTP/1.1 101 Switching", "connection: upgrade", "upgrade: h2c"], ""));
      else await exchange.send(accepted);
    });
    const cielo24 = local.clientOf(server);
    for (let call = 0; call < 2; call += 1)
      expect(await local.outcomeOf(cielo24.updateMetadata(METADATA, within(5_000)))).toEqual({ taskId: TASK });
    expect(await local.outcomeOf(cielo24.jobInfo(JOB, within(5_000)))).toBe("UNINTELLIGIBLE");
  });
});
