import { fork } from "node:child_process";
import { on, once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import type { Message } from "./invocations.ts";
import type { Request, Site } from "./site.ts";
import { IDLE_MS } from "./wire.ts";

/** One delivery of 1 MiB, in milliseconds since the event was given. */
export interface Delivery {
  /** Until the process has cielo24's response with the TaskId. */
  readonly taskIdMs: number;
  /** Until the handler has ended, so that Lambda deletes the message. */
  readonly endMs: number;
  /** Their times count from the event as well. */
  readonly requests: readonly Request[];
  /** How many were opened. */
  readonly connections: number;
}

/** The two deliveries of one process. */
export interface ColdAndWarm {
  readonly cold: Delivery;
  readonly warm: Delivery;
}

/**
 * Delivers twice with one process: cold, the first event behind its start, and warm, once its connections have been idle.
 * The process has loaded its code before it gets the first event, as a function has after Lambda's init.
 *
 * @param program a bundled program that handles events as `invocations.ts` says
 */
export const measure = async (
  site: Site,
  program: string,
  env: Readonly<Record<string, string>> = {},
): Promise<ColdAndWarm> => {
  const child = fork(program, {
    env: { ...site.env, ...env, PATH: process.env["PATH"] },
    execArgv: [],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const closed = once(child, "close");
  const hear = async (is: Message["is"]): Promise<void> => {
    const ended = new AbortController();
    void closed.then(() => {
      ended.abort(new Error(`${program} has ended`));
    });
    for await (const [message] of on(child, "message", ended) as AsyncIterable<[Message]>)
      if (message.is === is) return;
  };
  const deliver = async (): Promise<Delivery> => {
    const { jobId, event } = await site.drop();
    site.take();
    const startedAt = performance.now();
    const handled = hear("handled");
    child.send(event);
    await handled;
    const endMs = performance.now() - startedAt;
    const { requests, opened } = site.take();
    const post = requests.find(({ request }) => request === "POST job/add_media");
    if (!site.tookWhole(jobId) || post?.respondedAt === undefined) throw new Error("The media did not arrive");
    return {
      taskIdMs: post.respondedAt - startedAt,
      endMs,
      requests: requests.map((request) => sinceThen(request, startedAt)),
      connections: opened,
    };
  };

  try {
    await hear("ready");
    const cold = await deliver();
    await wait(IDLE_MS * 1.5);
    return { cold, warm: await deliver() };
  } finally {
    child.kill();
    await closed;
  }
};

const sinceThen = (request: Request, at: number): Request => ({
  ...request,
  openedAt: request.openedAt === undefined ? undefined : request.openedAt - at,
  requestedAt: request.requestedAt - at,
  requestEndedAt: request.requestEndedAt - at,
  respondedAt: request.respondedAt === undefined ? undefined : request.respondedAt - at,
});
