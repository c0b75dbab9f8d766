import { describe, expect, it } from "@jest/globals";
import { NOT_FOUND, error, errorOf, sendAs } from "../../harness/api.ts";
import { useStack } from "../../harness/stack.ts";

const PATH = "/api/job/delivery";

describe("delivery through the gateway", () => {
  const local = useStack();
  const alice = sendAs(local, { sub: "alice" });
  const bob = sendAs(local, { sub: "bob" });
  const admin = sendAs(local, { sub: "root", scope: "admin" });
  const { newJob } = local;
  const beginUpload = (job: string) => alice("GET", `/api/job/request_upload_url?v=1&job_id=${job}`);

  it("shows an upload that was signed", async () => {
    const job = newJob();
    await beginUpload(job);
    expect(await alice("GET", `${PATH}?v=1&job_id=${job}`)).toMatchObject({
      status: 200,
      body: { JobId: job, State: "UPLOADING", SentBytes: 0, Attempts: 0 },
    });
  });

  it("fault 60: knows a job in upper case and with hyphens, and answers its id as it is", async () => {
    const job = newJob();
    await beginUpload(job);
    const uuid = job.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
    for (const spelt of [job.toUpperCase(), uuid, uuid.toUpperCase()])
      expect(await alice("GET", `${PATH}?v=1&job_id=${spelt}`)).toMatchObject({ status: 200, body: { JobId: job } });
    expect(errorOf(await bob("GET", `${PATH}?v=1&job_id=${uuid}`))).toEqual(NOT_FOUND);
  });

  it("threat 5: does not tell foreign and absent jobs apart", async () => {
    const job = newJob();
    await beginUpload(job);
    expect(errorOf(await bob("GET", `${PATH}?v=1&job_id=${job}`))).toEqual(NOT_FOUND);
    expect(errorOf(await bob("GET", `${PATH}?v=1&job_id=${newJob()}`))).toEqual(NOT_FOUND);
  });

  it("gives no job away for being asked about", async () => {
    const job = newJob();
    await bob("GET", `${PATH}?v=1&job_id=${job}`);
    expect((await beginUpload(job)).status).toBe(200);
  });

  it("waits until the state changes", async () => {
    const job = newJob();
    const { body } = await beginUpload(job);
    const waiting = alice("GET", `${PATH}?v=1&job_id=${job}&wait=20`);
    await fetch(String(body["upload_url"]), { method: "PUT", body: "m\0dia" });
    const changed = await waiting;
    expect(changed.status).toBe(200);
    expect(changed.body["State"]).not.toBe("UPLOADING");
    await local.stack.drain();
    expect((await alice("GET", `${PATH}?v=1&job_id=${job}&wait=20`)).body).toMatchObject({
      State: "DELIVERED",
      TaskId: expect.stringMatching(/^[0-9a-f]{32}$/),
      SizeBytes: 5,
      SentBytes: 5,
      Attempts: 1,
    });
  });

  it("shows an admin an operator's drop, which nobody owns", async () => {
    const job = newJob();
    await local.stack.ledger.write(job, {
      if: { state: ["none"] },
      set: { state: "SENDING", fence: 1, updatedAt: 0, posts: 1 },
    });
    expect((await admin("GET", `${PATH}?v=1&job_id=${job}`)).body).toMatchObject({ State: "SENDING", Attempts: 1 });
    expect(errorOf(await alice("GET", `${PATH}?v=1&job_id=${job}`))).toEqual(NOT_FOUND);
  });

  it("shows what a delivery waits for while cielo24 is down, and that it goes on by itself", async () => {
    const job = newJob();
    const { body } = await beginUpload(job);
    local.cielo24.faults.add({ action: "job/info", jobId: job, kind: "answer", status: 503 });
    await fetch(String(body["upload_url"]), { method: "PUT", body: "m\0dia" });
    await local.stack.drain();
    const waits = await alice("GET", `${PATH}?v=1&job_id=${job}`);
    expect(waits.body).toMatchObject({
      State: "SENDING",
      Waiting: {
        ErrorType: "CIELO24_UNAVAILABLE",
        ErrorComment: expect.stringMatching(/^cielo24 does not answer/),
        NextAttemptAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      },
      Attempts: 0,
    });
    const { NextAttemptAt } = waits.body["Waiting"] as { NextAttemptAt: string };
    local.stack.advanceTime(Date.parse(NextAttemptAt) - local.stack.runtime.clock() + 1_000);
    await local.stack.drain();
    const { body: delivered } = await alice("GET", `${PATH}?v=1&job_id=${job}`);
    expect(delivered).toMatchObject({ State: "DELIVERED", Attempts: 1 });
    expect(delivered).not.toHaveProperty("Waiting");
  });

  it("refuses a wait that is too long", async () => {
    expect(errorOf(await alice("GET", `${PATH}?v=1&job_id=${newJob()}&wait=21`))).toEqual(
      error(400, "INVALID_QUERY", "wait must be at most 20."),
    );
  });

  it("asks for the scope media.read", async () => {
    const writer = sendAs(local, { sub: "alice", scope: "media.write" });
    expect(await writer("GET", `${PATH}?v=1&job_id=${newJob()}`)).toMatchObject({
      status: 403,
      body: { message: "Forbidden" },
    });
  });
});
