import { createHash } from "node:crypto";
import { MediaReadError } from "../../media/body.ts";
import {
  HELD_BYTES,
  Cielo24Error,
  type MediaResult,
  type MediaTransfer,
  type OutgoingMedia,
  type TransferLimits,
} from "../api.ts";
import type { Secret } from "../credentials.ts";
import type { Session } from "../session.ts";
import { openHeldPost, type HeldPost } from "./held-post.ts";
import { createOwnConnection, type EarlyConnection } from "./own-connection.ts";

/** Media for one POST, with the session whose token the POST carries. */
export interface TransferRequest extends OutgoingMedia {
  readonly session: Session;
  /** Removes credentials from cielo24's texts. */
  readonly scrub: (text: string) => string;
}

interface TransferParts extends TransferRequest, TransferLimits {
  readonly baseUrl: URL;
  readonly clock: () => number;
  /** A connection that may be open already, for the first POST that is made over it. */
  readonly early?: EarlyConnection;
}

/**
 * Streams a body of known size into `add_media`. Memory: one buffer of the source's, and the bytes that are held back.
 * The source is asked for its next buffer once the last one has been written.
 */
export const createTransfer = (parts: TransferParts): MediaTransfer => {
  const { body, session, deadline } = parts;
  const heldBytes = Math.min(HELD_BYTES, body.sizeBytes);
  const held = Buffer.alloc(heldBytes);
  const hash = createHash("sha256");
  const reading = new AbortController();
  let digest: string | undefined;
  let post: HeldPost | undefined;
  let token: Secret | undefined;

  const stopReading = () => {
    reading.abort(new MediaReadError("READ_FAILED"));
  };

  const open = async (): Promise<HeldPost> => {
    const connection = (await parts.early?.take()) ?? createOwnConnection(parts.baseUrl);
    // The transfer may have been aborted, or run late, during the login.
    if (!token || reading.signal.aborted) throw new Cielo24Error("UNAVAILABLE", { isUnsent: true });
    if (parts.clock() >= deadline) throw new Cielo24Error("TIMED_OUT", { isUnsent: true });
    return openHeldPost({ ...parts, connection, sizeBytes: body.sizeBytes, token, onOver: stopReading });
  };

  const closePost = async (): Promise<void> => {
    await post?.close();
    await parts.early?.close();
  };

  const resultOf = async (over: HeldPost): Promise<MediaResult> => {
    const result = await over.end();
    if (token && "error" in result) session.answered(token, result.error);
    return result;
  };

  const sendAllButLast = async (): Promise<"held" | MediaResult> => {
    try {
      token = await session.token(deadline);
      await sendBody();
    } catch (error) {
      if (error instanceof Cielo24Error) {
        await closePost();
        return { error, isUnsent: true };
      }
      if (!post?.isOver()) {
        await closePost();
        throw error instanceof MediaReadError ? error : new MediaReadError("READ_FAILED");
      }
    }
    if (post?.isOver()) return asUnsent(await resultOf(post));
    digest = hash.digest("hex");
    return "held";
  };

  /**
   * Writes the body up to the held bytes, and keeps those. Returns early if the POST is over. The POST is opened once the
   * first bytes have been read, so that a source that is slow to start does not keep cielo24 waiting.
   */
  const sendBody = async (): Promise<void> => {
    const sendable = body.sizeBytes - heldBytes;
    let position = 0;
    if (reading.signal.aborted) throw new Cielo24Error("UNAVAILABLE", { isUnsent: true });
    for await (const chunk of body.read(reading.signal)) {
      post ??= await open();
      if (position + chunk.byteLength > body.sizeBytes) throw new MediaReadError("OBJECT_CHANGED");
      hash.update(chunk);
      const forNow = Math.max(Math.min(chunk.byteLength, sendable - position), 0);
      if (forNow > 0) await post.write(chunk.subarray(0, forNow));
      if (post.isOver()) return;
      if (forNow < chunk.byteLength) held.set(chunk.subarray(forNow), position + forNow - sendable);
      position += chunk.byteLength;
      parts.onProgress?.(Math.min(position, sendable));
    }
    if (position < body.sizeBytes) throw new MediaReadError("READ_FAILED");
    // Even if the whole body is held back, the headers are sent, so that cielo24 can refuse early.
    post ??= await open();
    await post.drainInput();
  };

  return {
    sendAllButLast,
    finish: async () => {
      if (!post) return asUnsent({ error: new Cielo24Error("UNAVAILABLE", { isUnsent: true }) });
      await post.drainInput();
      if (post.isOver()) {
        const early = await resultOf(post);
        // A 200 before the last chunk was sent is not a success: its meaning is unknown.
        return "taskId" in early ? { error: new Cielo24Error("UNINTELLIGIBLE") } : asUnsent(early);
      }
      post.writeLast(held);
      return resultOf(post);
    },
    abort: async () => {
      stopReading();
      await closePost();
    },
    sentBytes: () => post?.sentBytes() ?? 0,
    sha256: () => {
      if (digest === undefined) throw new Error("The body has not been sent yet");
      return digest;
    },
  };
};

/** A result from before the last chunk was sent. An early 200 stays as it is: the caller decides what it means. */
const asUnsent = (result: MediaResult): MediaResult => ("error" in result ? { ...result, isUnsent: true } : result);
