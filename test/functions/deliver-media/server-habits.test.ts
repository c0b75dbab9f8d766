import { describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { TASK_ID } from "../../../dev/cielo24/faults.ts";
import { useDrops } from "../../harness/drops.ts";
import { sha256 } from "../../harness/sha256.ts";

const POST = "POST job/add_media";
const TASK = `{"TaskId":"${TASK_ID}"}`;
const LENGTH = `content-length: ${TASK.length}`;
const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";
const WHOLE = `HTTP/1.1 200 OK\r\n${LENGTH}\r\n\r\n${TASK}`;
const CHUNKED = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;

describe("a drop that cielo24 answers in a way of its own", () => {
  const local = useDrops();

  it.each<[string, readonly string[], boolean]>([
    ["in HTTP/1.0", ["HTTP/1.0 200 OK\r\n\r\n", TASK], true],
    ["in chunks", [CHUNKED, chunk(TASK.slice(0, 9)), chunk(TASK.slice(9)), "0\r\n\r\n"], false],
    ["after several words in between", [CONTINUE, `HTTP/1.1 102 Processing\r\n\r\n${CONTINUE}`, WHOLE], false],
    ["byte by byte", Array.from(WHOLE.replace(TASK, "")).concat(TASK), false],
    ["behind a byte order mark", [`HTTP/1.1 200 OK\r\n\r\n\ufeff${TASK}`], true],
    ["and with something behind it", [`${WHOLE}garbage`], true],
  ])("%s is DELIVERED with its TaskId", async (_how, pieces, ends) => {
    const job = local.newJob();
    const bytes = randomBytes(200_000);
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "rawAnswer", pieces, ends });
    await local.drop(job, bytes);
    await local.stack.drain();
    const [taken] = local.taken(job);
    expect(taken).toMatchObject({ sha256: sha256(bytes) });
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", taskId: taken?.taskId, posts: 1 });
    expect(await local.row(job)).not.toHaveProperty("everUnknown", true);
  });

  it.each<[string, readonly string[]]>([
    ["in HTTP/1.0 and is cut short", [`HTTP/1.0 200 OK\r\n\r\n${TASK.slice(0, -1)}`]],
    ["in chunks without the last", [CHUNKED + chunk(TASK)]],
    ["in chunks and stops in one", [CHUNKED + chunk(TASK).slice(0, -9)]],
    ["with two lengths", [`HTTP/1.1 200 OK\r\n${LENGTH}\r\ncontent-length: 3\r\n\r\n${TASK}`]],
    ["with a word in between, and then nothing", [CONTINUE]],
    ["with a change of protocol", ["HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n"]],
    ["with a redirect", ["HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n"]],
    ["that it is tired of waiting", ["HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n"]],
  ])("fault 10: %s is DELIVERED as job/info shows it, without a second POST", async (_how, pieces) => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "rawAnswer", pieces, ends: true });
    await local.drop(job);
    await local.stack.drain();
    expect(local.reasons(job)).toEqual(["answerUnknown"]);
    expect(await local.row(job)).toMatchObject({ state: "FINALIZING", everUnknown: true });
    await local.finish();
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", posts: 1 });
    expect(local.posts(job)).toHaveLength(1);
  });

  it("fault 8: that ends the connection in mid-body is sent again by a later attempt", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "resetAt", fraction: 0.3, orderly: true });
    await local.drop(job, randomBytes(1_000_000));
    await local.stack.drain();
    expect(await local.row(job)).toMatchObject({ state: "SENDING", claims: 1, posts: 0 });
    await local.finish();
    expect(local.taken(job)).toHaveLength(1);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", claims: 2, posts: 1 });
  });

  it("fault 17: that it refuses before its body, with a reset behind that, is REJECTED with the reason", async () => {
    const job = local.newJob();
    const body = JSON.stringify({ ErrorType: "INVALID_OPTION", ErrorComment: "Said so." });
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "earlyAnswer", status: 400, body, reset: true });
    local.send(local.event(local.place(job, 5_000_000)));
    await local.stack.drain();
    expect(await local.row(job)).toMatchObject({ state: "REJECTED", error: { type: "INVALID_OPTION" } });
    expect(local.taken(job)).toEqual([]);
  });

  it("that it is tired of before the body has come is sent again", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "earlyAnswer", status: 408, body: "" });
    local.send(local.event(local.place(job, 5_000_000)));
    await local.stack.drain();
    expect(await local.row(job)).toMatchObject({ state: "SENDING", claims: 1, posts: 0 });
    await local.finish();
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", claims: 2, posts: 1 });
  });

  it("is asked about over a connection that cielo24 is tired of: that costs nothing but another question", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "rawAnswer", pieces: [CONTINUE], ends: true });
    await local.drop(job);
    await local.stack.drain();
    local.cielo24.faults.add({ action: "job/info", jobId: job, kind: "answer", status: 408, times: 2 });
    await local.finish();
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", posts: 1 });
  });
});
