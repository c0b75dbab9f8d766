import { expect, it } from "@jest/globals";
import { answerOf, lengthOf, refusalText, taskText } from "./answers.ts";
import { describeHabits, failed } from "./local.ts";
import { early, turns } from "./pauses.ts";

const PAGE = "<html><body><h1>Sorry</h1></body></html>";

/** What each means before the last chunk; behind it all are unknown, and small calls fail with the code. */
const STATUSES: readonly (readonly [string, "unavailable" | "unintelligible", readonly string[], string])[] = [
  ["201 Created", "unintelligible", [], taskText],
  ["202 Accepted", "unintelligible", [], taskText],
  ["203 Non-Authoritative", "unintelligible", [], taskText],
  ["206 Partial Content", "unintelligible", ["content-range: bytes 0-9/10"], taskText],
  ["301 Moved Permanently", "unintelligible", ["location: https://127.0.0.1:1/api/"], PAGE],
  ["302 Found", "unintelligible", ["location: /login"], ""],
  ["303 See Other", "unintelligible", ["location: //evil.example"], ""],
  ["307 Temporary Redirect", "unintelligible", ["location: http://[::1]:1/%zz"], taskText],
  ["308 Permanent Redirect", "unintelligible", [], taskText],
  ["400 Bad Request", "unintelligible", ["content-type: text/html"], PAGE],
  ["401 Unauthorized", "unintelligible", ["www-authenticate: Basic realm=a"], refusalText("BAD_API_TOKEN")],
  ["402 Payment Required", "unintelligible", [], refusalText()],
  ["403 Forbidden", "unintelligible", [], PAGE],
  ["404 Not Found", "unintelligible", [], refusalText()],
  ["405 Method Not Allowed", "unintelligible", ["allow: GET"], ""],
  ["407 Proxy Authentication Required", "unintelligible", ["proxy-authenticate: Basic"], PAGE],
  ["408 Request Timeout", "unavailable", [], PAGE],
  ["409 Conflict", "unintelligible", [], refusalText()],
  ["411 Length Required", "unintelligible", [], PAGE],
  ["413 Content Too Large", "unintelligible", [], PAGE],
  ["414 URI Too Long", "unintelligible", [], PAGE],
  ["415 Unsupported Media Type", "unintelligible", [], PAGE],
  ["422 Unprocessable", "unintelligible", [], refusalText()],
  ["429 Too Many Requests", "unavailable", ["retry-after: 30"], PAGE],
  ["431 Header Fields Too Large", "unintelligible", [], PAGE],
  ["451 Unavailable", "unintelligible", [], PAGE],
  ["500 Internal Server Error", "unavailable", [], PAGE],
  ["501 Not Implemented", "unavailable", [], refusalText("NOT_IMPLEMENTED")],
  ["502 Bad Gateway", "unavailable", [], PAGE],
  ["503 Service Unavailable", "unavailable", ["retry-after: 30"], PAGE],
  ["504 Gateway Timeout", "unavailable", [], taskText],
  ["520 Odd", "unavailable", [], refusalText()],
];
const textOf = (status: string, headers: readonly string[], body: string) =>
  answerOf([`HTTP/1.1 ${status}`, ...headers, lengthOf(body)], body);

describeHabits("cielo24 answers with another status", (local) => {
  it.each(STATUSES)(
    "fault 14: %s before the last chunk is %s, and behind it unknown",
    async (status, before, headers, body) => {
      const answer = textOf(status, headers, body);
      const { script, options } = early(0, (exchange) => exchange.send(answer));
      const delivery = await local.deliver(await local.serve(script), options);
      expect(delivery).toMatchObject({ meaning: before, wasHeld: false });
      const retryAfterMs = headers.includes("retry-after: 30") ? 30_000 : undefined;
      expect(delivery.answer).toMatchObject({ error: { retryAfterMs } });
      expect(await local.answerWith(() => answer)).toEqual(
        failed(before === "unavailable" ? "UNAVAILABLE" : "UNINTELLIGIBLE"),
      );
    },
  );

  it.each(["204 No Content", "304 Not Modified"])("fault 14: %s, which has no body: it is unknown", async (status) => {
    expect(await local.answerWith(() => answerOf([`HTTP/1.1 ${status}`], ""))).toEqual(failed("UNINTELLIGIBLE"));
  });

  it("fault 47: a redirect is followed to no other host", async () => {
    const elsewhere = await local.serve(() => undefined);
    for (const status of [301, 302, 303, 307, 308]) {
      const answer = () => textOf(`${status} Moved`, [`location: ${elsewhere.url}/api/job/info`], "");
      expect(await local.answerWith(answer)).toEqual(failed("UNINTELLIGIBLE"));
    }
    await turns();
    expect(elsewhere.connections()).toBe(0);
  });
});
