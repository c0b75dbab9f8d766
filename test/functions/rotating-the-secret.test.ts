import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { sendAs } from "../harness/api.ts";
import { useDrops } from "../harness/drops.ts";
import { until } from "../harness/until.ts";

/** docs/deploy.md, "To rotate the credentials": what each order of its steps does to requests and deliveries under way. */

const POST = "POST job/add_media";

describe("rotating cielo24's credentials", () => {
  const local = useDrops({ maximumConcurrency: 4, env: { PREFLIGHT: "off" } });
  const asAdmin = sendAs(local, { sub: "root", scope: "admin" });
  const oldAccount = () => local.stack.credentials;
  const newAccount = () => ({ ...oldAccount(), securekey: "a-new-key-of-the-same-account" });

  /** Tokens of sessions that began with the key that is switched off die with it, in the worst case. */
  const switchOff = (left: ReturnType<typeof oldAccount>) => {
    local.cielo24.setAccounts([left]);
    local.cielo24.expireTokens();
  };
  const putSecret = ({ username, securekey }: ReturnType<typeof oldAccount>) => {
    local.stack.secrets.rotate({ username, securekey });
  };

  /** Every kind of call that asks cielo24 something, and the drop of a file. */
  const useAll = async () => {
    const job = local.newJob();
    const calls = [
      ["GET", `/api/job/request_upload_url?v=1&job_id=${job}&filename=a.mp4`],
      ["POST", `/api/job/update_metadata?v=1&job_id=${job}&reference_id=r&requestor_id=q`],
    ] as const;
    const statuses: number[] = [];
    for (const [method, path] of calls) statuses.push((await asAdmin(method, path)).status);
    await local.drop(job);
    await local.stack.drain();
    return { job, statuses, wasDelivered: local.taken(job).length === 1 };
  };
  const WORKS = { statuses: [200, 200], wasDelivered: true };

  /** Media that is in the middle of its way until it is let go. */
  const beginDelivery = async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "stopReading", fraction: 0.05, resumesAfterMs: 1_000 });
    await local.drop(job, randomBytes(8_000_000));
    await until(async () => (await local.row(job))?.claimId);
    return job;
  };

  beforeEach(async () => {
    local.cielo24.setAccounts([oldAccount()]);
    putSecret(oldAccount());
    local.stack.coldStart();
    expect(await useAll()).toMatchObject(WORKS);
  });
  afterEach(() => {
    local.cielo24.setAccounts([oldAccount()]);
  });

  it("fault 73: fails no call and delays no delivery where both keys are valid until the old one is switched off", async () => {
    local.cielo24.setAccounts([oldAccount(), newAccount()]);
    putSecret(newAccount());
    expect(await useAll()).toMatchObject(WORKS);
    const underWay = await beginDelivery();
    switchOff(newAccount());
    // Warm functions still know the old key: the first call of each learns the new one, and is made again.
    expect(await useAll()).toMatchObject(WORKS);
    local.stack.coldStart();
    expect(await useAll()).toMatchObject(WORKS);
    await local.stack.drain();
    expect(local.taken(underWay)).toHaveLength(1);
    expect(await local.row(underWay)).toMatchObject({ state: "DELIVERED", claims: 1 });
    expect(local.counted("LoginInvalid")).toBe(0);
    expect(local.counted("Http5xx")).toBe(0);
  });

  it("needs no second key: with the password in the secret meanwhile, the key can be replaced", async () => {
    const { username, password } = oldAccount();
    local.stack.secrets.rotate({ username, password });
    switchOff(newAccount());
    expect(await useAll()).toMatchObject(WORKS);
    putSecret(newAccount());
    local.stack.coldStart();
    expect(await useAll()).toMatchObject(WORKS);
    expect(local.counted("LoginInvalid")).toBe(0);
  });

  it("leaves a call without cielo24, and a delivery waiting, where the old key is off before the secret is written", async () => {
    const underWay = await beginDelivery();
    switchOff(newAccount());
    const job = local.newJob();
    const update = `/api/job/update_metadata?v=1&job_id=${job}&reference_id=r&requestor_id=q`;
    expect(await asAdmin("POST", update)).toMatchObject({ status: 502, body: { ErrorType: "CIELO24_UNAVAILABLE" } });
    // Uploads are signed all the same.
    expect((await asAdmin("GET", `/api/job/request_upload_url?v=1&job_id=${job}&filename=a.mp4`)).status).toBe(200);
    await local.drop(job);
    await local.stack.drain();
    expect(await local.row(job)).toMatchObject({ state: "SENDING", waiting: { type: "CIELO24_LOGIN_INVALID" } });
    expect(local.counted("LoginInvalid")).toBeGreaterThan(0);

    putSecret(newAccount());
    expect((await asAdmin("POST", update)).status).toBe(200);
    await local.finish();
    for (const each of [underWay, job]) expect(local.taken(each)).toHaveLength(1);
  });

  it("can be taken back: what Secrets Manager calls AWSPREVIOUS becomes the secret again", async () => {
    local.cielo24.setAccounts([oldAccount(), newAccount()]);
    putSecret(newAccount());
    local.stack.coldStart();
    expect(await useAll()).toMatchObject(WORKS);
    putSecret(oldAccount());
    switchOff(oldAccount());
    expect(await useAll()).toMatchObject(WORKS);
    expect(local.counted("LoginInvalid")).toBe(0);
  });

  it("fault 73: waits, and needs no deployment, where the new secret is mistyped while the old key is still valid", async () => {
    putSecret({ ...newAccount(), securekey: "mistyped" });
    // Whatever knows the old key goes on with it.
    expect(await useAll()).toMatchObject(WORKS);
    local.stack.coldStart();
    const { job, wasDelivered } = await useAll();
    expect(wasDelivered).toBe(false);
    putSecret(oldAccount());
    await local.finish();
    expect(local.taken(job)).toHaveLength(1);
  });
});
