import { createHash } from "node:crypto";
import type { ClientRequest } from "node:http";
import type { Socket } from "node:net";
import { setImmediate as immediate } from "node:timers/promises";
import { MediaReadError } from "../media/errors.ts";
import { readAnswer, TaskAnswer, type HttpAnswer } from "./answer.ts";
import { collectAnswer, requestOptions } from "./call.ts";
import type { CallLimits, MediaAnswer, MediaBody, MediaTransfer } from "./client.ts";
import { Cielo24Error, type Cielo24FailureCode } from "./errors.ts";
import type { Session } from "./session.ts";
import type { Secret } from "./token.ts";

interface TransferParts {
  readonly baseUrl: string;
  readonly jobId: string;
  readonly body: MediaBody;
  readonly onProgress?: ((sentBytes: number) => void) | undefined;
  readonly session: Session;
  readonly scrub: (text: string) => string;
  readonly clock: () => number;
}

/** So much is held back until the ledger says that it goes out. */
const HELD_BYTES = 64 * 1024;

/**
 * Streams a body of known size into `add_media` over a connection of its own, with an exact Content-Length, no
 * Content-Type and no transfer encoding. The memory is one buffer of the source's and the tail: the next buffer is asked
 * for when the write of the last one is done.
 */
export const createTransfer = (
  parts: TransferParts,
  limits: CallLimits & { readonly idleTimeoutMs: number },
): MediaTransfer => {
  const { body } = parts;
  const heldBytes = Math.min(HELD_BYTES, body.sizeBytes);
  const tail = Buffer.alloc(heldBytes);
  const hash = createHash("sha256");
  const reading = new AbortController();
  let digest: string | undefined;
  let connection: Connection | undefined;

  const sendAllButLast = async (): Promise<"held" | MediaAnswer> => {
    try {
      const token = await parts.session.token(limits.deadline);
      if (reading.signal.aborted) return { error: new Cielo24Error("UNAVAILABLE") };
      connection = openConnection(parts, token, limits);
    } catch (error) {
      if (error instanceof Cielo24Error) return { error };
      throw error;
    }
    // An early answer also ends a read that is under way.
    connection.onEnd(() => {
      reading.abort(new MediaReadError("READ_FAILED"));
    });
    try {
      await sendBody(connection);
    } catch (error) {
      if (!connection.isEnded()) {
        await connection.close();
        throw error instanceof MediaReadError ? error : new MediaReadError("READ_FAILED");
      }
    }
    if (connection.isEnded()) return connection.end();
    digest = hash.digest("hex");
    return "held";
  };

  /** Writes what comes before the tail, and fills the tail. Returns early when the connection has ended. */
  const sendBody = async (to: Connection): Promise<void> => {
    const sendable = body.sizeBytes - heldBytes;
    let position = 0;
    for await (const chunk of body.read(reading.signal)) {
      if (position + chunk.byteLength > body.sizeBytes) throw new MediaReadError("OBJECT_CHANGED");
      hash.update(chunk);
      const forNow = Math.max(Math.min(chunk.byteLength, sendable - position), 0);
      if (forNow > 0) await to.write(chunk.subarray(0, forNow));
      if (to.isEnded()) return;
      if (forNow < chunk.byteLength) tail.set(chunk.subarray(forNow), position + forNow - sendable);
      position += chunk.byteLength;
      parts.onProgress?.(Math.min(position, sendable));
    }
    if (position < body.sizeBytes) throw new MediaReadError("READ_FAILED");
    // The headers go out even where everything is held back, so that an early refusal can come.
    await to.settle();
  };

  return {
    sendAllButLast,
    finish: async () => {
      if (!connection) return { error: new Cielo24Error("UNAVAILABLE") };
      await readWhatCame();
      if (connection.isEnded()) {
        const early = await connection.end();
        // A 200 to a body that was not sent whole is no success: nobody knows what it means.
        return "taskId" in early ? { error: new Cielo24Error("UNINTELLIGIBLE") } : early;
      }
      connection.writeLast(tail);
      return connection.end();
    },
    abort: async () => {
      reading.abort(new MediaReadError("READ_FAILED"));
      await connection?.close();
    },
    sha256: () => {
      if (digest === undefined) throw new Error("The body is not sent yet");
      return digest;
    },
  };
};

/** The POST under way: what was written, and how it ended. */
interface Connection {
  /** Waits until the bytes are with the system, or the connection has ended. Never rejects. */
  write(bytes: Uint8Array): Promise<void>;
  writeLast(bytes: Uint8Array): void;
  /** Lets an answer that is there already be read. */
  settle(): Promise<void>;
  onEnd(listener: () => void): void;
  isEnded(): boolean;
  /** The answer, once it is there; closes the socket. Never rejects. */
  end(): Promise<MediaAnswer>;
  close(): Promise<void>;
}

const openConnection = (
  { baseUrl, jobId, body, scrub, clock, session }: TransferParts,
  token: Secret,
  { deadline, idleTimeoutMs }: CallLimits & { idleTimeoutMs: number },
): Connection => {
  const { request: makeRequest, options } = requestOptions(baseUrl, {
    action: "job/add_media",
    query: { job_id: jobId },
    token,
  });
  const request = makeRequest({
    ...options,
    method: "POST",
    agent: false,
    headers: { accept: "application/json", "content-length": body.sizeBytes },
  });

  let result: MediaAnswer | undefined;
  let isAnswering = false;
  let isSent = false;
  let wake: () => void = () => undefined;
  let onEnded: () => void = () => undefined;
  const { promise: ended, resolve: resolveEnded } = Promise.withResolvers<undefined>();

  const endWith = (made: MediaAnswer) => {
    if (result) return;
    result = made;
    clearTimeout(idleTimer);
    clearTimeout(deadlineTimer);
    wake();
    onEnded();
    resolveEnded(undefined);
  };
  const fail = (code: Cielo24FailureCode) => {
    endWith({ error: new Cielo24Error(code) });
  };

  const idleTimer = setTimeout(() => {
    // After the last byte cielo24 may think for as long as the deadline allows.
    if (!isSent) fail("UNAVAILABLE");
  }, idleTimeoutMs);
  const deadlineTimer = setTimeout(
    () => {
      fail("TIMED_OUT");
    },
    Math.max(deadline - clock(), 0),
  );

  request.on("response", (response) => {
    isAnswering = true;
    collectAnswer(response).then(
      (answer) => {
        const made = toMediaAnswer(answer, scrub);
        if ("error" in made && made.error.code === "BAD_API_TOKEN") session.refuse(token);
        endWith(made);
      },
      () => {
        fail("UNAVAILABLE");
      },
    );
  });
  // An answer that is being read tells more than the error of a write behind it.
  request.on("error", () => {
    if (!isAnswering) fail("UNAVAILABLE");
  });
  request.on("close", () => {
    if (!isAnswering) fail("UNAVAILABLE");
  });
  const socketClosed = trackSocket(request);
  const socketConnected = trackConnect(request);
  request.flushHeaders();

  const close = async (): Promise<void> => {
    fail("UNAVAILABLE");
    if (!(isSent && isAnswering)) resetSocket(request);
    request.destroy();
    await socketClosed();
  };

  return {
    write: async (bytes) => {
      await readWhatCame();
      if (result) return;
      idleTimer.refresh();
      await new Promise<void>((resolve) => {
        wake = resolve;
        request.write(bytes, () => {
          resolve();
        });
      });
      wake = () => undefined;
    },
    writeLast: (bytes) => {
      isSent = true;
      clearTimeout(idleTimer);
      request.end(bytes);
    },
    settle: async () => {
      await Promise.race([socketConnected, ended]);
      await readWhatCame();
      clearTimeout(idleTimer);
    },
    onEnd: (listener) => {
      onEnded = listener;
    },
    isEnded: () => result !== undefined,
    end: async () => {
      await ended;
      await close();
      return result ?? { error: new Cielo24Error("UNAVAILABLE") };
    },
    close,
  };
};

const toMediaAnswer = (answer: HttpAnswer, scrub: (text: string) => string): MediaAnswer => {
  try {
    return { taskId: readAnswer(answer, TaskAnswer, scrub).TaskId };
  } catch (error) {
    if (error instanceof Cielo24Error) return { error };
    throw error;
  }
};

/**
 * Lets the event loop poll once: an answer that can be read is read before the next write, which would fail on a
 * connection that cielo24 has closed behind it, and take the answer with it.
 */
const readWhatCame = async (): Promise<void> => {
  await immediate();
  await immediate();
};

const trackConnect = (request: ClientRequest): Promise<void> =>
  new Promise((resolve) => {
    request.once("socket", (socket: Socket) => {
      if (socket.connecting) socket.once("connect", resolve);
      else resolve();
    });
  });

/** Waits until the request's socket is closed, or the request was given up before it had one. */
const trackSocket = (request: ClientRequest): (() => Promise<void>) => {
  const { promise: closed, resolve } = Promise.withResolvers<undefined>();
  let hasSocket = false;
  request.once("socket", (socket: Socket) => {
    hasSocket = true;
    if (socket.destroyed) resolve(undefined);
    else
      socket.once("close", () => {
        resolve(undefined);
      });
  });
  request.once("close", () => {
    if (!hasSocket) resolve(undefined);
  });
  return () => closed;
};

/** Destroys with a reset, so that the system sends nothing of what it still has buffered. */
const resetSocket = ({ socket }: ClientRequest): void => {
  if (!socket || socket.destroyed) return;
  try {
    socket.resetAndDestroy();
  } catch {
    // A TLS socket whose handle cannot be reset is destroyed all the same.
    socket.destroy();
  }
};
