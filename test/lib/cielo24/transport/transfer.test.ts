import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { createScanner } from "../../../leaks/scanner.ts";
import { textOf } from "../../../leaks/text-of.ts";
import { bodyOf, codeOf, sha256Of, startAccount, transferLimits, within } from "../fixture.ts";
import { startRawServer } from "../raw-server.ts";

const KIB = 1024;
type Account = Awaited<ReturnType<typeof startAccount>>;

describe("a media transfer to cielo24", () => {
  let account: Account;
  let jobId: string;
  beforeEach(async () => {
    account = await startAccount();
    jobId = account.simulator.addJob();
  });
  afterEach(() => account.simulator.close());

  const open = (
    bytes: Uint8Array,
    more: { deadlineMs?: number; idleTimeoutMs?: number; declaredBytes?: number } = {},
  ) => {
    const { body, state } = bodyOf(bytes, 64 * KIB, more.declaredBytes);
    const transfer = account.cielo24.openTransfer(
      { jobId, body },
      { ...transferLimits, ...within(more.deadlineMs ?? 10_000), ...more },
    );
    return { transfer, state };
  };

  it.each([
    ["1 byte", 1],
    ["exactly one chunk", 64 * KIB],
    ["one chunk and a byte", 64 * KIB + 1],
    ["an odd size", 1_234_567],
  ])("fault 32: sends %s whole, and tells its SHA-256", async (_name, size) => {
    const bytes = randomBytes(size);
    const { transfer, state } = open(bytes);
    expect(await transfer.sendAllButLast()).toBe("held");
    expect(account.simulator.acceptances).toEqual([]);
    expect(transfer.sha256()).toBe(sha256Of(bytes));
    const answer = await transfer.finish();
    expect(account.simulator.acceptances).toMatchObject([{ jobId, sizeBytes: size, sha256: sha256Of(bytes) }]);
    expect(answer).toEqual({ taskId: account.simulator.acceptances[0]?.taskId });
    expect(state.isClosed).toBe(true);
  });

  it("sends an exact Content-Length, no Content-Type and no transfer encoding", async () => {
    const server = await startRawServer(() => undefined);
    const other = await startAccount({
      baseUrl: server.url,
      secret: () => Promise.resolve(JSON.stringify({ api_token: "f".repeat(32) })),
    });
    const { body } = bodyOf(randomBytes(10));
    const transfer = other.cielo24.openTransfer({ jobId, body }, { ...transferLimits, ...within(5_000) });
    expect(await transfer.sendAllButLast()).toBe("held");
    while (!server.received[0]) await nextTurn();
    await transfer.abort();
    await server.close();
    await other.simulator.close();
    expect(server.received[0]).toMatch(/^POST \/api\/job\/add_media\?/);
    expect(server.received[0]).toMatch(/\r\ncontent-length: 10\r\n/i);
    expect(server.received[0]).not.toMatch(/content-type|transfer-encoding/i);
  });

  it("fault 8: accepts nothing when it is aborted before the last chunk", async () => {
    const { transfer } = open(randomBytes(500 * KIB));
    await transfer.sendAllButLast();
    await transfer.abort();
    await transfer.abort();
    while (account.simulator.posts.length === 0) await nextTurn();
    expect(account.simulator.posts).toMatchObject([{ outcome: "cutShort" }]);
    expect(account.simulator.acceptances).toEqual([]);
  });

  it.each([0, 0.01, 0.25, 0.5, 0.9])(
    "fault 8: fails as unavailable when cielo24 resets at %d of the body",
    async (fraction) => {
      account.simulator.faults.add({ action: "job/add_media", kind: "resetAt", fraction });
      const { transfer, state } = open(randomBytes(3000 * KIB));
      const sent = await transfer.sendAllButLast();
      expect(codeOf(sent === "held" ? await transfer.finish() : sent)).toBe("UNAVAILABLE");
      expect(state.isClosed).toBe(true);
      expect(account.simulator.acceptances).toEqual([]);
    },
  );

  it.each([true, false])(
    "fault 9: does not know what a reset after the last byte means, accepted: %s",
    async (accepts) => {
      account.simulator.faults.add({ action: "job/add_media", kind: "resetAfterBody", accepts });
      const { transfer } = open(randomBytes(200 * KIB));
      expect(await transfer.sendAllButLast()).toBe("held");
      expect(codeOf(await transfer.finish())).toBe("UNAVAILABLE");
      expect(account.simulator.acceptances).toHaveLength(accepts ? 1 : 0);
    },
  );

  it.each([
    ["truncated", "UNAVAILABLE"],
    ["badJson", "UNINTELLIGIBLE"],
    ["noTaskId", "UNINTELLIGIBLE"],
    ["empty", "UNINTELLIGIBLE"],
  ] as const)("fault 10: takes a 200 that is %s for no success", async (answer, code) => {
    account.simulator.faults.add({ action: "job/add_media", kind: "uselessAnswer", answer });
    const { transfer } = open(randomBytes(200 * KIB));
    await transfer.sendAllButLast();
    expect(codeOf(await transfer.finish())).toBe(code);
  });

  it.each([false, true])(
    "fault 17: reads a 400 that comes before the body, with reset: %s, and stops reading",
    async (reset) => {
      const body = JSON.stringify({ ErrorType: "ITEM_NOT_FOUND", ErrorComment: "no such job" });
      account.simulator.faults.add({ action: "job/add_media", kind: "earlyAnswer", status: 400, body, reset });
      const { transfer, state } = open(randomBytes(20_000 * KIB));
      const sent = await transfer.sendAllButLast();
      const answer = sent === "held" ? await transfer.finish() : sent;
      expect(codeOf(answer)).toBe("REFUSED");
      expect(state.isClosed).toBe(true);
      expect(state.givenBytes).toBeLessThan(20_000 * KIB);
    },
  );

  it("fault 8: says so where the connection broke while the last chunk was still in hand", async () => {
    account.simulator.faults.add({ action: "job/add_media", kind: "resetAt", fraction: 0.5 });
    const { transfer } = open(randomBytes(128 * KIB));
    const sent = await transfer.sendAllButLast();
    while (account.simulator.posts.length === 0) await nextTurn();
    for (let turn = 0; turn < 10; turn += 1) await nextTurn();
    const answer = sent === "held" ? await transfer.finish() : sent;
    expect(codeOf(answer)).toBe("UNAVAILABLE");
    if (sent === "held") expect(answer).toHaveProperty("isUnsent", true);
  });

  it("fault 18: does not take a 200 for success that comes while the last chunk is held back", async () => {
    const body = JSON.stringify({ TaskId: "a".repeat(32) });
    account.simulator.faults.add({ action: "job/add_media", kind: "earlyAnswer", status: 200, body });
    const { transfer } = open(randomBytes(1));
    const sent = await transfer.sendAllButLast();
    // Whether it comes before or after "held" is the network's choice, but it comes before the last chunk goes out.
    while (account.simulator.posts.length === 0) await nextTurn();
    for (let turn = 0; turn < 10; turn += 1) await nextTurn();
    if (sent === "held") expect(codeOf(await transfer.finish())).not.toBe("accepted");
    else expect(sent).toEqual({ taskId: "a".repeat(32) });
  });

  it("fault 19: gives up on a cielo24 that stops reading, with flat memory", async () => {
    account.simulator.faults.add({ action: "job/add_media", kind: "stopReading", fraction: 0.01 });
    const { transfer, state } = open(randomBytes(60_000 * KIB), { idleTimeoutMs: 200 });
    expect(codeOf(await transfer.sendAllButLast())).toBe("UNAVAILABLE");
    // What was asked for is what the system's buffers took, not the whole body.
    expect(state.givenBytes).toBeLessThan(30_000 * KIB);
    expect(state.isClosed).toBe(true);
  });

  it("fault 20: waits for a slow answer, and until the deadline only", async () => {
    account.simulator.faults.add({ action: "job/add_media", kind: "slowAnswer", ms: 300 });
    const patient = open(randomBytes(100), { idleTimeoutMs: 50 });
    await patient.transfer.sendAllButLast();
    expect(codeOf(await patient.transfer.finish())).toBe("accepted");

    jobId = account.simulator.addJob();
    account.simulator.faults.add({ action: "job/add_media", kind: "slowAnswer", ms: 5_000 });
    const hurried = open(randomBytes(100), { deadlineMs: 300 });
    await hurried.transfer.sendAllButLast();
    expect(codeOf(await hurried.transfer.finish())).toBe("TIMED_OUT");
  });

  it("refuses a source that is shorter than it said", async () => {
    const { transfer } = open(randomBytes(100 * KIB), { declaredBytes: 200 * KIB });
    await expect(transfer.sendAllButLast()).rejects.toMatchObject({ name: "MediaReadError", code: "READ_FAILED" });
    expect(account.simulator.acceptances).toEqual([]);
  });

  it("refuses a source that is longer than it said", async () => {
    const { transfer } = open(randomBytes(200 * KIB), { declaredBytes: 100 * KIB });
    await expect(transfer.sendAllButLast()).rejects.toMatchObject({ name: "MediaReadError", code: "OBJECT_CHANGED" });
    expect(account.simulator.acceptances).toEqual([]);
  });

  it("threat 1: never shows a token, a key or a URL in what it fails with, to any depth", async () => {
    const failures: unknown[] = [];
    const faults = [
      { kind: "resetAt", fraction: 0.1 },
      { kind: "resetAfterBody", accepts: false },
      { kind: "answer", status: 302, headers: { location: "http://%zz" } },
      { kind: "uselessAnswer", answer: "truncated" },
      { kind: "slowAnswer", ms: 5_000 },
    ] as const;
    for (const fault of faults) {
      account.simulator.faults.add({ action: "job/add_media", ...fault });
      const { transfer } = open(randomBytes(300 * KIB), { deadlineMs: 300 });
      const sent = await transfer.sendAllButLast();
      failures.push(sent === "held" ? await transfer.finish() : sent, transfer);
    }
    const short = open(randomBytes(100 * KIB), { declaredBytes: 200 * KIB });
    failures.push(await short.transfer.sendAllButLast().catch((error: unknown) => error));
    const secrets = { token: account.simulator.issuedTokens[0] ?? "", securekey: account.account.securekey };
    const scanner = createScanner(secrets);
    const text = failures.map(textOf).join("\n");
    expect(text).toContain("Cielo24Error");
    expect(text).toContain("MediaReadError");
    expect(text).not.toContain("add_media");
    expect(scanner.scan(text)).toEqual([]);
    expect(scanner.scan(`${text} ${secrets.token.slice(3, 20)}`)).not.toEqual([]);
  });

  it("fault 11, fault 25: logs in anew for the transfer after a refused token", async () => {
    const first = open(randomBytes(100 * KIB));
    await first.transfer.sendAllButLast();
    account.simulator.expireTokens();
    expect(codeOf(await first.transfer.finish())).toBe("BAD_API_TOKEN");
    const second = open(randomBytes(100 * KIB));
    await second.transfer.sendAllButLast();
    expect(codeOf(await second.transfer.finish())).toBe("accepted");
    expect(account.simulator.logins()).toBe(2);
  });
});
