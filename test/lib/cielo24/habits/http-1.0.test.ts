import { expect, it } from "@jest/globals";
import { answerOf, lengthOf } from "./answers.ts";
import { describeHabits, failed, understood } from "./local.ts";

describeHabits("cielo24 answers in HTTP/1.0", (local) => {
  it.each(["end", "cut"] as const)("without a length, ended by a FIN (%s): it is understood", async (ending) => {
    const answer = (text: string) => answerOf(["HTTP/1.0 200 OK", "content-type: application/json"], text);
    expect(await local.answerWith(answer, { ending })).toEqual(understood);
  });

  it("keeping the connection alive: it is understood", async () => {
    const answer = (text: string) => answerOf(["HTTP/1.0 200 OK", "Connection: Keep-Alive", lengthOf(text)], text);
    expect(await local.answerWith(answer)).toEqual(understood);
  });

  it("with a length and no word on the connection: it is understood", async () => {
    expect(await local.answerWith((text) => answerOf(["HTTP/1.0 200 OK", lengthOf(text)], text))).toEqual(understood);
  });

  it.each(["end", "cut"] as const)("fault 10: without a length and cut short (%s): it is lost", async (ending) => {
    const answer = (text: string) => answerOf(["HTTP/1.0 200 OK"], text.slice(0, -1));
    expect(await local.answerWith(answer, { ending })).toEqual(failed("UNINTELLIGIBLE"));
  });

  it.each(["end", "cut", "reset"] as const)(
    "fault 10: with a length and cut short (%s): it is lost",
    async (ending) => {
      const answer = (text: string) => answerOf(["HTTP/1.0 200 OK", lengthOf(text)], text.slice(0, -1));
      expect(await local.answerWith(answer, { ending })).toEqual(failed("UNAVAILABLE"));
    },
  );

  it("fault 20: without a length and without an end: it is lost at the deadline", async () => {
    const answer = (text: string) => answerOf(["HTTP/1.0 200 OK"], text);
    expect(await local.answerWith(answer, { deadlineMs: 800 })).toEqual(failed("TIMED_OUT"));
  });
});
