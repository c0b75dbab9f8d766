import { beforeEach, describe, expect, it } from "@jest/globals";
import { createDoor, isAnsweredError, type Door } from "./door.ts";

const JOB = "0123456789abcdef0123456789abcdef";
const REFUSED = { ErrorType: "INVALID_QUERY", ErrorComment: "No." };

let door: Door;
let instance: object;
beforeEach(() => {
  door = createDoor(() => false);
  instance = {};
});

const see = (upstream: string, connection: number, direction: "up" | "down", text: string, isPassed = true): void => {
  door.see({ upstream, connection, direction, bytes: Buffer.from(text) }, instance, isPassed ? "pass" : "cut");
};
const post = (bodyBytes: number, connection = 1): void => {
  see(
    "cielo24",
    connection,
    "up",
    `POST /api/job/add_media?v=1&api_token=t&job_id=${JOB} HTTP/1.1\r\nhost: a\r\ncontent-length: ${bodyBytes}\r\n\r\n`,
  );
};
const send = (text: string, isPassed = true): void => {
  see("cielo24", 1, "up", text, isPassed);
};
const hear = (status: number, body: object | string, isPassed = true): void => {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  see("cielo24", 1, "down", `HTTP/1.1 ${status} Said\r\n\r\n${text}`, isPassed);
};
const handOver = (url: string): void => {
  const query = new URLSearchParams({ v: "1", job_id: JOB, media_url: url }).toString();
  see("cielo24", 1, "up", `GET /api/job/add_media?${query} HTTP/1.1\r\nhost: a\r\n\r\n`);
};
const tellLedger = (state: string, answer: number | "none"): void => {
  const head = "POST / HTTP/1.1\r\nx-amz-target: DynamoDB_20120810.UpdateItem\r\n\r\n";
  see("aws", 2, "up", head);
  see("aws", 2, "up", JSON.stringify({ Key: { job_id: { S: JOB } }, Values: { ":set_state": { S: state } } }));
  if (answer !== "none") see("aws", 2, "down", `HTTP/1.1 ${answer} Said\r\n\r\n{}`);
};
const causes = () => door.doubts(JOB).map(({ cause }) => cause);

describe("the door of the random faults", () => {
  it("sees no doubt in a body whose last byte did not leave", () => {
    post(10);
    send("012345678");
    expect(causes()).toEqual([]);
    send("9");
    expect(causes()).toEqual(["answer lost behind the body"]);
  });

  it("sees no doubt in a refusal that is on record, and one where nobody lived to put it there", () => {
    tellLedger("FINALIZING", 200);
    post(3);
    send("abc");
    hear(400, REFUSED);
    expect(causes()).toEqual([]);
    door.kill(instance);
    expect(causes()).toEqual(["process killed behind a refusal, before that was on record"]);
  });

  it("takes the bytes behind a held chunk for sent: they lie in the system's buffers", () => {
    post(10);
    const chunk = { upstream: "cielo24", connection: 1, direction: "up", bytes: Buffer.from("0123") } as const;
    door.see(chunk, instance, "hold");
    hear(503, "");
    expect(causes()).toEqual(["answered error behind the body"]);
  });

  it("takes a last byte for sent though the network swallows it", () => {
    post(3);
    send("abc", false);
    expect(causes()).toEqual(["answer lost behind the body"]);
  });

  it.each([
    [400, REFUSED, undefined],
    [400, { ErrorType: "BAD_API_TOKEN" }, undefined],
    [400, { ErrorType: "NEWS" }, "an answer that nobody understands behind the body"],
    [400, { ErrorType: "UNHANDLED_ERROR" }, "answered error behind the body"],
    [429, "", "answered error behind the body"],
    [503, "", "answered error behind the body"],
    [504, "", "a gateway's timeout behind the body"],
    [413, "<html></html>", "an answer that nobody understands behind the body"],
    [200, "<html></html>", "a 200 that is of no use behind the body"],
    [200, { TaskId: JOB }, "success never on record"],
  ])("calls %i %j behind a body: %s", (status, body, cause) => {
    post(3);
    send("abc");
    hear(status, body);
    expect(causes()).toEqual(cause === undefined ? [] : [cause]);
    expect(door.offers(JOB).map(isAnsweredError)).toEqual([cause === "answered error behind the body"]);
  });

  it("believes no answer that may not have been heard", () => {
    post(3);
    send("abc");
    hear(400, REFUSED, false);
    expect(causes()).toEqual(["answer lost behind the body"]);
  });

  it("tells a URL of ours from a caller's", () => {
    handOver(`https://api.example/media/${JOB}.cap/a.mp4`);
    hear(502, "");
    handOver("https://media.example/1.mp4");
    expect(causes()).toEqual(["an error to a hand-over", "answer lost to a caller's media_url"]);
  });

  it("takes an INVALID_URL for definite of a caller's URL alone", () => {
    handOver("https://media.example/1.mp4");
    hear(400, { ErrorType: "INVALID_URL" });
    expect(causes()).toEqual([]);
    handOver(`https://api.example/media/${JOB}.cap/a.mp4`);
    hear(400, { ErrorType: "INVALID_URL" });
    expect(causes()).toHaveLength(1);
  });

  it("names an instance that was killed behind the last chunk, or before it", () => {
    tellLedger("FINALIZING", 200);
    post(3);
    send("ab");
    door.kill(instance);
    expect(causes()).toEqual(["process killed behind FINALIZING, before the last chunk"]);
    instance = {};
    tellLedger("FINALIZING", 200);
    post(3);
    send("abc");
    door.kill(instance);
    expect(causes()).toContain("process killed behind the last chunk");
  });

  it("sees no doubt where an instance was killed without the word that it may send, or with the word that it did not", () => {
    post(3);
    send("ab");
    door.kill(instance);
    instance = {};
    tellLedger("FINALIZING", 200);
    tellLedger("SENDING", 200);
    door.kill(instance);
    expect(causes()).toEqual([]);
  });

  it.each([
    [200, []],
    [400, []],
    [503, ["nothing was sent, and the ledger could not be told"]],
    ["none", ["nothing was sent, and the ledger could not be told"]],
  ] as const)("hears from the ledger whether nothing was sent: %s", (answer, expected) => {
    tellLedger("FINALIZING", 200);
    tellLedger("SENDING", answer);
    expect(causes()).toEqual(expected);
  });

  it("excuses nobody who says FINALIZING, lives and sends nothing", () => {
    tellLedger("FINALIZING", 200);
    expect(causes()).toEqual([]);
  });

  it("marks what is offered once cielo24 has a medium", () => {
    door = createDoor((jobId) => jobId === JOB);
    post(3);
    expect(door.offers(JOB)).toMatchObject([{ isRepeated: true, leftAt: undefined }]);
  });
});
