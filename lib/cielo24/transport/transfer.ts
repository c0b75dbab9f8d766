import { createHash } from "node:crypto";
import { MediaReadError } from "../../media/body.ts";
import { Cielo24Error } from "../errors.ts";
import { openMediaPost, type MediaPost } from "./held-post.ts";
import { tokenFor, type Session } from "../session.ts";
import type { Secret } from "../secret.ts";
import { HELD_BYTES, type CallLimits, type MediaResult, type MediaTransfer } from "../api.ts";
import type { MediaBody } from "../../media/body.ts";

interface TransferParts {
  readonly baseUrl: string;
  readonly jobId: string;
  readonly body: MediaBody;
  readonly onProgress?: ((sentBytes: number) => void) | undefined;
  readonly session: Session;
  readonly scrub: (text: string) => string;
  readonly clock: () => number;
}

/**
 * Streams a body of known size into `add_media`. The memory is one buffer of the source's and the tail: the next buffer
 * is asked for when the write of the last one is done.
 */
export const createTransfer = (
  parts: TransferParts,
  limits: CallLimits & { readonly idleTimeoutMs: number },
): MediaTransfer => {
  const { body, session } = parts;
  const heldBytes = Math.min(HELD_BYTES, body.sizeBytes);
  const tail = Buffer.alloc(heldBytes);
  const hash = createHash("sha256");
  const reading = new AbortController();
  let digest: string | undefined;
  let post: MediaPost | undefined;
  let token: Secret | undefined;

  const stopReading = () => {
    reading.abort(new MediaReadError("READ_FAILED"));
  };

  const open = (): MediaPost => {
    // Given up, or late, while the login was under way.
    if (!token || reading.signal.aborted) throw new Cielo24Error("UNAVAILABLE", { isUnsent: true });
    if (parts.clock() >= limits.deadline) throw new Cielo24Error("TIMED_OUT", { isUnsent: true });
    return openMediaPost({ ...parts, ...limits, sizeBytes: body.sizeBytes, token, onOver: stopReading });
  };

  const answerOf = async (to: MediaPost): Promise<MediaResult> => {
    const answer = await to.end();
    if (token && "error" in answer) session.answered(token, answer.error);
    return answer;
  };

  const sendAllButLast = async (): Promise<"held" | MediaResult> => {
    try {
      token = await tokenFor(session, limits.deadline);
      await sendBody();
    } catch (error) {
      if (error instanceof Cielo24Error) return { error, isUnsent: true };
      if (!post?.isOver()) {
        await post?.close();
        throw error instanceof MediaReadError ? error : new MediaReadError("READ_FAILED");
      }
    }
    if (post?.isOver()) return asUnsent(await answerOf(post));
    digest = hash.digest("hex");
    return "held";
  };

  /**
   * Writes what comes before the tail, and fills the tail. Returns early when the POST is over. That is opened with the
   * first bytes at hand: a source that has to be asked again and again would keep cielo24 waiting.
   */
  const sendBody = async (): Promise<void> => {
    const sendable = body.sizeBytes - heldBytes;
    let position = 0;
    if (reading.signal.aborted) throw new Cielo24Error("UNAVAILABLE", { isUnsent: true });
    for await (const chunk of body.read(reading.signal)) {
      const to = (post ??= open());
      if (position + chunk.byteLength > body.sizeBytes) throw new MediaReadError("OBJECT_CHANGED");
      hash.update(chunk);
      const forNow = Math.max(Math.min(chunk.byteLength, sendable - position), 0);
      if (forNow > 0) await to.write(chunk.subarray(0, forNow));
      if (to.isOver()) return;
      if (forNow < chunk.byteLength) tail.set(chunk.subarray(forNow), position + forNow - sendable);
      position += chunk.byteLength;
      parts.onProgress?.(Math.min(position, sendable));
    }
    if (position < body.sizeBytes) throw new MediaReadError("READ_FAILED");
    // The head goes out even where everything is held back, so that an early refusal can come.
    await (post ??= open()).settle();
  };

  return {
    sendAllButLast,
    finish: async () => {
      if (!post) return asUnsent({ error: new Cielo24Error("UNAVAILABLE", { isUnsent: true }) });
      await post.settle();
      if (post.isOver()) {
        const early = await answerOf(post);
        // A 200 to a body that was not sent whole is no success: nobody knows what it means.
        return "taskId" in early ? { error: new Cielo24Error("UNINTELLIGIBLE") } : asUnsent(early);
      }
      post.writeLast(tail);
      return answerOf(post);
    },
    abort: async () => {
      stopReading();
      await post?.close();
    },
    sentBytes: () => post?.sentBytes() ?? 0,
    sha256: () => {
      if (digest === undefined) throw new Error("The body is not sent yet");
      return digest;
    },
  };
};

/** An answer that came before the last chunk was sent. That it accepts is cielo24's word, whatever it means. */
const asUnsent = (answer: MediaResult): MediaResult => ("error" in answer ? { ...answer, isUnsent: true } : answer);
