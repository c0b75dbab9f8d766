import { expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import type tls from "node:tls";
import { within } from "../fixture.ts";
import { httpAnswer, startRawServer } from "../raw-server.ts";
import { accepted, goodText, JOB, METADATA, refused, TASK } from "./answers.ts";
import { describeTlsHabits } from "./local.ts";
import { KIB, turns } from "./pauses.ts";

const SIZE = 400 * KIB;
const limits = () => within(10_000);

describeTlsHabits("cielo24 fails at the handshake", (local) => {
  const atHello: readonly (readonly [string, Parameters<typeof startRawServer>[0]])[] = [
    [
      "with a FIN at once",
      (socket) => {
        socket.end();
      },
    ],
    [
      "with a reset at once",
      (socket) => {
        socket.resetAndDestroy();
      },
    ],
    ["with a FIN behind the hello", (socket) => socket.once("data", () => socket.end())],
    ["with a reset behind the hello", (socket) => socket.once("data", () => socket.resetAndDestroy())],
    ["with an alert", (socket) => socket.once("data", () => socket.end(Buffer.of(21, 3, 3, 0, 2, 2, 40)))],
    ["in plain HTTP", (socket) => socket.once("data", () => socket.end(refused))],
    ["with garbage", (socket) => socket.once("data", () => socket.end(randomBytes(1_000)))],
    ["with half a record", (socket) => socket.once("data", () => socket.end(Buffer.of(22, 3, 3, 0, 200, 2, 0)))],
  ];
  it.each(atHello)("fault 44: %s: nothing is sent, and it may be sent again", async (_how, onSocket) => {
    const server = await startRawServer(onSocket);
    const url = server.url.replace("http:", "https:");
    expect(await local.deliver({ url })).toMatchObject({ meaning: "unavailable", wasHeld: false });
    const cielo24 = local.clientOf({ url });
    expect(await local.outcomeOf(cielo24.jobInfo(JOB, limits()))).toBe("UNAVAILABLE");
    expect(server.received.join("")).not.toContain("api");
    await local.closed(server);
    await server.close();
  });

  it("fault 44: which never ends: the idle timeout ends it", async () => {
    const server = await startRawServer(() => undefined);
    const url = server.url.replace("http:", "https:");
    expect(await local.deliver({ url }, { idleTimeoutMs: 100 })).toMatchObject({ meaning: "unavailable" });
    expect(await local.outcomeOf(local.clientOf({ url }).jobInfo(JOB, within(100)))).toBe("TIMED_OUT");
    await local.closed(server);
    await server.close();
  });
});

describeTlsHabits("cielo24 speaks TLS in its own way", (local) => {
  const serveAll = async (options: tls.SecureContextOptions) => {
    const reused: boolean[] = [];
    const server = await local.serve(async (exchange) => {
      reused.push((exchange.socket as tls.TLSSocket).isSessionReused());
      await exchange.bodyIsWhole();
      await exchange.send(httpAnswer(goodText(exchange.action)));
      await turns();
      exchange.end();
    }, options);
    return { server, reused };
  };

  it.each(["TLSv1.2", "TLSv1.3"] as const)("of version %s: deliveries and calls get through", async (version) => {
    const { server } = await serveAll({ minVersion: version, maxVersion: version });
    expect(await local.deliver(server, { sizeBytes: SIZE })).toMatchObject({ meaning: "accepted" });
    const cielo24 = local.clientOf(server);
    expect(await local.outcomeOf(cielo24.updateMetadata(METADATA, limits()))).toEqual({ taskId: TASK });
  });

  it("of version 1.1: nothing is sent", async () => {
    const { server } = await serveAll({ minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" });
    expect(await local.deliver(server)).toMatchObject({ meaning: "unavailable", wasHeld: false });
    expect(server.actions).toEqual([]);
  });

  const versions = ["TLSv1.2", "TLSv1.3"] as const;
  it.each(versions)("with tickets that it knows again, %s: calls resume the session", async (version) => {
    const ticketKeys = randomBytes(48);
    const { server, reused } = await serveAll({ ticketKeys, maxVersion: version });
    const cielo24 = local.clientOf(server);
    for (let call = 0; call < 3; call += 1) {
      expect(await local.outcomeOf(cielo24.jobInfo(JOB, limits()))).toEqual({ hasMedia: true });
      await turns(60);
    }
    expect(await local.deliver(server)).toMatchObject({ meaning: "accepted" });
    expect(reused).toEqual([false, true, true, false]);
  });

  it.each(versions)("with tickets that it knows no more, %s: calls begin a session anew", async (version) => {
    const { server, reused } = await serveAll({ maxVersion: version });
    const cielo24 = local.clientOf(server);
    for (let call = 0; call < 3; call += 1) {
      expect(await local.outcomeOf(cielo24.jobInfo(JOB, limits()))).toEqual({ hasMedia: true });
      await turns(60);
    }
    expect(reused).toEqual([false, false, false]);
  });

  it("with a record for every byte: the answer is understood", async () => {
    const server = await local.serve(async (exchange) => {
      await exchange.bodyIsWhole();
      await Promise.all(Array.from(httpAnswer(goodText(exchange.action)), (byte) => exchange.send(byte)));
    });
    expect(await local.deliver(server)).toMatchObject({ meaning: "accepted" });
    expect(await local.outcomeOf(local.clientOf(server).jobInfo(JOB, limits()))).toEqual({ hasMedia: true });
  });

  it("fault 10: with a record that was tampered with: the answer is lost", async () => {
    const server = await local.serve(async (exchange) => {
      await exchange.bodyIsWhole();
      await exchange.send(accepted.slice(0, 50));
      exchange.sendBelow(Buffer.of(23, 3, 3, 0, 30, ...randomBytes(30)));
    });
    expect(await local.deliver(server)).toMatchObject({ meaning: "unknown" });
    const call = local.clientOf(server).jobInfo(JOB, limits());
    expect(await local.outcomeOf(call)).toBe("UNAVAILABLE");
  });
});
