import { afterEach, describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { inspect } from "node:util";
import type { Cielo24Simulator } from "../../../dev/cielo24/server.ts";
import { Cielo24Error } from "../../../lib/cielo24/api.ts";
import { createScanner } from "../../leaks/scanner.ts";
import { textOf } from "../../leaks/text-of.ts";
import { startAccount, within } from "./fixture.ts";

let simulator: Cielo24Simulator | undefined;
afterEach(() => simulator?.close());

const start = async (...options: Parameters<typeof startAccount>) => {
  const account = await startAccount(...options);
  simulator = account.simulator;
  return account;
};

const failure = (promise: Promise<unknown>): Promise<Cielo24Error> =>
  promise.then(
    () => Promise.reject(new Error("It did not fail")),
    (error: unknown) => {
      if (error instanceof Cielo24Error) return error;
      throw error;
    },
  );

describe("calls to cielo24", () => {
  it("set the metadata of a job, spaces, slashes and umlauts included", async () => {
    const { cielo24, simulator } = await start();
    const metadata = { jobId: simulator.addJob(), referenceId: "course 7/Größe & + %", requestorId: "me@example.org" };
    expect((await cielo24.updateMetadata(metadata, within(5_000))).taskId).toMatch(/^[0-9a-f]{32}$/);
    expect(simulator.metadata).toEqual([metadata]);
  });

  it("give a job its media by URL", async () => {
    const { cielo24, simulator } = await start({ fetchMedia: () => Promise.resolve(randomBytes(10)) });
    const jobId = simulator.addJob();
    const { taskId } = await cielo24.addMediaByUrl({ jobId, mediaUrl: "https://example.org/a b.mp4" }, within(5_000));
    await simulator.settled();
    expect(simulator.acceptances).toMatchObject([{ jobId, taskId, via: "url" }]);
    expect(await cielo24.jobInfo(jobId, within(5_000))).toEqual({ hasMedia: true });
  });

  it("tell that a job has no media yet", async () => {
    const { cielo24, simulator } = await start();
    expect(await cielo24.jobInfo(simulator.addJob(), within(5_000))).toEqual({ hasMedia: false });
  });

  it("fault 26: log in once for 500 callers", async () => {
    const { cielo24, simulator } = await start();
    const jobId = simulator.addJob();
    await Promise.all(Array.from({ length: 500 }, () => cielo24.jobInfo(jobId, within(20_000))));
    expect(simulator.logins()).toBe(1);
    simulator.expireTokens();
    await Promise.all(Array.from({ length: 500 }, () => cielo24.jobInfo(jobId, within(20_000))));
    expect(simulator.logins()).toBe(2);
  });

  it("fault 11: log in again once when the token is refused, and give up when it is refused again", async () => {
    const { cielo24, simulator } = await start();
    const refusal = { kind: "answer", status: 400, body: JSON.stringify({ ErrorType: "BAD_API_TOKEN" }) } as const;
    simulator.faults.add({ action: "job/info", ...refusal, times: 2 });
    const error = await failure(cielo24.jobInfo(simulator.addJob(), within(5_000)));
    expect(error.code).toBe("BAD_API_TOKEN");
    expect(simulator.logins()).toBe(2);
  });

  it("use a new token when the token has died of an hour without use", async () => {
    let now = Date.now();
    const { cielo24, simulator } = await start({ clock: () => now });
    const jobId = simulator.addJob();
    await cielo24.jobInfo(jobId, { deadline: now + 5_000 });
    now += 3_600_001;
    await cielo24.jobInfo(jobId, { deadline: now + 5_000 });
    expect(simulator.logins()).toBe(2);
  });

  it("fault 27: read the secret again when the login is refused, and use what was rotated", async () => {
    let key = "0".repeat(32);
    const { cielo24, simulator, account, secretReads } = await start({
      secret: () => {
        const text = JSON.stringify({ username: "account", securekey: key });
        key = account.securekey;
        return Promise.resolve(text);
      },
    });
    expect(await cielo24.jobInfo(simulator.addJob(), within(5_000))).toEqual({ hasMedia: false });
    expect(secretReads()).toBe(2);
  });

  it("fault 12: stop after a refused login: no login loop", async () => {
    let now = Date.now();
    const { cielo24, simulator, account } = await start({ clock: () => now });
    simulator.setAccounts([]);
    for (let call = 0; call < 20; call += 1) {
      const error = await failure(cielo24.jobInfo("0".repeat(32), { deadline: now + 5_000 }));
      expect(error.code).toBe("LOGIN_INVALID");
    }
    expect(simulator.logins()).toBe(1);
    now += 61_000;
    simulator.setAccounts([account]);
    const error = await failure(cielo24.jobInfo("0".repeat(32), { deadline: now + 5_000 }));
    expect(error.code).toBe("REFUSED");
  });

  it("fault 28: go on with cached credentials while the secret store is down", async () => {
    let isDown = false;
    const { cielo24, simulator, account } = await start({
      secret: () =>
        isDown
          ? Promise.reject(new Error("down"))
          : Promise.resolve(JSON.stringify({ username: "account", securekey: account.securekey })),
    });
    const jobId = simulator.addJob();
    await cielo24.jobInfo(jobId, within(5_000));
    isDown = true;
    simulator.expireTokens();
    expect(await cielo24.jobInfo(jobId, within(5_000))).toEqual({ hasMedia: false });
  });

  it("use a fixed token as long as it lives, and say so when it does not", async () => {
    const { cielo24, simulator } = await start({
      secret: () => Promise.resolve(JSON.stringify({ api_token: "a".repeat(32) })),
    });
    const error = await failure(cielo24.jobInfo(simulator.addJob(), within(5_000)));
    expect(error.code).toBe("LOGIN_INVALID");
    expect(simulator.logins()).toBe(0);
  });

  it.each([
    [400, { ErrorType: "ITEM_NOT_FOUND", ErrorComment: "x" }, "REFUSED"],
    [400, { ErrorType: "ACCOUNT_UNPRIVILEGED" }, "REFUSED"],
    [400, { ErrorType: "NOT_IMPLEMENTED" }, "REFUSED"],
    [400, { ErrorType: "SOMETHING_NEW" }, "UNINTELLIGIBLE"],
    [400, "<html>", "UNINTELLIGIBLE"],
    [400, { ErrorType: "UNHANDLED_ERROR" }, "UNAVAILABLE"],
    [401, {}, "UNINTELLIGIBLE"],
    [403, "<html>", "UNINTELLIGIBLE"],
    [404, "<html>", "UNINTELLIGIBLE"],
    [429, {}, "UNAVAILABLE"],
    [500, "", "UNAVAILABLE"],
    [502, "<html>", "UNAVAILABLE"],
    [503, {}, "UNAVAILABLE"],
    [504, "", "UNAVAILABLE"],
    [200, "<html>", "UNINTELLIGIBLE"],
  ] as const)("fault 13, fault 14, fault 16: take %i %j for %s", async (status, body, code) => {
    const { cielo24, simulator } = await start();
    const text = typeof body === "string" ? body : JSON.stringify(body);
    simulator.faults.add({ action: "job/update_metadata", kind: "answer", status, body: text });
    const metadata = { jobId: simulator.addJob(), referenceId: "r", requestorId: "q" };
    expect((await failure(cielo24.updateMetadata(metadata, within(5_000)))).code).toBe(code);
  });

  it.each([
    ["120", 120_000],
    ["1000000000", 1e12],
    ["soon", undefined],
    ["-5", undefined],
  ])("fault 15: hand on a Retry-After of %s", async (retryAfter, expected) => {
    const { cielo24, simulator } = await start();
    const headers = { "retry-after": retryAfter };
    simulator.faults.add({ action: "job/info", kind: "answer", status: 503, headers });
    const error = await failure(cielo24.jobInfo(simulator.addJob(), within(5_000)));
    expect(error.retryAfterMs).toBe(expected);
  });

  it("fault 15: understand a Retry-After that is a date", async () => {
    const { cielo24, simulator } = await start();
    const headers = { "retry-after": new Date(Date.now() + 60_000).toUTCString() };
    simulator.faults.add({ action: "job/info", kind: "answer", status: 429, headers });
    const error = await failure(cielo24.jobInfo(simulator.addJob(), within(5_000)));
    expect(error.retryAfterMs).toBeGreaterThan(50_000);
    expect(error.retryAfterMs).toBeLessThanOrEqual(60_000);
  });

  it("fault 47: follow no redirect, so that the token goes to no other host", async () => {
    const elsewhere = await startAccount();
    const { cielo24, simulator } = await start();
    const headers = { location: `${elsewhere.simulator.url}/api/job/info` };
    simulator.faults.add({ action: "job/info", kind: "answer", status: 302, headers });
    expect((await failure(cielo24.jobInfo(simulator.addJob(), within(5_000)))).code).toBe("UNINTELLIGIBLE");
    await elsewhere.simulator.close();
  });

  it("fault 44: fail as unavailable where nobody listens", async () => {
    const { simulator: gone } = await startAccount();
    await gone.close();
    const { cielo24 } = await start({ baseUrl: gone.url });
    expect((await failure(cielo24.jobInfo("0".repeat(32), within(5_000)))).code).toBe("UNAVAILABLE");
  });

  it("time out at the deadline", async () => {
    const { cielo24, simulator } = await start();
    simulator.faults.add({ action: "job/info", kind: "answer", status: 200, afterMs: 3_000 });
    expect((await failure(cielo24.jobInfo(simulator.addJob(), within(200)))).code).toBe("TIMED_OUT");
  });

  it("threat 15: scrub the credentials out of cielo24's comments, and cut those", async () => {
    const { cielo24, simulator, account } = await start();
    const jobId = simulator.addJob();
    await cielo24.jobInfo(jobId, within(5_000));
    const [token = ""] = simulator.issuedTokens;
    const comment = `${token} ${account.securekey}\r\n${"x".repeat(1000)}`;
    const body = JSON.stringify({ ErrorType: "INVALID_QUERY", ErrorComment: comment });
    simulator.faults.add({ action: "job/info", kind: "answer", status: 400, body });
    const error = await failure(cielo24.jobInfo(jobId, within(5_000)));
    expect(error.errorComment).toMatch(/^\[redacted\] \[redacted\] x+$/);
    expect(error.errorComment?.length).toBeLessThanOrEqual(256);
  });

  it("threat 1: never show a token or a key in an error, to any depth", async () => {
    const { cielo24, simulator, account } = await start();
    const jobId = simulator.addJob();
    await cielo24.jobInfo(jobId, within(5_000));
    const kinds = [
      { kind: "answer", status: 500 },
      { kind: "answer", status: 302, headers: { location: "http://%zz" } },
      { kind: "answer", status: 400, body: JSON.stringify({ ErrorType: "INVALID_URL" }) },
      { kind: "answer", status: 200, body: "{", afterMs: 500 },
    ] as const;
    const errors: unknown[] = [];
    for (const kind of kinds) {
      simulator.faults.add({ action: "job/info", ...kind });
      errors.push(await failure(cielo24.jobInfo(jobId, within(300))));
    }
    const scanner = createScanner({ token: simulator.issuedTokens[0] ?? "", securekey: account.securekey });
    for (const error of errors) expect(scanner.scan(textOf(error))).toEqual([]);
    expect(scanner.scan(inspect(cielo24, { depth: 10, showHidden: true }))).toEqual([]);
  });
});
