import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { connect, createServer, type Socket } from "node:net";
import { listen } from "../../../dev/stack/listen.ts";
import { useDrops } from "../../harness/drops.ts";
import { until } from "../../harness/until.ts";
import { startWorker, type Worker } from "../../harness/worker.ts";

/** A connection that leads through a front, and what went over it. */
interface Passed {
  sent: string;
  answeredBytes: number;
  isOpen: boolean;
}

/** A TCP front that notes what passes. */
const startFront = async (origin: string | undefined) => {
  const port = Number(new URL(origin ?? "").port);
  const passed: Passed[] = [];
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const each: Passed = { sent: "", answeredBytes: 0, isOpen: true };
    passed.push(each);
    const far = connect(port, "127.0.0.1");
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on("error", () => undefined);
    }
    near.on("data", (data: Buffer) => (each.sent += data.toString("latin1")));
    far.on("data", (data: Buffer) => (each.answeredBytes += data.length));
    near.on("close", () => {
      each.isOpen = false;
      far.destroy();
    });
    far.on("close", () => near.destroy());
    near.pipe(far).pipe(near);
  });
  const url = `http://127.0.0.1:${await listen(server)}`;
  const close = () => {
    for (const socket of open) socket.destroy();
    server.close();
  };
  return { url, passed, close };
};

/** A front hears of a connection's end a moment later than who ended it. */
const areClosed = async (passed: readonly Passed[]): Promise<boolean> => {
  const isClosed = () => passed.every(({ isOpen }) => !isOpen);
  for (let tries = 0; tries < 50 && !isClosed(); tries += 1) await new Promise((resolve) => setTimeout(resolve, 20));
  return isClosed();
};

describe("what is begun before it is wanted", () => {
  const local = useDrops();
  let [s3, cielo24]: Awaited<ReturnType<typeof startFront>>[] = [];
  let worker: Worker;

  beforeEach(async () => {
    s3 = await startFront(local.stack.env["AWS_ENDPOINT_URL_S3"]);
    cielo24 = await startFront(local.stack.env["CIELO24_BASE_URL"]);
    worker = startWorker(local.stack, {
      env: { AWS_ENDPOINT_URL_S3: s3.url, CIELO24_BASE_URL: cielo24.url, PREFLIGHT: "off" },
    });
  });
  afterEach(() => {
    s3?.close();
    cielo24?.close();
  });

  const gets = () => (s3?.passed ?? []).filter(({ sent }) => sent.startsWith("GET "));
  const silent = () => (cielo24?.passed ?? []).filter(({ sent }) => sent === "");
  const posts = () => (cielo24?.passed ?? []).filter(({ sent }) => sent.startsWith("POST "));
  const MIB = 1024 * 1024;

  it("costs a delivery neither a request nor a connection more", async () => {
    const job = local.newJob();
    const before = local.stack.s3.requests.length;
    expect(await worker.take(local.event(local.place(job, MIB)))).toBe(true);
    expect(local.taken(job)).toHaveLength(1);
    expect(local.stack.s3.requests.slice(before).map(({ operation }) => operation)).toEqual([
      "HeadObject",
      "GetObject",
      "HeadObject",
    ]);
    expect([gets().length, posts().length, silent().length]).toEqual([1, 1, 0]);
  });

  it("sends cielo24 no byte before the claim is on record, though its connection is open", async () => {
    const job = local.newJob();
    // For three seconds the claim is under way.
    local.stack.aws.faults.add({ action: "UpdateItem", kind: "hang", times: 1 });
    const working = worker.take(local.event(local.place(job, MIB)));
    await until(() => (gets()[0]?.answeredBytes ?? 0) >= MIB && (cielo24?.passed.length ?? 0) >= 2);
    expect([posts().length, silent().length]).toEqual([0, 1]);
    // What had come before the row was read was sent before the claim.
    for (let early = posts().length; !(await local.row(job)); early = posts().length) expect(early).toBe(0);
    expect(await working).toBe(true);
    expect([posts().length, silent().length]).toEqual([1, 0]);
  });

  it("has ended before the handler returns, where the claim cannot be written", async () => {
    const job = local.newJob();
    local.stack.aws.faults.add({ action: "UpdateItem", kind: "unavailable", times: Infinity });
    expect(await worker.take(local.event(local.place(job, 64 * MIB)))).toBe(false);
    expect(gets().length).toBeGreaterThan(0);
    expect(await areClosed([...gets(), ...silent()])).toBe(true);
    expect([posts(), silent().length]).toEqual([[], 1]);
    // No more than what lay on the way: the buffers of both sides.
    for (const { answeredBytes } of gets()) expect(answeredBytes).toBeLessThan(32 * MIB);
  });

  it("has ended before the handler returns, where another worker was faster", async () => {
    const job = local.newJob();
    const object = local.place(job, MIB);
    const other = startWorker(local.stack);
    const [first, second] = await Promise.all([worker.take(local.event(object)), other.take(local.event(object))]);
    expect([first, second]).toContain(true);
    expect(await areClosed([...gets(), ...silent(), ...posts()])).toBe(true);
    expect(local.taken(job)).toHaveLength(1);
  });

  it("is asked of nobody about an object that settles", async () => {
    const settling = startWorker(local.stack, { env: { CIELO24_BASE_URL: cielo24?.url, DROP_SETTLE_S: "30" } });
    expect(await settling.take(local.event(local.place(local.newJob())))).toBe(false);
    expect(cielo24?.passed).toEqual([]);
  });
});
