import { afterEach, beforeAll, describe, expect } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import tls from "node:tls";
import { createCielo24 } from "../../../../lib/cielo24/client.ts";
import { Cielo24Error, type CallLimits, type Cielo24, type MediaResult } from "../../../../lib/cielo24/api.ts";
import { parseSecret } from "../../../../lib/cielo24/credentials.ts";
import { createScanner } from "../../../leaks/scanner.ts";
import { textOf } from "../../../leaks/text-of.ts";
import { selfSigned } from "../../media/self-signed.ts";
import { bodyOf, within } from "../fixture.ts";
import { httpAnswer } from "../raw-server.ts";
import { goodText, JOB, METADATA, TASK, TOKEN } from "./answers.ts";
import { KIB, pausing, turns, type DeliveryOptions } from "./pauses.ts";
import { startScriptedServer, type Exchange, type Script, type ScriptedServer } from "./server.ts";

/** What the delivery makes of an answer: before the last chunk nothing can have been accepted, afterwards it may have. */
export type Meaning =
  "accepted" | "refused" | "badToken" | "loginInvalid" | "unavailable" | "unintelligible" | "unknown";

const MEANINGS = {
  REFUSED: "refused",
  BAD_API_TOKEN: "badToken",
  LOGIN_INVALID: "loginInvalid",
  UNAVAILABLE: "unavailable",
  TIMED_OUT: "unavailable",
  UNINTELLIGIBLE: "unintelligible",
} as const;

const meaningOf = (answer: MediaResult, isFinishing: boolean): Meaning => {
  if ("taskId" in answer) return isFinishing ? "accepted" : "unknown";
  const meaning = MEANINGS[answer.error.code];
  return isFinishing && (meaning === "unavailable" || meaning === "unintelligible") ? "unknown" : meaning;
};

export interface Delivery {
  readonly meaning: Meaning;
  /** Whether the answer came after the last chunk had been asked for. */
  readonly wasHeld: boolean;
  readonly answer: MediaResult;
  /** What was read of the source. */
  readonly givenBytes: number;
}

export type Habits = ReturnType<typeof useHabits>;

/** Declares the same tests over plain TCP and over TLS. */
export const describeHabits = (name: string, declare: (local: Habits) => void): void => {
  describe.each(["plain TCP", "TLS"] as const)(`${name}, over %s`, (transport) => {
    declare(useHabits(transport));
  });
};

/** Declares tests of what there is over TLS only. */
export const describeTlsHabits = (name: string, declare: (local: Habits) => void): void => {
  describe(name, () => {
    declare(useHabits("TLS"));
  });
};

const certificate = selfSigned();

/** What {@link Habits.answerWith} gives where the answer was understood everywhere. */
export const understood = { meaning: "accepted", info: { hasMedia: true }, update: { taskId: TASK } } as const;
/** What it gives where the answer failed everywhere with this code: the delivery then does not know. */
export const failed = (code: "UNAVAILABLE" | "UNINTELLIGIBLE" | "TIMED_OUT") =>
  ({ meaning: "unknown", info: code, update: code }) as const;

/**
 * Servers that speak by the byte, and clients of them. After every test: no socket is left open that is not kept for the
 * next call, no script has failed, and no token shows in anything that the client gave back.
 */
const useHabits = (transport: "plain TCP" | "TLS") => {
  const servers: ScriptedServer[] = [];
  const outcomes: unknown[] = [];
  const secrets: string[] = [];
  /** How many connections may be kept for a next call. */
  let mayKeep = 0;

  beforeAll(() => {
    tls.setDefaultCACertificates([...tls.getCACertificates(), certificate.cert]);
  });

  afterEach(async () => {
    const open = () => servers.reduce((sum, server) => sum + server.openSockets(), 0);
    const falls = async (to: number) => {
      for (let waits = 0; waits < 200 && open() > to; waits += 1) await wait(5);
      return open();
    };
    // A transfer closes its connection itself; a call may have kept one for the next call.
    for (const server of servers) server.readOn();
    const keepable = mayKeep;
    mayKeep = 0;
    const kept = await falls(keepable);
    for (const server of servers) server.endConnections();
    const left = await falls(0);
    const failures = servers.flatMap((server) => server.failures);
    await Promise.all(servers.splice(0).map((server) => server.close()));
    const shown = outcomes.splice(0).map(textOf).join("\n");
    const scanner = createScanner({ issued: TOKEN, ...Object.fromEntries(secrets.splice(0).entries()) });
    expect(failures).toEqual([]);
    expect(kept).toBeLessThanOrEqual(keepable);
    expect(left).toBe(0);
    expect(scanner.scan(shown)).toEqual([]);
  });

  const serve = async (script: Script, options: tls.SecureContextOptions = {}): Promise<ScriptedServer> => {
    const server = await startScriptedServer(
      script,
      transport === "TLS" ? { tls: { ...certificate, ...options } } : {},
    );
    servers.push(server);
    return server;
  };

  /** A client with a fixed token, or with credentials that it logs in with. */
  const clientOf = ({ url }: { url: string }, how: "token" | "login" = "token"): Cielo24 => {
    const secret = randomBytes(16).toString("hex");
    secrets.push(secret);
    mayKeep += 1;
    const text = JSON.stringify(how === "token" ? { api_token: secret } : { username: "account", securekey: secret });
    return createCielo24({
      baseUrl: url,
      readCredentials: () => Promise.resolve(parseSecret(text)),
      clock: Date.now,
    });
  };

  /** Sends a medium as the delivery does. */
  const deliver = async (server: { url: string }, options: DeliveryOptions = {}): Promise<Delivery> => {
    const { sizeBytes = 200 * KIB, pause, whileHeld, idleTimeoutMs = 5_000, deadlineMs = 10_000 } = options;
    const { body, state } = bodyOf(randomBytes(sizeBytes), Math.min(sizeBytes, 64 * KIB));
    const cielo24 = clientOf(server);
    // A transfer keeps nothing.
    mayKeep -= 1;
    const transfer = cielo24.openTransfer(
      { jobId: JOB, body: pause ? pausing(body, pause) : body },
      { idleTimeoutMs, ...within(deadlineMs) },
    );
    const sent = await transfer.sendAllButLast();
    const wasHeld = sent === "held";
    if (wasHeld) await whileHeld?.();
    const answer = wasHeld ? await transfer.finish() : sent;
    outcomes.push(answer, transfer);
    expect(state.isClosed).toBe(true);
    return { meaning: meaningOf(answer, wasHeld), wasHeld, answer, givenBytes: state.givenBytes };
  };

  /** What a call came to: its result, or the code it failed with. */
  const outcomeOf = async (call: Promise<unknown>): Promise<unknown> => {
    const outcome = await call.catch((error: unknown) => error);
    outcomes.push(outcome);
    if (!(outcome instanceof Error)) return outcome;
    if (outcome instanceof Cielo24Error) return outcome.code;
    throw outcome;
  };

  /**
   * What the client makes of an answer to a whole request: as the end of a delivery, and to small calls, whose next call
   * must find its own answer.
   */
  const answerWith = async (
    make: (goodText: string, exchange: Exchange) => string | Uint8Array,
    { ending, deadlineMs = 10_000 }: { readonly ending?: "end" | "cut" | "reset"; readonly deadlineMs?: number } = {},
  ) => {
    const serveOnce = () =>
      serve(async (exchange) => {
        await exchange.bodyIsWhole();
        const text = goodText(exchange.action);
        if (exchange.number > 0) {
          await exchange.send(httpAnswer(text));
          return;
        }
        const answer = make(text, exchange);
        if (answer.length > 0) await exchange.send(answer);
        if (ending) exchange[ending]();
      });
    const { meaning } = await deliver(await serveOnce(), { sizeBytes: 70 * KIB, deadlineMs });
    const call = async (action: (cielo24: Cielo24, limits: CallLimits) => Promise<unknown>, good: unknown) => {
      const server = await serveOnce();
      const cielo24 = clientOf(server);
      const outcome = await outcomeOf(action(cielo24, within(deadlineMs)));
      expect(server.actions).toHaveLength(1);
      expect(await outcomeOf(action(cielo24, within(10_000)))).toEqual(good);
      expect(server.actions).toHaveLength(2);
      return outcome;
    };
    const info = await call((cielo24, limits) => cielo24.jobInfo(JOB, limits), { hasMedia: true });
    const update = await call((cielo24, limits) => cielo24.updateMetadata(METADATA, limits), { taskId: TASK });
    return { meaning, info, update };
  };

  /** Waits until the server has heard that its connections are closed. */
  const closed = async (server: { openSockets: () => number }): Promise<void> => {
    while (server.openSockets() > 0) await turns();
  };

  return { serve, clientOf, deliver, outcomeOf, answerWith, closed };
};
