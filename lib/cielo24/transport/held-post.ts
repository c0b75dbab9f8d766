import { readResponse, TaskResponse, type HttpResponse } from "../response.ts";
import { ANSWER_HEADERS, collectAnswer, requestOptions } from "./call.ts";
import { Cielo24Error, type Cielo24FailureCode } from "../errors.ts";
import { readWhatCame } from "./let-io-arrive.ts";
import { createLine } from "./own-connection.ts";
import type { Secret } from "../secret.ts";
import type { MediaResult } from "../api.ts";

interface MediaPostParts {
  readonly baseUrl: string;
  readonly jobId: string;
  readonly token: Secret;
  readonly sizeBytes: number;
  readonly scrub: (text: string) => string;
  readonly clock: () => number;
  readonly deadline: number;
  readonly idleTimeoutMs: number;
  /** Called once, as soon as an answer begins or the connection is lost: reading on is of no use. */
  readonly onOver: () => void;
}

/** The POST under way: what was written, and how it ended. Nothing here rejects. */
export interface MediaPost {
  /** Waits until the bytes are with the system, or the POST is over. The bytes are not looked at afterwards. */
  write(bytes: Uint8Array): Promise<void>;
  /** Waits until the request's head is out, and lets an answer that is there already be read. */
  settle(): Promise<void>;
  /** Sends the end of the body. From now on cielo24 may think as long as the deadline allows. */
  writeLast(bytes: Uint8Array): void;
  /** Bytes of the body that were handed to the socket. */
  sentBytes(): number;
  /** Whether an answer has begun, or none can come any more. */
  isOver(): boolean;
  /** The answer, once it is there; closes the socket. */
  end(): Promise<MediaResult>;
  /** Gives the POST up and waits until the socket is closed. */
  close(): Promise<void>;
}

/**
 * Opens a POST to `add_media` on a connection of its own, with an exact Content-Length, no Content-Type and no transfer
 * encoding.
 */
export const openMediaPost = (parts: MediaPostParts): MediaPost => {
  const { baseUrl, jobId, token, sizeBytes, scrub, clock, deadline, idleTimeoutMs } = parts;
  const {
    protocol,
    request: makeRequest,
    options,
  } = requestOptions(baseUrl, {
    action: "job/add_media",
    query: { job_id: jobId },
    token,
  });
  const line = createLine(protocol);
  const request = makeRequest({
    ...options,
    method: "POST",
    agent: line.agent,
    headers: { ...ANSWER_HEADERS, "content-length": sizeBytes },
  });

  let result: MediaResult | undefined;
  let isAnswering = false;
  let isSent = false;
  /** Bytes have come that are no interim answer of 1xx. */
  let hasAnswerBegun = false;
  let beganEarly = false;
  let hasWholeAnswer = false;
  let idleTimer: NodeJS.Timeout | undefined;
  let isOpen = false;
  let sentBytes = 0;
  let wake: () => void = () => undefined;
  const { promise: ended, resolve: resolveEnded } = Promise.withResolvers<undefined>();

  const isOver = () => isAnswering || result !== undefined;
  const beOver = () => {
    wake();
    parts.onOver();
  };
  const endWith = (made: MediaResult) => {
    if (result) return;
    const wasOver = isOver();
    result = made;
    clearTimeout(idleTimer);
    clearTimeout(deadlineTimer);
    if (!wasOver) beOver();
    resolveEnded(undefined);
  };
  const fail = (code: Cielo24FailureCode) => {
    endWith({ error: new Cielo24Error(code, { isUnsent: !line.mayHaveSent() }) });
  };

  const deadlineTimer = setTimeout(
    () => {
      fail("TIMED_OUT");
    },
    Math.max(deadline - clock(), 0),
  );
  /** Runs only while cielo24 is what we wait for: a source that takes its time is not cielo24's fault. */
  const startIdleTimer = () => {
    clearTimeout(idleTimer);
    idleTimer = setTimeout(() => {
      fail("UNAVAILABLE");
    }, idleTimeoutMs);
  };
  /** No race of promises: each would leave a reaction on the one that lives as long as the POST, for every chunk. */
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
      hasAnswerBegun = true;
    });
  });
  request.on("information", () => {
    hasAnswerBegun = false;
    beganEarly = false;
  });
  request.on("response", (response) => {
    if (result) {
      response.destroy();
      return;
    }
    isAnswering = true;
    if (!isSent) startIdleTimer();
    beOver();
    collectAnswer(response).then(
      (answer) => {
        hasWholeAnswer = isSent;
        const made = toMediaAnswer(answer, scrub);
        endWith(beganEarly ? asEarly(made) : made);
      },
      () => {
        fail("UNAVAILABLE");
      },
    );
  });
  // An answer that is being read tells more than the error of a write behind it.
  for (const event of ["error", "close"])
    request.on(event, () => {
      if (!isAnswering) fail("UNAVAILABLE");
    });
  request.flushHeaders();

  const close = async (): Promise<void> => {
    fail("UNAVAILABLE");
    await line.close({ withReset: !hasWholeAnswer });
    request.destroy();
  };

  /**
   * The head goes out alone: written together with the body's beginning, an answer and a reset could come in between. An
   * answer that is there is read before the next write, which would fail on a connection that cielo24 has closed behind
   * it, and take the answer with it.
   */
  const settle = async (): Promise<void> => {
    if (!isOpen) await untilOver((done) => void line.isOpen.then(done));
    isOpen = true;
    await readWhatCame();
  };

  return {
    settle,
    write: async (bytes) => {
      await settle();
      if (isOver()) return;
      await untilOver((done) => {
        sentBytes += bytes.byteLength;
        request.write(bytes, () => {
          done();
        });
      });
    },
    writeLast: (bytes) => {
      isSent = true;
      beganEarly = hasAnswerBegun;
      sentBytes += bytes.byteLength;
      request.end(bytes);
    },
    sentBytes: () => sentBytes,
    isOver,
    end: async () => {
      await ended;
      await close();
      return result ?? { error: new Cielo24Error("UNAVAILABLE") };
    },
    close,
  };
};

/**
 * An answer that began before the body was sent whole does not speak of the whole body: not that it was accepted, and not
 * what became of the rest. A refusal stands.
 */
const asEarly = (answer: MediaResult): MediaResult =>
  "taskId" in answer ? { error: new Cielo24Error("UNINTELLIGIBLE") } : { error: answer.error.asLostAnswer() };

const toMediaAnswer = (answer: HttpResponse, scrub: (text: string) => string): MediaResult => {
  try {
    return { taskId: readResponse(answer, TaskResponse, scrub).TaskId };
  } catch (error) {
    if (error instanceof Cielo24Error) return { error };
    throw error;
  }
};
