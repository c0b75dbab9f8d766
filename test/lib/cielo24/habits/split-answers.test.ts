import { expect, it } from "@jest/globals";
import { within } from "../fixture.ts";
import { accepted, answerOf, METADATA, refusalText, TASK, taskText } from "./answers.ts";
import { describeHabits, type Meaning } from "./local.ts";
import { KIB, turns } from "./pauses.ts";

const refusal = refusalText("INVALID_QUERY");
const CHUNKED = "transfer-encoding: chunked";
const REFUSED = answerOf(["HTTP/1.1 400 Bad Request", `content-length: ${refusal.length}`], refusal);
const ANSWERS: readonly (readonly [string, string, Meaning, unknown])[] = [
  ["a 200", accepted, "accepted", { taskId: TASK }],
  ["a 400", REFUSED, "refused", "REFUSED"],
  [
    "a 200 in chunks",
    answerOf(
      ["HTTP/1.1 200 OK", CHUNKED],
      `7;a=b\r\n${taskText.slice(0, 7)}\r\n${(taskText.length - 7).toString(16)}\r\n${taskText.slice(7)}\r\n0\r\nX-End: 1\r\n\r\n`,
    ),
    "accepted",
    { taskId: TASK },
  ],
  ["a 400 behind a 100", answerOf(["HTTP/1.1 100 Continue"], "") + REFUSED, "refused", "REFUSED"],
];

describeHabits("cielo24 sends its answer in two pieces", (local) => {
  it.each(ANSWERS)("%s, split at every byte: it is understood", async (_what, answer, meaning, result) => {
    const server = await local.serve(async (exchange) => {
      await exchange.bodyIsWhole();
      await exchange.send(answer.slice(0, at));
      await turns(4);
      await exchange.send(answer.slice(at));
    });
    const cielo24 = local.clientOf(server);
    let at = 1;
    for (; at < answer.length; at += 1) {
      const { meaning: heard } = await local.deliver(server, { sizeBytes: 65 * KIB });
      expect([at, heard]).toEqual([at, meaning]);
      const called = await local.outcomeOf(cielo24.updateMetadata(METADATA, within(10_000)));
      expect([at, called]).toEqual([at, result]);
    }
    expect(at).toBeGreaterThan(80);
  });
});

describeHabits("cielo24 sends its answer byte by byte", (local) => {
  it.each(ANSWERS)("%s: it is understood", async (_what, answer, meaning, result) => {
    const server = await local.serve(async (exchange) => {
      await exchange.bodyIsWhole();
      for (const byte of answer) {
        await exchange.send(byte);
        await turns(3);
      }
    });
    expect(await local.deliver(server)).toMatchObject({ meaning });
    const call = local.clientOf(server).updateMetadata(METADATA, within(10_000));
    expect(await local.outcomeOf(call)).toEqual(result);
  });

  it.each(ANSWERS)("fault 20: %s, too slowly: the deadline ends it", async (_what, answer) => {
    const server = await local.serve(async (exchange) => {
      await exchange.bodyIsWhole();
      for (const byte of answer) {
        await exchange.send(byte);
        await new Promise((resolve) => setTimeout(resolve, 30));
        if (exchange.socket.destroyed) return;
      }
    });
    expect(await local.deliver(server, { deadlineMs: 1_600 })).toMatchObject({ meaning: "unknown" });
    const call = local.clientOf(server).updateMetadata(METADATA, within(200));
    expect(await local.outcomeOf(call)).toBe("TIMED_OUT");
  });

  it("fault 20: each slower than the idle timeout, after the whole body: cielo24 may take its time", async () => {
    const server = await local.serve(async (exchange) => {
      await exchange.bodyIsWhole();
      for (const piece of accepted.match(/[^]{1,60}/g) ?? []) {
        await new Promise((resolve) => setTimeout(resolve, 600));
        await exchange.send(piece);
      }
    });
    expect(await local.deliver(server, { idleTimeoutMs: 500 })).toMatchObject({ meaning: "accepted" });
  });
});
