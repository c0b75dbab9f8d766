import type { SendMedia } from "./send-media.ts";

/** Waits for a connection to the store; resolves with what gives it back. Rejects with the signal's reason. */
export type TakeConnection = (signal: AbortSignal) => Promise<() => void>;

/** Sends each request on a connection that several uploads share. Waiting for one counts neither as sending nor as a stall. */
export const onSharedConnections = (send: SendMedia, take: TakeConnection | undefined): SendMedia =>
  take
    ? async (request) => {
        const giveBack = await take(request.signal);
        try {
          return await send(request);
        } finally {
          giveBack();
        }
      }
    : send;
