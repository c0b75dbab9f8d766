import { expect, it } from "@jest/globals";
import { setTimeout as wait } from "node:timers/promises";
import { within } from "../fixture.ts";
import { httpAnswer } from "../raw-server.ts";
import { answerOf, goodText, infoText, JOB, lengthOf, METADATA, TASK } from "./answers.ts";
import { describeHabits } from "./local.ts";
import { turns } from "./pauses.ts";
import type { Exchange, Script } from "./server.ts";
import type { CallLimits, Cielo24 } from "../../../../lib/cielo24/api.ts";

const good = (exchange: Exchange) => exchange.send(httpAnswer(goodText(exchange.action)));
const TIRED = answerOf(["HTTP/1.1 408 Request Time-out", "connection: close", "content-length: 0"], "");
const BAD_TOKEN = httpAnswer(JSON.stringify({ ErrorType: "BAD_API_TOKEN" }), "400 Bad Request");
const limits = () => within(10_000);

type Ask = (cielo24: Cielo24, limits: CallLimits) => Promise<unknown>;
const info: Ask = (cielo24, limits) => cielo24.jobInfo(JOB, limits);
const update: Ask = (cielo24, limits) => cielo24.updateMetadata(METADATA, limits);
const byUrl: Ask = (cielo24, limits) =>
  cielo24.addMediaByUrl({ jobId: JOB, mediaUrl: "https://example.org/a.mp4" }, limits);
const CALLS = [
  ["job/info", info, { hasMedia: true }],
  ["update_metadata", update, { taskId: TASK }],
] as const;
const HOW = ["end", "cut", "reset"] as const;

describeHabits("cielo24 closes a connection that is kept for the next call", (local) => {
  /** A first call that leaves its connection, and that connection. */
  const afterFirst = async (script: Script, how: "token" | "login" = "token") => {
    const { promise, resolve } = Promise.withResolvers<Exchange>();
    const server = await local.serve(async (exchange) => {
      if (exchange.action === "job/info" && server.actions.filter((action) => action === "job/info").length === 1) {
        await good(exchange);
        resolve(exchange);
      } else await script(exchange);
    });
    const cielo24 = local.clientOf(server, how);
    expect(await local.outcomeOf(info(cielo24, limits()))).toEqual({ hasMedia: true });
    return { server, cielo24, kept: await promise };
  };

  for (const [name, ask, result] of CALLS) {
    it.each(HOW)(`while it is idle (%s): ${name} takes another`, async (how) => {
      const { server, cielo24, kept } = await afterFirst(good);
      kept[how]();
      await turns();
      expect(await local.outcomeOf(ask(cielo24, limits()))).toEqual(result);
      expect([server.actions.length, server.connections()]).toEqual([2, 2]);
    });

    it.each(HOW)(`after a while (%s): ${name} takes another`, async (how) => {
      const { server, cielo24, kept } = await afterFirst(good);
      setTimeout(kept[how], 30);
      await wait(80);
      expect(await local.outcomeOf(ask(cielo24, limits()))).toEqual(result);
      expect([server.actions.length, server.connections()]).toEqual([2, 2]);
    });

    it.each(HOW)(`unnoticed, as in a freeze (%s): ${name} takes another`, async (how) => {
      const { server, cielo24, kept } = await afterFirst(good);
      kept[how]();
      expect(await local.outcomeOf(ask(cielo24, limits()))).toEqual(result);
      expect(server.actions).toHaveLength(2);
    });

    it.each(HOW)(`just as ${name} comes over it (%s): that is asked once more`, async (how) => {
      const { server, cielo24 } = await afterFirst((exchange) => {
        if (exchange.connection === 0) exchange[how]();
        else return good(exchange);
      });
      expect(await local.outcomeOf(ask(cielo24, limits()))).toEqual(result);
      expect([server.actions.length, server.connections()]).toEqual([3, 2]);
    });

    it.each(HOW)(`and the next one, too (%s): ${name} fails after one more`, async (how) => {
      const { server, cielo24 } = await afterFirst((exchange) => {
        exchange[how]();
      });
      expect(await local.outcomeOf(ask(cielo24, limits()))).toBe("UNAVAILABLE");
      expect(server.actions).toHaveLength(3);
    });

    it.each(HOW)(`in the midst of its answer to ${name} (%s): that fails, and is not asked again`, async (how) => {
      const { server, cielo24 } = await afterFirst(async (exchange) => {
        await exchange.send(httpAnswer(goodText(exchange.action)).slice(0, -1));
        await turns();
        exchange[how]();
      });
      expect(await local.outcomeOf(ask(cielo24, limits()))).toBe("UNAVAILABLE");
      expect(server.actions).toHaveLength(2);
    });

    it(`and said so before: ${name} takes another`, async () => {
      const server = await local.serve(async (exchange) => {
        const text = goodText(exchange.action);
        await exchange.send(answerOf(["HTTP/1.1 200 OK", "Connection: close", lengthOf(text)], text));
      });
      const cielo24 = local.clientOf(server);
      for (let call = 0; call < 3; call += 1) expect(await local.outcomeOf(ask(cielo24, limits()))).toEqual(result);
      expect([server.actions.length, server.connections()]).toEqual([3, 3]);
    });

    it(`and says with a 408 why, while it is idle: ${name} takes another`, async () => {
      const { server, cielo24, kept } = await afterFirst(good);
      await kept.send(TIRED);
      kept.end();
      await turns();
      expect(await local.outcomeOf(ask(cielo24, limits()))).toEqual(result);
      expect([server.actions.length, server.connections()]).toEqual([2, 2]);
    });

    it(`and says with a 408 why, just as ${name} comes: that is asked once more`, async () => {
      const { server, cielo24 } = await afterFirst(async (exchange) => {
        if (exchange.connection > 0) return good(exchange);
        await exchange.send(TIRED);
        exchange.end();
      });
      expect(await local.outcomeOf(ask(cielo24, limits()))).toEqual(result);
      expect([server.actions.length, server.connections()]).toEqual([3, 2]);
    });

    it(`and has a 408 for a fresh connection, too: ${name} fails and may be tried later`, async () => {
      const { server, cielo24 } = await afterFirst((exchange) => exchange.send(TIRED));
      expect(await local.outcomeOf(ask(cielo24, limits()))).toBe("UNAVAILABLE");
      expect(server.actions).toHaveLength(3);
    });
  }

  it("just as a login comes over it: that is made once more", async () => {
    let logins = 0;
    const { server, cielo24 } = await afterFirst(async (exchange) => {
      if (exchange.action === "account/login") {
        logins += 1;
        if (logins === 2) exchange.reset();
        else await good(exchange);
      } else if (logins === 1) await exchange.send(BAD_TOKEN);
      else await good(exchange);
    }, "login");
    expect(await local.outcomeOf(info(cielo24, limits()))).toEqual({ hasMedia: true });
    expect(server.actions.slice(2)).toEqual(["job/info", "account/login", "account/login", "job/info"]);
  });

  it.each(HOW)("just as an add_media by URL comes (%s): that came over a fresh one, and is sent once", async (how) => {
    const { server, cielo24 } = await afterFirst((exchange) => {
      exchange[how]();
    });
    expect(await local.outcomeOf(byUrl(cielo24, limits()))).toBe("UNAVAILABLE");
    expect([server.actions.length, server.connections()]).toEqual([2, 2]);
  });

  it("after an add_media by URL with a 408: that is not sent again", async () => {
    const { server, cielo24 } = await afterFirst((exchange) => exchange.send(TIRED));
    expect(await local.outcomeOf(byUrl(cielo24, limits()))).toBe("UNAVAILABLE");
    expect(server.actions).toHaveLength(2);
  });
});

describeHabits("cielo24 keeps a connection", (local) => {
  it("for many calls: one connection serves them", async () => {
    const server = await local.serve(good);
    const cielo24 = local.clientOf(server, "login");
    for (let call = 0; call < 5; call += 1)
      for (const [, ask, result] of CALLS) expect(await local.outcomeOf(ask(cielo24, limits()))).toEqual(result);
    expect([server.actions.length, server.connections()]).toEqual([11, 1]);
  });

  it("for a second by its own word: the client does not rely on it", async () => {
    const server = await local.serve(async (exchange) => {
      const text = goodText(exchange.action);
      const lines = ["HTTP/1.1 200 OK", "Connection: keep-alive", "Keep-Alive: timeout=1", lengthOf(text)];
      await exchange.send(answerOf(lines, text));
    });
    const cielo24 = local.clientOf(server);
    for (let call = 0; call < 3; call += 1)
      expect(await local.outcomeOf(info(cielo24, limits()))).toEqual({ hasMedia: true });
    expect(server.connections()).toBe(3);
  });

  it.each([
    ["read", true],
    ["unread, as after a freeze", false],
  ])("and says something more over it, %s: the next question gets no answer but its own", async (_how, isRead) => {
    let first: Exchange | undefined;
    const server = await local.serve(async (exchange) => {
      first ??= exchange;
      await good(exchange);
    });
    const cielo24 = local.clientOf(server);
    await local.outcomeOf(info(cielo24, limits()));
    const more = first?.send(httpAnswer(infoText(null)));
    if (isRead) {
      await more;
      await turns();
    }
    expect(await local.outcomeOf(info(cielo24, limits()))).toEqual({ hasMedia: true });
    expect(server.connections()).toBe(2);
  });
});
