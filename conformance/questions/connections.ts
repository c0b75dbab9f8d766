import { setTimeout as wait } from "node:timers/promises";
import type { Socket } from "node:net";
import type { Question } from "../question.ts";
import { Unanswered } from "../unanswered.ts";

/** Longer than the usual times: 5, 15, 60 and 75 seconds. */
const LIMIT_MS = 80_000;
const SECOND_MS = 1_000;

const keepAlive: Question = {
  id: "keep-alive",
  asks: "How long does an idle connection stay open?",
  assumed:
    "for any time, if its end shows: the proxy keeps connections for 10 s, and repeats a call on one that has ended",
  stands: ["lib/cielo24/transport/transport.ts"],
  shares: "plainJob",
  takes: "up to 80 s",
  ask: async ({ account, plainJob, progress }) => {
    const job_id = await plainJob();
    const agent = account.http.createAgent();
    try {
      let socket: Socket | undefined;
      agent.on("free", (free: Socket) => (socket = free));
      const first = await account.call("job/info", { job_id }, { agent });
      if (first.status !== 200) throw new Unanswered(`job/info gave ${account.describe(first)}`);
      // A socket goes back to its agent once the response has been read.
      await wait(0);
      const idleSince = performance.now();
      const idle = socket;
      if (!idle || idle.destroyed)
        return {
          answer: "not at all: it is closed after the response",
          evidence: ["the connection was closed after the response"],
          facts: { keepAliveMs: 0 },
        };
      const ended = new Promise<void>((resolve) => idle.once("close", resolve));
      let isOpen: boolean;
      const timer = setInterval(() => {
        progress(`open for ${Math.round((performance.now() - idleSince) / 1000)} s`);
      }, SECOND_MS);
      try {
        isOpen = (await account.http.within(LIMIT_MS, ended)) === "late";
      } finally {
        clearInterval(timer);
      }
      if (!isOpen) {
        const endedAfterMs = performance.now() - idleSince;
        const seconds = Math.round(endedAfterMs / 1000);
        return {
          answer: `${seconds} s`,
          evidence: [`an idle connection was closed after ${(endedAfterMs / 1000).toFixed(1)} s`],
          facts: { keepAliveMs: seconds * 1000 },
        };
      }
      const again = await account.call("job/info", { job_id }, { agent, isAnyAnswer: true });
      const works = again.status !== "timed out";
      return {
        answer: works ? "longer than 80 s" : "it is dead after 80 s, and does not show it",
        evidence: [`after 80 s: ${again.status === 200 ? "200" : account.describe(again)}`],
        change: works
          ? undefined
          : "lib/cielo24/transport/transport.ts, the timeout of pooled connections, if 10 s is too long",
        facts: { keepAliveMs: null },
        beyondSimulator: works ? undefined : "connections that die without an end",
      };
    } finally {
      agent.destroy();
    }
  },
};

export const connections: readonly Question[] = [keepAlive];
