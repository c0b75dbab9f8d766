import { Cielo24Error, type MediaResult, type Cielo24FailureCode } from "../api.ts";
import type { Secret } from "../credentials.ts";
import { readResponse, TaskResponse, type HttpResponse } from "../response.ts";
import { letIoArrive, type OwnConnection } from "./own-connection.ts";
import { beginRequest, collectResponse } from "./request.ts";

interface HeldPostParts {
  readonly baseUrl: URL;
  /** For this request alone. */
  readonly connection: OwnConnection;
  readonly jobId: string;
  readonly token: Secret;
  readonly sizeBytes: number;
  readonly scrub: (text: string) => string;
  readonly clock: () => number;
  readonly deadline: number;
  readonly idleTimeoutMs: number;
  /** Called once, when a response begins or the connection is lost: there is no use in reading on. */
  readonly onOver: () => void;
}

/** A POST in progress. None of its promises reject. */
export interface HeldPost {
  /** Waits until the kernel has taken the bytes, or the POST is over. The buffer may be reused after that. */
  write(bytes: Uint8Array): Promise<void>;
  /** Waits until the headers can have been sent, and until a response that has arrived has been read. */
  drainInput(): Promise<void>;
  /** Sends the end of the body. From then on cielo24 may take until the deadline. */
  writeLast(bytes: Uint8Array): void;
  /** Bytes of the body that were given to the socket. */
  sentBytes(): number;
  /** Whether a response has begun, or none can come any more. */
  isOver(): boolean;
  /** Waits for the result, and closes the socket. */
  end(): Promise<MediaResult>;
  /** Gives the POST up and waits until the socket is closed. */
  close(): Promise<void>;
}

/**
 * One POST to `add_media`, on a connection of its own, with an exact Content-Length, no Content-Type and no
 * Transfer-Encoding. The ledger must know whether cielo24 can have accepted the media, so every step here keeps two
 * questions answerable: has the last byte been sent, and what does a response refer to?
 *
 *     connect ─ headers ─ write … write ─ (held: the ledger decides) ─ writeLast ─ response
 *                  └──────── a response may come at any point ────────┘
 *
 * 1. **The headers go first, alone** (`settle`). cielo24 often knows from them that it refuses: a bad token, an unknown
 *    job. If headers and body left in one write and cielo24 answered and reset, the write would fail and the response
 *    would be lost with it.
 * 2. **Before each write, I/O that has arrived is read.** cielo24 may respond and close while the source is slow. Writing
 *    to that socket would fail, and Node would drop the response. For a write that fails all the same, own-connection.ts
 *    holds the error back until a response that has arrived has been read.
 * 3. **The end is held back** by the caller. cielo24 refuses a body that is cut short, so until `writeLast` it cannot have
 *    accepted anything, whatever it says.
 * 4. **A response that began before `writeLast` does not refer to the whole body**, even if its last byte came later: a
 *    200 is UNINTELLIGIBLE, and a server error counts as a lost response. A refusal stands. A 1xx is not a response, so
 *    after one the question is open again.
 * 5. **After `writeLast` only the deadline counts**, since cielo24 may think for minutes. Before it, the idle timer runs
 *    whenever this side waits for cielo24: for the connection, for a write, or for the rest of an early response. It does
 *    not run while the source is read: a slow source is not cielo24's fault.
 * 6. **The POST is over** once a response's headers have been read, or at an error, a close or a timeout, whichever comes
 *    first. `onOver` then stops the source. A response that is being read outranks an error after its beginning.
 * 7. **The socket is closed before anyone learns the result.** It is reset, so that the kernel drops what it has not sent,
 *    unless the last chunk was sent and the whole response has been read.
 */
export const openHeldPost = (parts: HeldPostParts): HeldPost => {
  const { baseUrl, connection, jobId, token, sizeBytes, scrub, clock, deadline, idleTimeoutMs, onOver } = parts;
  const request = beginRequest(
    baseUrl,
    { action: "job/add_media", query: { job_id: jobId }, token },
    { method: "POST", agent: connection.agent, headers: { "content-length": sizeBytes } },
  );

  let sentBytes = 0;
  let isLastSent = false;
  /** Bytes that may be a response came before the last chunk was sent. */
  let hasBegunEarly = false;
  let hasResponse = false;
  let hasWholeResponse = false;
  let hasEnded = false;
  const { promise: result, resolve: resolveResult } = Promise.withResolvers<MediaResult>();
  let idleTimer: NodeJS.Timeout | undefined;
  let wake: () => void = () => undefined;

  const isOver = () => hasResponse || hasEnded;
  const signalOver = () => {
    wake();
    onOver();
  };
  const endWith = (made: MediaResult) => {
    if (hasEnded) return;
    const wasOver = isOver();
    hasEnded = true;
    clearTimeout(idleTimer);
    clearTimeout(deadlineTimer);
    if (!wasOver) signalOver();
    resolveResult(made);
  };
  const fail = (code: Cielo24FailureCode) => {
    endWith({ error: new Cielo24Error(code, { isUnsent: !connection.wasOpened() }) });
  };

  const deadlineTimer = setTimeout(fail, Math.max(deadline - clock(), 0), "TIMED_OUT");
  const startIdleTimer = () => {
    clearTimeout(idleTimer);
    idleTimer = setTimeout(fail, idleTimeoutMs, "UNAVAILABLE");
  };
  /** Waits for `start` to call back, or for the end. `Promise.race` would leave a reaction on `result` for every chunk. */
  const untilOver = async (start: (done: () => void) => void): Promise<void> => {
    if (isOver()) return;
    startIdleTimer();
    await new Promise<void>((resolve) => {
      wake = resolve;
      start(resolve);
    });
    if (!isOver()) clearTimeout(idleTimer);
  };

  request.on("socket", (socket) => {
    socket.prependListener("data", () => {
      hasBegunEarly ||= !isLastSent;
    });
  });
  request.on("information", () => {
    hasBegunEarly = false;
  });
  request.on("response", (message) => {
    if (hasEnded) {
      message.destroy();
      return;
    }
    hasResponse = true;
    if (!isLastSent) startIdleTimer();
    signalOver();
    collectResponse(message).then(
      (response) => {
        hasWholeResponse = isLastSent;
        const read = toResult(response, scrub);
        endWith(isLastSent && hasBegunEarly ? asEarly(read) : read);
      },
      () => {
        fail("UNAVAILABLE");
      },
    );
  });
  for (const event of ["error", "close"])
    request.on(event, () => {
      if (!hasResponse) fail("UNAVAILABLE");
    });
  request.flushHeaders();

  const close = async (): Promise<void> => {
    fail("UNAVAILABLE");
    await connection.close({ withReset: !hasWholeResponse });
    request.destroy();
  };

  const settle = async (): Promise<void> => {
    if (!connection.wasOpened()) await untilOver((done) => void connection.opened.then(done));
    await letIoArrive();
  };

  return {
    drainInput: settle,
    write: async (bytes) => {
      await settle();
      await untilOver((done) => {
        sentBytes += bytes.byteLength;
        request.write(bytes, done);
      });
    },
    writeLast: (bytes) => {
      isLastSent = true;
      sentBytes += bytes.byteLength;
      request.end(bytes);
    },
    sentBytes: () => sentBytes,
    isOver,
    end: async () => {
      const ended = await result;
      await close();
      return ended;
    },
    close,
  };
};

/** A response that began before the last chunk was sent. It does not say what became of the whole body. */
const asEarly = (result: MediaResult): MediaResult =>
  "taskId" in result ? { error: new Cielo24Error("UNINTELLIGIBLE") } : { error: result.error.asLostResponse() };

const toResult = (response: HttpResponse, scrub: (text: string) => string): MediaResult => {
  try {
    return { taskId: readResponse(response, TaskResponse, scrub).TaskId };
  } catch (error) {
    if (error instanceof Cielo24Error) return { error };
    throw error;
  }
};
