import { expect, it } from "@jest/globals";
import { answerOf, refusalText, TASK, TOKEN } from "./answers.ts";
import { describeHabits, type Meaning } from "./local.ts";
import { early, HELD_BYTES, KIB } from "./pauses.ts";
import { httpAnswer } from "../raw-server.ts";
import { within } from "../fixture.ts";

describeHabits("cielo24 answers 200", (local) => {
  const post = async (body: string) => {
    const server = await local.serve(async (exchange) => {
      await exchange.bodyIsWhole();
      await exchange.send(httpAnswer(body));
    });
    return local.deliver(server, { sizeBytes: HELD_BYTES + KIB });
  };

  it.each([
    ["with one TaskId", `{"TaskId":"${TASK}"}`],
    ["with the same TaskId twice", `{"TaskId":"${TASK}","TaskId":"${TASK}"}`],
    ["with an escaped name", `{"Task\\u0049d":"${TASK}"}`],
    ["with an error's fields of null", `{"TaskId":"${TASK}","ErrorType":null,"ErrorComment":null}`],
  ])("%s: it is accepted", async (_what, body) => {
    expect((await post(body)).answer).toEqual({ taskId: TASK });
  });

  it("with two TaskIds: it is accepted, by the last", async () => {
    expect((await post(`{"TaskId":"other","TaskId":"${TASK}"}`)).answer).toEqual({ taskId: TASK });
  });

  it.each([
    ["an empty TaskId", '{"TaskId":""}'],
    ["a TaskId of null", '{"TaskId":null}'],
    ["a TaskId that is a number", '{"TaskId":12345678}'],
    ["a TaskId that is a list", `{"TaskId":["${TASK}"]}`],
    ["a TaskId that is an object", '{"TaskId":{"toString":"a"}}'],
    ["a TaskId of blanks", '{"TaskId":"   "}'],
    ["a TaskId that is a page", '{"TaskId":"<b>a</b>"}'],
    ["a TaskId with a line end", `{"TaskId":"${TASK}\\n"}`],
    ["a TaskId without end", `{"TaskId":"${"a".repeat(129)}"}`],
    ["a TaskId and then none", `{"TaskId":"${TASK}","TaskId":""}`],
    ["a TaskId of another name", `{"taskid":"${TASK}"}`],
    ["a TaskId deeper", `{"Result":{"TaskId":"${TASK}"}}`],
    ["a TaskId by inheritance", `{"__proto__":{"TaskId":"${TASK}"}}`],
    ["an error", refusalText()],
    ["a text", `"${TASK}"`],
    ["null", "null"],
    ["garbage behind", `{"TaskId":"${TASK}"}}`],
    ["a comma too many", `{"TaskId":"${TASK}",}`],
    ["no end", `{"TaskId":"${TASK}"`],
  ])("fault 10: with %s: it is unknown", async (_what, body) => {
    expect(await post(body)).toMatchObject({ meaning: "unknown", answer: { error: { code: "UNINTELLIGIBLE" } } });
  });

  it("fault 10: without end: it is unknown, and no more than 64 KiB of it are kept", async () => {
    const server = await local.serve(async (exchange) => {
      await exchange.bodyIsWhole();
      await exchange.send(answerOf(["HTTP/1.1 200 OK"], '{"TaskId":"'));
      while (!exchange.socket.destroyed) await exchange.send("a".repeat(64 * KIB));
    });
    expect(await local.deliver(server)).toMatchObject({ meaning: "unknown" });
    const call = local.clientOf(server).jobInfo("0".repeat(32), within(10_000));
    expect(await local.outcomeOf(call)).toBe("UNINTELLIGIBLE");
  });
});

describeHabits("cielo24 answers 400", (local) => {
  const post = async (make: (token: string) => string) => {
    const server = await local.serve(async (exchange) => {
      await exchange.bodyIsWhole();
      await exchange.send(httpAnswer(make(exchange.token), "400 Bad Request"));
    });
    return local.deliver(server);
  };

  it("with the token in its comment: it is a refusal that does not show it", async () => {
    const { meaning, answer } = await post((token) =>
      JSON.stringify({ ErrorType: "INVALID_QUERY", ErrorComment: `bad request: api_token=${token}` }),
    );
    expect(meaning).toBe("refused");
    expect(answer).toMatchObject({ error: { errorComment: "bad request: api_token=[redacted]" } });
  });

  it.each([
    ["the token as its type", (token: string) => JSON.stringify({ ErrorType: token })],
    ["a type that is no text", () => '{"ErrorType":["ITEM_NOT_FOUND"]}'],
    ["a type in lower case", () => refusalText("item_not_found")],
    ["a type with a blank", () => refusalText("ITEM_NOT_FOUND ")],
    ["a type that every object has", () => refusalText("constructor")],
    ["two types, the last unknown", () => '{"ErrorType":"ITEM_NOT_FOUND","ErrorType":"X"}'],
    ["a TaskId", () => `{"TaskId":"${TASK}"}`],
    ["half of its JSON", () => refusalText().slice(0, -1)],
    ["a page", () => "<html>ITEM_NOT_FOUND</html>"],
  ])("fault 14: with %s: it is unknown", async (_what, make) => {
    expect(await post(make)).toMatchObject({ meaning: "unknown" });
  });
});

describeHabits("cielo24 answers 400 of a type that it documents", (local) => {
  it.each<[string, Meaning, Meaning]>([
    ["BAD_API_TOKEN", "badToken", "badToken"],
    ["LOGIN_INVALID", "loginInvalid", "loginInvalid"],
    ["ACCOUNT_UNPRIVILEGED", "refused", "refused"],
    ["INVALID_QUERY", "refused", "refused"],
    ["MISSING_PARAMETER", "refused", "refused"],
    ["UNHANDLED_ERROR", "unavailable", "unknown"],
  ])("%s before the last chunk: %s, and behind it: %s", async (type, before, behind) => {
    const answer = httpAnswer(refusalText(type), "400 Bad Request");
    const { script, options } = early(0, ({ send }) => send(answer));
    expect(await local.deliver(await local.serve(script), options)).toMatchObject({ meaning: before });
    const server = await local.serve(async ({ bodyIsWhole, send }) => {
      await bodyIsWhole();
      await send(answer);
    });
    expect(await local.deliver(server)).toMatchObject({ meaning: behind, wasHeld: true });
  });
});

describeHabits("cielo24 answers a login", (local) => {
  const logIn = async (answer: string) => {
    const server = await local.serve((exchange) => exchange.send(answer));
    const outcome = await local.outcomeOf(local.clientOf(server, "login").jobInfo("0".repeat(32), within(10_000)));
    return { outcome, actions: server.actions };
  };

  it.each([
    ["without a token", httpAnswer("{}"), "UNINTELLIGIBLE"],
    ["with an empty token", httpAnswer('{"ApiToken":""}'), "UNINTELLIGIBLE"],
    ["with a token that breaks a line", httpAnswer(`{"ApiToken":"${TOKEN}\\r\\nx-evil: 1"}`), "UNINTELLIGIBLE"],
    ["with a token that breaks a query", httpAnswer(`{"ApiToken":"${TOKEN}&job_id=1"}`), "UNINTELLIGIBLE"],
    ["with half a token", httpAnswer(`{"ApiToken":"${TOKEN}`), "UNINTELLIGIBLE"],
    ["with a page", httpAnswer("<html></html>"), "UNINTELLIGIBLE"],
    [
      "with a redirect",
      answerOf(["HTTP/1.1 302 Found", "location: /login", "content-length: 0"], ""),
      "UNINTELLIGIBLE",
    ],
    ["with a 503", httpAnswer("busy", "503 Service Unavailable"), "UNAVAILABLE"],
  ])("%s: nothing else is called", async (_what, answer, code) => {
    const { outcome, actions } = await logIn(answer);
    expect(outcome).toBe(code);
    expect(actions).toEqual(["account/login"]);
  });
});
