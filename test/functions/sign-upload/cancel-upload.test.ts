import { afterEach, describe, expect, it } from "@jest/globals";
import { error, errorOf, NOT_FOUND, sendAs, type HttpAnswer } from "../../harness/api.ts";
import { useStack } from "../../harness/stack.ts";
import type { Row } from "../../../lib/delivery/machine/row.ts";

const MEDIA = Buffer.from("m\0dia");
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

describe("DELETE /api/job/delivery", () => {
  const local = useStack();
  const alice = sendAs(local, { sub: "alice" });
  afterEach(() => {
    local.cielo24.faults.clear();
    local.stack.aws.faults.clear();
  });

  const path = (job: string) => `/api/job/delivery?v=1&job_id=${job}`;
  const cancel = (job: string, send = alice) => send("DELETE", path(job));
  const status = async (job: string) => (await alice("GET", path(job))).body;
  const sign = async (job: string): Promise<string> => {
    const { body } = await alice("GET", `/api/job/request_upload_url?v=1&job_id=${job}`);
    return String(body["upload_url"]);
  };
  /** A job with an upload that was begun. */
  const begin = async () => {
    const job = local.newJob();
    return { job, url: await sign(job) };
  };
  const upload = async (url: string, bytes = MEDIA): Promise<void> => {
    expect((await fetch(url, { method: "PUT", body: bytes })).status).toBe(200);
  };
  const put = async (job: string, more: Partial<Row>): Promise<void> => {
    const row = await local.stack.ledger.read(job);
    if (row) await local.stack.ledger.write(job, { if: { state: [row.state] }, set: more });
  };
  const events = (job: string) =>
    local.stack.events.flatMap(({ detailType, detail }) => {
      const { JobId, Error: why, Key } = detail as { JobId?: string; Error?: { ErrorType: string }; Key?: string };
      return JobId === job ? [`${detailType} ${why?.ErrorType ?? ""}${Key === undefined ? "" : " of an object"}`] : [];
    });
  const metrics = () =>
    local.records().flatMap((record) => Object.keys(record).filter((name) => /^(?:Media|Upload)/.test(name)));
  const CANCELLED = { State: "REJECTED", Error: { ErrorType: "CANCELLED" } };
  const expectCancelled = ({ status: code, body }: HttpAnswer) => {
    expect({ code, body }).toMatchObject({ code: 200, body: CANCELLED });
  };

  it("cancels an upload that was begun, says so, and raises no alarm", async () => {
    const { job } = await begin();
    expectCancelled(await cancel(job));
    expect(await status(job)).toMatchObject(CANCELLED);
    expect(events(job)).toEqual(["Media Rejected CANCELLED"]);
    expect(await local.stack.ledger.read(job)).toMatchObject({ announced: true });
    expect(metrics()).toEqual(["UploadCancelled"]);
  });

  it("changes nothing if it is repeated", async () => {
    const { job } = await begin();
    const first = await cancel(job);
    expect((await cancel(job)).body).toEqual(first.body);
    expect(events(job)).toHaveLength(1);
  });

  it("records what arrives afterwards, and does not send it", async () => {
    const { job, url } = await begin();
    await cancel(job);
    await upload(url);
    await local.stack.drain();
    expect(local.taken(job)).toEqual([]);
    expect(await status(job)).toMatchObject(CANCELLED);
    const { media, rejected } = (await local.stack.ledger.read(job)) ?? {};
    expect(rejected).toEqual([media?.id]);
    expect(events(job)).toEqual(["Media Rejected CANCELLED", "Media Rejected CANCELLED of an object"]);
    local.stack.advanceTime(HOUR_MS);
    await local.stack.runCensus();
    await local.stack.drain();
    expect(local.taken(job)).toEqual([]);
  });

  it("leaves the job free for another upload, which is delivered", async () => {
    const { job, url } = await begin();
    await cancel(job);
    const again = await sign(job);
    expect(await status(job)).toMatchObject({ State: "UPLOADING" });
    await upload(again);
    await local.stack.drain();
    expect(await status(job)).toMatchObject({ State: "DELIVERED" });
    expect(local.taken(job)).toHaveLength(1);
    await upload(url, Buffer.from("of the first URL"));
    await local.stack.drain();
    expect(local.taken(job)).toHaveLength(1);
  });

  /** Its event waits in the queue, for minutes: the ledger cannot be read meanwhile. */
  const uploadUnseen = async (url: string, bytes: Buffer<ArrayBuffer>): Promise<void> => {
    local.stack.aws.faults.add({ action: "GetItem", kind: "unavailable", times: 100 });
    await upload(url, bytes);
    await local.stack.drain();
    local.stack.aws.faults.clear();
  };
  const WRONG = Buffer.from("wrong m\0dia");
  const expectExactly = (job: string, bytes: Buffer) => {
    expect(local.taken(job)).toEqual([expect.objectContaining({ sizeBytes: bytes.length })]);
  };

  it("never sends the wrong file, whose event comes when another upload is signed, and sends the right one", async () => {
    const { job, url } = await begin();
    await uploadUnseen(url, WRONG);
    await cancel(job);
    const again = await sign(job);
    local.stack.advanceTime(HOUR_MS / 2);
    await local.stack.drain();
    expect(local.taken(job)).toEqual([]);
    // A client that waits for the right file's delivery is not told that it was cancelled.
    expect(await status(job)).toMatchObject({ State: "UPLOADING" });
    expect((await local.stack.ledger.read(job))?.rejected).toHaveLength(1);
    await upload(again);
    await local.stack.drain();
    expect(await status(job)).toMatchObject({ State: "DELIVERED" });
    expectExactly(job, MEDIA);
  });

  it("leaves it to an operator to send what came all the same", async () => {
    const { job, url } = await begin();
    await cancel(job);
    await upload(url);
    await local.stack.drain();
    const { media, fence } = (await local.stack.ledger.read(job)) ?? {};
    const decision = { job, object: media?.id, fence, by: "ops@example.com", why: "the owner has asked for it" };
    local.stack.queue.send(JSON.stringify({ resend: decision }));
    await local.stack.drain();
    expect(await status(job)).toMatchObject({ State: "DELIVERED" });
    expect(local.taken(job)).toHaveLength(1);
  });

  it("cancels what waits to be sent, and never sends it", async () => {
    const { job, url } = await begin();
    local.cielo24.faults.add({ action: "job/info", jobId: job, kind: "answer", status: 503, body: "", times: 10 });
    local.stack.advanceTime(61_000);
    await upload(url);
    await local.stack.drain();
    expect(await status(job)).toMatchObject({ State: "SENDING", Waiting: { ErrorType: "CIELO24_UNAVAILABLE" } });
    expectCancelled(await cancel(job));
    local.cielo24.faults.clear();
    local.stack.advanceTime(DAY_MS);
    await local.stack.drain();
    expect(local.taken(job)).toEqual([]);
    expect(await status(job)).toMatchObject(CANCELLED);
  });

  it("stops a worker that is sending before the last chunk goes out", async () => {
    const { job, url } = await begin();
    const stop = { kind: "stopReading", fraction: 0.1, resumesAfterMs: 1_500 } as const;
    local.cielo24.faults.add({ action: "job/add_media", jobId: job, ...stop });
    const cancelling = cancelOnceItIsSending(job);
    // More than the sockets between hold.
    await upload(url, Buffer.alloc(24 * 1024 * 1024, "m\0dia"));
    await local.stack.drain();
    expectCancelled(await cancelling);
    expect(local.taken(job)).toEqual([]);
    expect(await status(job)).toMatchObject(CANCELLED);
  });
  const cancelOnceItIsSending = async (job: string): Promise<HttpAnswer> => {
    for (;;) {
      const row = await local.stack.ledger.read(job);
      if (row?.state === "SENDING" && row.claimId) return cancel(job);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };

  it.each<[what: string, row: Partial<Row>, refusal: ReturnType<typeof error>]>([
    ["whose last bytes are out", { state: "FINALIZING" }, error(409, "DELIVERY_UNDER_WAY", /Ask \/api\/job\/delivery/)],
    [
      "that is sent again after a lost response",
      { state: "SENDING", everUnknown: true },
      error(409, "DELIVERY_UNDER_WAY", /cancelled no more/),
    ],
    ["that is delivered", { state: "DELIVERED" }, error(409, "JOB_HAS_MEDIA", /use another job/)],
    ["that waits for a person", { state: "NEEDS_REVIEW" }, error(409, "NEEDS_REVIEW", /tell the operator/)],
    ["that was closed", { state: "NEEDS_REVIEW", closed: true }, error(409, "JOB_CLOSED", /use another job/)],
  ])("refuses to cancel media %s", async (_what, row, refusal) => {
    const { job } = await begin();
    await put(job, row);
    expect(errorOf(await cancel(job))).toEqual(refusal);
    expect(await local.stack.ledger.read(job)).not.toHaveProperty("cancelledAt");
  });

  it("keeps from being sent whatever follows media that was rejected, which keeps its own error", async () => {
    const { job, url } = await begin();
    await upload(url, Buffer.from("<!doctype html><title>Not found</title>"));
    await local.stack.drain();
    const [before, counted] = [events(job), metrics()];
    expect(before).toEqual(["Media Rejected NOT_MEDIA of an object"]);
    const { status: code, body } = await cancel(job);
    expect({ code, body }).toMatchObject({ code: 200, body: { State: "REJECTED", Error: { ErrorType: "NOT_MEDIA" } } });
    // It was announced, and nobody is told of it again.
    expect({ events: events(job), counted: metrics() }).toEqual({ events: before, counted });
    await upload(url);
    await local.stack.drain();
    expect(local.taken(job)).toEqual([]);
    expect(await status(job)).toMatchObject(CANCELLED);
  });

  it("answers 404 for a job without an upload, one whose row has expired, and somebody else's", async () => {
    expect(errorOf(await cancel(local.newJob()))).toEqual(NOT_FOUND);
    const { job } = await begin();
    expect(errorOf(await cancel(job, sendAs(local, { sub: "bob" })))).toEqual(NOT_FOUND);
    await put(job, { expiresAt: 1 });
    expect(errorOf(await cancel(job))).toEqual(NOT_FOUND);
  });

  it("lets an admin cancel every job, and nobody who may only look", async () => {
    const { job } = await begin();
    expect((await cancel(job, sendAs(local, { sub: "alice", scope: "media.read" }))).status).toBe(403);
    expectCancelled(await cancel(job, sendAs(local, { sub: "root", scope: "admin" })));
  });

  it("leaves the event to the census if the event bus fails, and the job free all the same", async () => {
    const { job } = await begin();
    local.stack.aws.faults.add({ action: "PutEvents", kind: "unavailable", times: 10 });
    expectCancelled(await cancel(job));
    local.stack.aws.faults.clear();
    expect(events(job)).toEqual([]);
    const again = await sign(job);
    local.stack.advanceTime(HOUR_MS);
    await local.stack.runCensus();
    await local.stack.drain();
    expect(events(job)).toEqual(["Media Rejected CANCELLED"]);
    // The URL lives for an hour.
    expect(again).toBeDefined();
    await upload(await sign(job));
    await local.stack.drain();
    expect(await status(job)).toMatchObject({ State: "DELIVERED" });
  });

  it("answers 503 if the ledger cannot be reached, and may be repeated", async () => {
    const { job } = await begin();
    local.stack.aws.faults.add({ action: "UpdateItem", kind: "unavailable", times: 3 });
    expect((await cancel(job)).status).toBe(503);
    expectCancelled(await cancel(job));
  });
});
