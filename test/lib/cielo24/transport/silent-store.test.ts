import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { createObjectBody } from "../../../../lib/media/reading/object-body.ts";
import { sleep } from "../../../../lib/runtime.ts";
import { startFaultyStore, type FaultyStore } from "../../media/faulty-store.ts";
import { codeOf, sha256Of, startAccount, within } from "../fixture.ts";

/** How long cielo24 may take nothing, which is far less than the store brings nothing for. */
const IDLE_TIMEOUT_MS = 100;
const PAUSE_MS = 200;
const content = randomBytes(1_000_000);
const ETAG = '"media"';

describe("a media transfer out of a store that falls silent", () => {
  let store: FaultyStore;
  let account: Awaited<ReturnType<typeof startAccount>>;
  let jobId: string;
  beforeEach(async () => {
    store = await startFaultyStore(content, { etag: ETAG });
    account = await startAccount();
    jobId = account.simulator.addJob();
  });
  afterEach(async () => {
    await account.simulator.close();
    await store.close();
  });

  const open = ({ stallMs = 10_000 } = {}) =>
    account.cielo24.openTransfer(
      {
        jobId,
        body: createObjectBody({
          sizeBytes: content.length,
          etag: ETAG,
          sign: () => Promise.resolve(`${store.url}/media`),
          idleTimeoutMs: stallMs,
          clock: Date.now,
          sleep: (_ms, signal) => sleep(PAUSE_MS, signal),
          random: () => 1,
        }),
      },
      { idleTimeoutMs: IDLE_TIMEOUT_MS, ...within(20_000) },
    );
  const fallSilentAt = (atByte: number) => {
    store.faults.push({ kind: "truncate", atByte });
    for (let count = 0; count < 3; count += 1) store.faults.push({ kind: "status", status: 503 });
  };
  const untilPosted = async () => {
    while (account.simulator.posts.length === 0) await nextTurn();
  };

  it("fault 5, fault 6: keeps its POST open meanwhile, and ends it with every byte", async () => {
    fallSilentAt(500_000);
    const transfer = open();
    expect(await transfer.sendAllButLast()).toBe("held");
    expect(codeOf(await transfer.finish())).toBe("accepted");
    expect(account.simulator.posts).toHaveLength(1);
    expect(account.simulator.acceptances).toMatchObject([{ jobId, sha256: sha256Of(content) }]);
    expect(store.requests).toHaveLength(5);
  });

  it("fault 7: keeps its POST open over stalls, too", async () => {
    store.faults.push({ kind: "stall", atByte: 500_000 }, { kind: "stallBeforeHead" });
    const transfer = open({ stallMs: 2 * IDLE_TIMEOUT_MS });
    expect(await transfer.sendAllButLast()).toBe("held");
    expect(codeOf(await transfer.finish())).toBe("accepted");
    expect(account.simulator.posts).toHaveLength(1);
  });

  it("ends at once where it is aborted, in a pause as in a stall", async () => {
    fallSilentAt(500_000);
    for (let stall = 0; stall < 2; stall += 1) {
      const transfer = open();
      const sending = transfer.sendAllButLast();
      while (transfer.sentBytes() === 0) await nextTurn();
      const abortedAt = performance.now();
      await transfer.abort();
      expect(codeOf(await sending)).toBe("UNAVAILABLE");
      expect(performance.now() - abortedAt).toBeLessThan(PAUSE_MS);
      store.faults.length = 0;
      store.faults.push({ kind: "stall", atByte: 500_000 });
    }
  });

  it.each([
    ["answers", { kind: "earlyAnswer", status: 400, body: '{"ErrorType":"ITEM_NOT_FOUND"}' }, "REFUSED"],
    ["resets", { kind: "resetAt", fraction: 0.3 }, "UNAVAILABLE"],
  ] as const)("fault 17: ends at once where cielo24 %s meanwhile", async (_what, fault, code) => {
    account.simulator.faults.add({ action: "job/add_media", ...fault });
    store.faults.push({ kind: "stall", atByte: 500_000 });
    const sending = open().sendAllButLast();
    await untilPosted();
    const overAt = performance.now();
    expect(codeOf(await sending)).toBe(code);
    expect(performance.now() - overAt).toBeLessThan(1_000);
  });
});
