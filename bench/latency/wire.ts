import { connect, createServer, type Socket } from "node:net";
import { listen } from "../../dev/stack/listen.ts";

/** A TCP front whose connections behave as over a network of that round trip. */
export interface Wire {
  readonly port: number;
  readonly close: () => Promise<void>;
}

const SEGMENT_BYTES = 1460;
/** What a sender may have on its way before the first acknowledgement (RFC 6928). */
const INITIAL_WINDOW_BYTES = 10 * SEGMENT_BYTES;
/** A connection that was idle for so long starts slowly again, as Linux does after some round trips. */
export const IDLE_MS = 500;

/**
 * Carries bytes to an upstream on the loopback interface, as a network of that round trip and of unlimited rate would. The
 * handshake of TCP takes a round trip. Each direction starts slowly: ten segments are on their way at first, and each
 * acknowledgement, a round trip later, makes room for twice as many. Nothing is lost.
 *
 * When each byte arrives is computed the moment it is sent, so a busy machine delays a byte by its own lateness only. The
 * sender's writes are taken at once: buffers are as large as need be.
 */
export const startWire = async (upstreamPort: number, { rttMs }: { readonly rttMs: number }): Promise<Wire> => {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = connect({ host: "127.0.0.1", port: upstreamPort, allowHalfOpen: true, noDelay: true });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    }
    carry(near, far, rttMs, performance.now() + rttMs);
    carry(far, near, rttMs, 0);
  });
  const port = await listen(server);
  return {
    port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

/** Carries what one socket sends, and then its end. */
const carry = (from: Socket, to: Socket, rttMs: number, startsAt: number): void => {
  const nextFlights = createSlowStart(rttMs, startsAt);
  const inOrder = createArrivals();
  let lastArrivesAt = 0;
  from.on("data", (chunk: Buffer) => {
    let sent = 0;
    for (const { sizeBytes, sentAt } of nextFlights(chunk.length, performance.now())) {
      const piece = chunk.subarray(sent, (sent += sizeBytes));
      lastArrivesAt = sentAt + rttMs / 2;
      inOrder(lastArrivesAt, () => {
        if (to.writable) to.write(piece);
      });
    }
  });
  const behind = (act: () => void) => {
    inOrder(Math.max(lastArrivesAt, performance.now() + rttMs / 2), act);
  };
  from.on("end", () => {
    behind(() => to.end());
  });
  from.on("error", () => {
    behind(() => to.resetAndDestroy());
  });
  from.on("close", () => {
    behind(() => {
      to.destroySoon();
    });
  });
};

interface Flight {
  readonly sizeBytes: number;
  readonly sentAt: number;
}

/**
 * Says in how many flights the bytes that an application writes now leave, and when.
 *
 * @param startsAt when the connection is open
 */
export const createSlowStart = (rttMs: number, startsAt: number) => {
  const unacknowledged: { readonly sizeBytes: number; readonly acknowledgedAt: number }[] = [];
  let windowBytes = INITIAL_WINDOW_BYTES;
  let onTheWayBytes = 0;
  let lastSentAt = startsAt;

  return (sizeBytes: number, now: number): Flight[] => {
    const flights: Flight[] = [];
    let at = Math.max(now, lastSentAt);
    for (let left = sizeBytes; left > 0;) {
      while (unacknowledged[0] && unacknowledged[0].acknowledgedAt <= at) {
        const { sizeBytes: acknowledged } = unacknowledged.shift() ?? { sizeBytes: 0 };
        onTheWayBytes -= acknowledged;
        windowBytes += acknowledged;
      }
      if (at - lastSentAt >= IDLE_MS) windowBytes = INITIAL_WINDOW_BYTES;
      const room = windowBytes - onTheWayBytes;
      if (room <= 0) {
        at = unacknowledged[0]?.acknowledgedAt ?? at;
        continue;
      }
      const flight = { sizeBytes: Math.min(room, left), sentAt: at };
      flights.push(flight);
      unacknowledged.push({ sizeBytes: flight.sizeBytes, acknowledgedAt: at + rttMs });
      onTheWayBytes += flight.sizeBytes;
      lastSentAt = at;
      left -= flight.sizeBytes;
    }
    return flights;
  };
};

/** Timers of Node come up to so much late, so the end of a wait is spent in turns of the event loop. */
const TIMER_ERROR_MS = 1.5;

/** Does things at their times (of `performance.now`), in the order in which they are given. */
export const createArrivals = () => {
  const waiting: { readonly at: number; readonly act: () => void }[] = [];
  const next = (): void => {
    while (waiting[0] && waiting[0].at <= performance.now()) waiting.shift()?.act();
    if (!waiting[0]) return;
    const ms = waiting[0].at - performance.now() - TIMER_ERROR_MS;
    if (ms >= 1) setTimeout(next, ms);
    else setImmediate(next);
  };
  return (at: number, act: () => void): void => {
    waiting.push({ at, act });
    if (waiting.length === 1) next();
  };
};
