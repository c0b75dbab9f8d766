import { beforeEach, describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { MINUTE_MS, useDrops } from "../../harness/drops.ts";
import { sha256 } from "../../harness/sha256.ts";

const POST = "POST job/add_media";
const BAD_TOKEN = JSON.stringify({ ErrorType: "BAD_API_TOKEN", ErrorComment: "Expired." });

describe("a drop with a token that dies", () => {
  const local = useDrops({ maximumConcurrency: 10, env: { PREFLIGHT: "off" } });
  const gets = (job: string) =>
    local.stack.s3.requests.filter(({ operation, key }) => operation === "GetObject" && key.includes(job));

  it("fault 11, fault 25: is sent again in the same run, from a new read, where it expires during the upload", async () => {
    const job = local.newJob();
    const bytes = randomBytes(300_000);
    const logins = local.cielo24.logins();
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "answer", status: 400, body: BAD_TOKEN });
    await local.drop(job, bytes);
    await local.stack.drain();
    expect(local.taken(job)).toMatchObject([{ sha256: sha256(bytes) }]);
    expect(local.posts(job)).toHaveLength(2);
    expect(gets(job)).toHaveLength(2);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", posts: 1 });
    expect(local.counted("MediaConflict")).toBe(0);
    expect(local.cielo24.logins() - logins).toBeLessThanOrEqual(2);
  });

  it("fault 11, fault 25, fault 26: shares one login with all whose token dies during their uploads", async () => {
    const jobs = Array.from({ length: 10 }, () => local.newJob());
    await local.drop(local.newJob());
    await local.stack.drain();
    const logins = local.cielo24.logins();
    for (const jobId of jobs)
      local.cielo24.faults.add({ action: POST, jobId, kind: "stopReading", fraction: 0.05, resumesAfterMs: 500 });
    for (const job of jobs) local.send(local.event(local.place(job, 10_000_000)));
    for (const job of jobs) await local.claimed(job);
    local.cielo24.expireTokens();
    await local.stack.drain();
    expect(local.cielo24.logins() - logins).toBe(1);
    for (const job of jobs) {
      expect(local.posts(job)).toMatchObject([{ outcome: "refused" }, { outcome: "accepted" }]);
      expect(gets(job)).toHaveLength(2);
      expect(local.taken(job)).toMatchObject([{ sizeBytes: 10_000_000 }]);
      expect(await local.row(job)).toMatchObject({ state: "DELIVERED", posts: 1 });
    }
    expect(local.counted("MediaConflict")).toBe(0);
    expect(local.counted("MediaRejected")).toBe(0);
  });

  it("fault 11: is sent again where cielo24 says so before the body is read", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "earlyAnswer", status: 400, body: BAD_TOKEN });
    await local.drop(job, randomBytes(1_000_000));
    await local.stack.drain();
    expect(local.taken(job)).toHaveLength(1);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", posts: 1 });
  });

  it("fault 11: comes back where the new token is refused, too", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "answer", status: 400, body: BAD_TOKEN, times: 2 });
    await local.drop(job);
    await local.stack.drain();
    expect(local.posts(job)).toHaveLength(2);
    expect(local.reasons(job)).toEqual(["unavailable"]);
    await local.finish();
    expect(local.taken(job)).toHaveLength(1);
  });

  it("fault 11, fault 26: shares one login with all that wait for a token", async () => {
    const jobs = Array.from({ length: 10 }, () => local.newJob());
    await local.drop(local.newJob());
    await local.stack.drain();
    local.cielo24.expireTokens();
    const logins = local.cielo24.logins();
    for (const job of jobs) local.send(local.event(local.place(job)));
    await local.stack.drain();
    expect(local.cielo24.logins() - logins).toBe(1);
    for (const job of jobs) expect(local.taken(job)).toHaveLength(1);
  });
});

describe("a drop with credentials that are wrong", () => {
  const local = useDrops();
  const right = () => ({ username: local.stack.credentials.username, securekey: local.stack.credentials.securekey });
  const secretReads = () => local.stack.aws.calls.filter((action) => action === "GetSecretValue").length;
  beforeEach(() => {
    local.stack.secrets.rotate(right());
    local.stack.coldStart();
  });

  it("fault 12: stops after the secret was read twice, says so in a metric, and keeps the message", async () => {
    local.stack.secrets.rotate({ ...right(), securekey: "wrong" });
    const job = local.newJob();
    const [logins, reads] = [local.cielo24.logins(), secretReads()];
    await local.drop(job);
    await local.stack.drain();
    expect([local.cielo24.logins() - logins, secretReads() - reads]).toEqual([1, 2]);
    expect(local.reasons(job)).toEqual(["loginInvalid"]);
    expect(local.counted("LoginInvalid")).toBe(1);
    expect(local.posts(job)).toEqual([]);

    for (let count = 0; count < 5; count += 1) await local.passToNextMessage();
    expect(local.cielo24.logins() - logins).toBeLessThanOrEqual(6);
    expect(await local.row(job)).toMatchObject({
      state: "SENDING",
      claims: 0,
      waiting: { type: "CIELO24_LOGIN_INVALID" },
    });

    local.stack.secrets.rotate(right());
    await local.finish();
    expect(local.taken(job)).toHaveLength(1);
  });

  it("fault 27: goes through where the secret has been rotated meanwhile", async () => {
    const warm = local.newJob();
    await local.drop(warm);
    await local.stack.drain();
    const rotated = { ...local.stack.credentials, securekey: "rotated" };
    local.cielo24.setAccounts([rotated]);
    local.cielo24.expireTokens();
    local.stack.secrets.rotate({ username: rotated.username, securekey: rotated.securekey });
    const job = local.newJob();
    await local.drop(job);
    await local.stack.drain();
    local.cielo24.setAccounts([local.stack.credentials]);
    expect(local.taken(job)).toHaveLength(1);
    expect(local.counted("LoginInvalid")).toBe(0);
  });

  it("fault 28: goes through with the cached ones where Secrets Manager is down, and waits where there are none", async () => {
    const [cached, cold] = [local.newJob(), local.newJob()];
    await local.drop(local.newJob());
    await local.stack.drain();
    local.cielo24.expireTokens();
    local.stack.aws.faults.add({ action: "GetSecretValue", kind: "unavailable", times: 20 });
    await local.drop(cached);
    await local.stack.drain();
    expect(local.taken(cached)).toHaveLength(1);

    local.stack.coldStart();
    await local.drop(cold);
    await local.stack.drain();
    expect(local.reasons(cold)).toEqual(["unavailable"]);
    local.stack.aws.faults.clear();
    await local.pass(2 * MINUTE_MS);
    expect(local.taken(cold)).toHaveLength(1);
  });
});
