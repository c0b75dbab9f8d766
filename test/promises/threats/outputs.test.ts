import { describe, expect, it } from "@jest/globals";
import { sendAs } from "../../harness/api.ts";
import { useDrops } from "../../harness/drops.ts";

const POST = "POST job/add_media";
const INJECTED = 'x"}\n{"level":"error","service":"deliver-media","message":"injected"}\r\n\u2028\u001b[2J';

/** What a record may hold besides its metric. */
const FIELDS = new Set(
  "_aws attempt code count counts durationMs errorType invocationId jobId level message messageId outcome reason receiveCount requestId retryInS route sentBytes service sizeBytes stage state status taskId time traceId uploadId variable".split(
    " ",
  ),
);

describe("what is written down", () => {
  const local = useDrops({ env: { LOG_LEVEL: "debug" } });
  const expectPlainLog = () => {
    const before = local.records().length;
    expect(before).toBeGreaterThan(0);
    for (const line of local.stack.logs) {
      for (const character of ["\r", "\n", "\u2028", "\u001b"]) expect(line).not.toContain(character);
      const record = JSON.parse(line) as Record<string, unknown>;
      const isMetric = (name: string) => /^[A-Z][A-Za-z0-9]+$/.test(name) && typeof record[name] === "number";
      expect(Object.keys(record).filter((name) => !FIELDS.has(name) && !isMetric(name))).toEqual([]);
      expect(JSON.stringify(record)).not.toContain("injected");
    }
  };

  it("threat 14: is one line of known fields for each record, whatever an object is called", async () => {
    const job = local.newJob();
    await local.drop(job, Buffer.from("m\0dia"), `a${INJECTED}.mp4`);
    local.place(`x${INJECTED}`);
    local.send(local.event({ key: `media/x${INJECTED}`, versionId: "v", sizeBytes: 1 }));
    // SQS takes no escape character.
    local.send(`{"Records": "${INJECTED.replace("\u001b", "")}"`);
    await local.stack.drain();
    expect(local.taken(job)).toHaveLength(1);
    expectPlainLog();
  });

  it("threat 14: is one line of known fields for each record, whatever a caller sends", async () => {
    const call = sendAs(local, { sub: INJECTED });
    const text = encodeURIComponent(INJECTED);
    const headers = { "user-agent": "injected", referer: "https://injected.example/", "x-injected": "injected" };
    for (const target of [
      `/api/job/update_metadata?v=1&job_id=${text}&reference_id=${text}&requestor_id=${text}`,
      `/api/job/update_metadata?v=1&job_id=${local.newJob()}&reference_id=${text}&requestor_id=${text}`,
      `/api/job/add_media?v=1&job_id=${local.newJob()}&media_url=${text}&${text}=${text}`,
      `/api/job/delivery?v=1&job_id=${text}&wait=${text}`,
      `/media/${text}/${text}`,
      `/${text}`,
    ])
      await call("GET", target, { headers });
    expectPlainLog();
  });

  it("threat 14: is one line of known fields for each record, whatever cielo24 says", async () => {
    for (const ErrorType of ["INVALID_OPTION", INJECTED]) {
      const job = local.newJob();
      const body = JSON.stringify({ ErrorType, ErrorComment: INJECTED });
      local.cielo24.faults.add({ action: POST, jobId: job, kind: "answer", status: 400, body });
      await local.drop(job);
      await local.stack.drain();
    }
    expectPlainLog();
  });

  it("threat 15: holds of cielo24's comments 256 characters, and no credentials", async () => {
    const job = local.newJob();
    await local.drop(local.newJob());
    await local.stack.drain();
    const token = local.cielo24.issuedTokens.at(-1) ?? "";
    const { securekey } = local.stack.credentials;
    const ErrorComment = `Token ${token} and key ${securekey} are no good. ${"x".repeat(1_000)}${token}`;
    const body = JSON.stringify({ ErrorType: "INVALID_OPTION", ErrorComment });
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "answer", status: 400, body });
    await local.drop(job);
    await local.stack.drain();
    const { error } = (await local.row(job)) ?? {};
    expect(error).toMatchObject({ type: "INVALID_OPTION" });
    expect(error?.comment).toMatch(/^Token \[redacted\] and key \[redacted\] are no good\. x+$/);
    expect(error?.comment).toHaveLength(256);

    const admin = sendAs(local, { sub: "operator", scope: "admin" });
    const { body: shown } = await admin("GET", `/api/job/delivery?v=1&job_id=${job}`);
    expect(shown["Error"]).toEqual({ ErrorType: "INVALID_OPTION", ErrorComment: error?.comment });
    const outputs = JSON.stringify([shown, local.events(), local.records()]);
    for (const secret of [token, securekey]) expect(outputs).not.toContain(secret);
  });

  it("threat 15: shows nothing of what cielo24 says to whoever has an upload signed", async () => {
    const alice = sendAs(local, { sub: "alice" });
    const sign = (job: string) => alice("GET", `/api/job/request_upload_url?v=1&job_id=${job}`);
    await sign(local.newJob());
    const token = local.cielo24.issuedTokens.at(-1) ?? "";
    const { securekey } = local.stack.credentials;
    const ErrorComment = `${INJECTED} Token ${token} and key ${securekey} are no good.`;
    for (const [action, ErrorType, status] of [
      ["job/info", "ITEM_NOT_FOUND", 404],
      ["job/info", "ACCOUNT_UNPRIVILEGED", 200],
      ["job/info", `BAD_${token}`, 200],
      ["account/login", "ACCOUNT_DOES_NOT_EXIST", 200],
    ] as const) {
      const body = JSON.stringify({ ErrorType, ErrorComment });
      local.cielo24.faults.add({ action, kind: "answer", status: 400, body });
      if (action === "account/login") local.cielo24.expireTokens();
      const answer = await sign(local.newJob());
      expect(answer.status).toBe(status);
      const outputs = JSON.stringify([answer.body, [...answer.headers], local.records()]);
      for (const secret of [token, securekey, "no good"]) expect(outputs).not.toContain(secret);
    }
    expectPlainLog();
  });
});

describe("a forged message of the queue", () => {
  const local = useDrops();

  it("threat 13: is nothing where it names another bucket", async () => {
    const job = local.newJob();
    const [record] = local.event(local.place(job)).Records;
    const requests = local.stack.s3.requests.length;
    for (const name of ["another", `${local.stack.bucketName}-2`, local.stack.bucketName.toUpperCase(), ""])
      local.send({ Records: [{ ...record, s3: { ...record?.s3, bucket: { name } } }] });
    await local.stack.drain();
    expect(local.counted("RecordIgnored")).toBeGreaterThanOrEqual(4);
    expect(local.stack.s3.requests).toHaveLength(requests);
    expect(await local.row(job)).toBeUndefined();
  });

  it("threat 13: is nothing to cielo24 where its object does not exist, and keeps no other from coming", async () => {
    const job = local.newJob();
    local.send(local.event({ key: `media/${job}/forged.mp4`, versionId: "forged", sizeBytes: 1_000 }));
    await local.stack.drain();
    expect(local.posts(job)).toEqual([]);
    expect(await local.row(job)).toMatchObject({ state: "REJECTED", error: { type: "OBJECT_GONE" } });
    await local.drop(job);
    await local.stack.drain();
    expect(local.taken(job)).toMatchObject([{ sizeBytes: 1_000 }]);
  });

  it("threat 13: is believed in nothing but the object's name", async () => {
    const job = local.newJob();
    const object = local.place(job, 5_000);
    local.send(local.event({ ...object, sizeBytes: 10 ** 12 }));
    await local.stack.drain();
    expect(local.taken(job)).toMatchObject([{ sizeBytes: 5_000 }]);
  });
});
