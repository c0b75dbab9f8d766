import { channel } from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";

/** The raw bodies that the simulated cielo24 of this process gets, as they come. */
export interface MediaPosts {
  readonly count: () => number;
  /** So much of the newest has been read from its connection, its head included. */
  readonly receivedBytes: () => number;
  /** Whether the newest is not being read any more. */
  readonly isStopped: () => boolean;
  readonly stop: () => void;
}

const started = channel("http.server.request.start");

export const watchMediaPosts = (): MediaPosts => {
  const posts: IncomingMessage[] = [];
  const onRequest = (message: unknown): void => {
    const { request } = message as { request: IncomingMessage };
    if (request.method === "POST" && request.url?.startsWith("/api/job/add_media?")) posts.push(request);
  };
  started.subscribe(onRequest);
  return {
    count: () => posts.length,
    receivedBytes: () => posts.at(-1)?.socket.bytesRead ?? 0,
    isStopped: () => posts.at(-1)?.isPaused() ?? false,
    stop: () => {
      started.unsubscribe(onRequest);
    },
  };
};
