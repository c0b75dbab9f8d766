import { afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import net from "node:net";
import tls from "node:tls";
import type { Cielo24Simulator } from "../../../../dev/cielo24/server.ts";
import { selfSigned } from "../../media/self-signed.ts";
import { bodyOf, codeOf, sha256Of, startAccount, transferLimits, within } from "../fixture.ts";

const KIB = 1024;
const trusted = selfSigned();
const closers: (() => unknown)[] = [];

describe("a media transfer over TLS", () => {
  beforeAll(() => {
    tls.setDefaultCACertificates([...tls.getCACertificates(), trusted.cert]);
  });
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });

  const start = async (options: Parameters<typeof startAccount>[0] = {}) => {
    const account = await startAccount({ tls: trusted, ...options });
    closers.push(() => account.simulator.close());
    const jobId = account.simulator.addJob();
    const open = (bytes: Uint8Array, idleTimeoutMs = transferLimits.idleTimeoutMs) => {
      const { body, state } = bodyOf(bytes);
      return { transfer: account.cielo24.openTransfer({ jobId, body }, { idleTimeoutMs, ...within(10_000) }), state };
    };
    return { ...account, jobId, open };
  };

  /** Stands between client and server, and tells how the client left. */
  const between = async ({ port }: Cielo24Simulator) => {
    const endings: string[] = [];
    const server = net.createServer((client) => {
      const upstream = net.connect(port, "127.0.0.1");
      client.on("error", (error: NodeJS.ErrnoException) => endings.push(error.code ?? ""));
      client.on("end", () => endings.push("FIN"));
      client.on("close", () => upstream.destroy());
      upstream.on("error", () => undefined);
      client.pipe(upstream).pipe(client);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    closers.push(() => server.close());
    return { url: `https://127.0.0.1:${(server.address() as net.AddressInfo).port}`, endings };
  };

  it.each([1, 64 * KIB, 1_234_567])("sends %i bytes whole", async (size) => {
    const { open, simulator, jobId } = await start();
    const bytes = randomBytes(size);
    const { transfer } = open(bytes);
    expect(await transfer.sendAllButLast()).toBe("held");
    expect(codeOf(await transfer.finish())).toBe("accepted");
    expect(simulator.acceptances).toMatchObject([{ jobId, sizeBytes: size, sha256: sha256Of(bytes) }]);
  });

  it("resets the connection when it gives up, so that nothing that is buffered goes out", async () => {
    const { simulator } = await start();
    const wire = await between(simulator);
    const { open, jobId } = await start({
      baseUrl: wire.url,
      secret: () => Promise.resolve(JSON.stringify({ api_token: "a".repeat(32) })),
    });
    expect(jobId).toBeDefined();
    const { transfer } = open(randomBytes(500 * KIB));
    expect(await transfer.sendAllButLast()).toBe("held");
    await transfer.abort();
    while (wire.endings.length === 0 || simulator.posts.length === 0) await new Promise(setImmediate);
    expect(wire.endings).toEqual(["ECONNRESET"]);
    expect(simulator.posts).toMatchObject([{ outcome: "cutShort" }]);
  });

  it("gives up on a cielo24 that stops reading, with the writes still pending", async () => {
    const { open, simulator, jobId } = await start();
    simulator.faults.add({ action: "job/add_media", kind: "stopReading", fraction: 0.01, jobId });
    const { transfer, state } = open(randomBytes(40_000 * KIB), 200);
    expect(codeOf(await transfer.sendAllButLast())).toBe("UNAVAILABLE");
    expect(state.isClosed).toBe(true);
    expect(state.givenBytes).toBeLessThan(30_000 * KIB);
  });

  it.each([false, true])("reads a 400 that comes before the body, with reset: %s", async (reset) => {
    const { open, simulator } = await start();
    const body = JSON.stringify({ ErrorType: "ITEM_NOT_FOUND" });
    simulator.faults.add({ action: "job/add_media", kind: "earlyAnswer", status: 400, body, reset });
    const { transfer } = open(randomBytes(10_000 * KIB));
    expect(codeOf(await transfer.sendAllButLast())).toBe("REFUSED");
  });

  it("fault 44: sends nothing to a server whose certificate nobody vouches for", async () => {
    const { open, simulator, cielo24, jobId } = await start({
      tls: selfSigned(),
      secret: () => Promise.resolve(JSON.stringify({ api_token: "a".repeat(32) })),
    });
    const { transfer, state } = open(randomBytes(10 * KIB));
    expect(codeOf(await transfer.sendAllButLast())).toBe("UNAVAILABLE");
    expect(state.isClosed).toBe(true);
    await expect(cielo24.jobInfo(jobId, within(5_000))).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(simulator.posts).toEqual([]);
  });

  it("fault 44: fails as unavailable where nobody listens, or what listens speaks no TLS", async () => {
    const gone = await startAccount();
    await gone.simulator.close();
    const plain = await startAccount();
    closers.push(() => plain.simulator.close());
    for (const { port } of [gone.simulator, plain.simulator]) {
      const { open } = await start({
        baseUrl: `https://127.0.0.1:${port}`,
        secret: () => Promise.resolve(JSON.stringify({ api_token: "a".repeat(32) })),
      });
      const { transfer } = open(randomBytes(100 * KIB));
      expect(codeOf(await transfer.sendAllButLast())).toBe("UNAVAILABLE");
    }
  });
});
