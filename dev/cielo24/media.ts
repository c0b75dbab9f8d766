import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { setImmediate as nextTurn, setTimeout as wait } from "node:timers/promises";
import { TASK_ID, type Fault } from "./faults.ts";
import type { Reset } from "./reset.ts";

/** How reading a body ended. */
export interface ReceivedBody {
  readonly isWhole: boolean;
  readonly receivedBytes: number;
  readonly sha256: string;
}

/**
 * Reads a raw body to its end, or as far as the fault allows. Keeps only the digest, so memory stays flat.
 *
 * @param declaredBytes the body's Content-Length
 */
export const receiveBody = async (
  request: IncomingMessage,
  declaredBytes: number,
  { digest, fault, reset }: { digest: boolean; fault: Fault | undefined; reset: Reset },
): Promise<ReceivedBody> => {
  const hash = digest ? createHash("sha256") : undefined;
  let receivedBytes = 0;
  let hasStopped = false;
  const stopAt =
    fault?.kind === "resetAt" || fault?.kind === "stopReading" ? Math.floor(fault.fraction * declaredBytes) : undefined;
  const isWhole = await new Promise<boolean>((resolve) => {
    const stop = () => {
      if (hasStopped) return;
      hasStopped = true;
      if (fault?.kind === "resetAt" && fault.orderly) request.socket.end();
      else if (fault?.kind === "resetAt") reset(request);
      if (fault?.kind !== "stopReading") return;
      request.pause();
      // Do not keep the process alive for this.
      if (fault.resumesAfterMs !== undefined)
        setTimeout(() => {
          request.resume();
        }, fault.resumesAfterMs).unref();
    };
    const startedAt = Date.now();
    const lag = (overMs: number) => {
      const aheadMs = startedAt + (receivedBytes / declaredBytes) * overMs - Date.now();
      if (aheadMs <= 0) return;
      request.pause();
      setTimeout(() => {
        request.resume();
      }, aheadMs).unref();
    };
    request.on("data", (chunk: Buffer) => {
      hash?.update(chunk);
      receivedBytes += chunk.length;
      if (fault?.kind === "slowReading") lag(fault.overMs);
      if (stopAt !== undefined && receivedBytes >= stopAt) stop();
    });
    request.on("end", () => {
      resolve(request.complete);
    });
    request.on("close", () => {
      resolve(request.complete && receivedBytes === declaredBytes);
    });
    request.on("error", () => {
      resolve(false);
    });
    if (stopAt === 0) stop();
  });
  return {
    isWhole: isWhole && receivedBytes === declaredBytes,
    receivedBytes,
    sha256: hash?.digest("hex") ?? "",
  };
};

/** Sends JSON, as cielo24 does. */
export const sendJson = (
  response: ServerResponse,
  status: number,
  body: unknown,
  contentType = "application/json",
): void => {
  const text = JSON.stringify(body);
  response.writeHead(status, { "content-type": contentType, "content-length": Buffer.byteLength(text) });
  response.end(text);
};

/** Sends the 200 for accepted media, or what the fault makes of it. */
export const sendTask = async (response: ServerResponse, taskId: string, fault: Fault | undefined): Promise<void> => {
  if (fault?.kind === "slowAnswer") await wait(fault.ms, undefined, { ref: false });
  if (fault?.kind === "rawAnswer") {
    await sendRaw(response, taskId, fault);
    return;
  }
  if (fault?.kind !== "uselessAnswer") {
    sendJson(response, 200, { TaskId: taskId });
    return;
  }
  switch (fault.answer) {
    case "truncated":
      response.writeHead(200, { "content-type": "application/json", "content-length": 200 });
      response.write('{"TaskId": "');
      setImmediate(() => {
        response.socket?.destroy();
      });
      return;
    case "badJson":
      response.writeHead(200, { "content-type": "application/json" });
      response.end("{TaskId: nope");
      return;
    case "noTaskId":
      sendJson(response, 200, {});
      return;
    case "empty":
      response.writeHead(200, { "content-length": 0 });
      response.end();
  }
};

/** Writes to the socket, as Node's ServerResponse would correct malformed output. */
const sendRaw = async (
  { socket }: ServerResponse,
  taskId: string,
  { pieces, ends }: Extract<Fault, { kind: "rawAnswer" }>,
): Promise<void> => {
  for (const piece of pieces) {
    socket?.write(piece.replaceAll(TASK_ID, taskId));
    for (let turn = 0; turn < 3; turn += 1) await nextTurn();
  }
  if (ends) socket?.end();
};
