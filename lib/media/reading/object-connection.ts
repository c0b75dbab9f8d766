import { connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";
import type { ReadBuffers } from "./read-buffers.ts";

/** The connection ended, failed, stalled or did not speak HTTP before the response was complete. */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";
}

export interface ObjectResponse {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
}

/** One GET over a connection of its own. */
export interface ObjectConnection {
  /** @throws {InterruptedError} */
  response(): Promise<ObjectResponse>;
  /**
   * The next bytes after the response's headers, whatever its Content-Length says. They are valid until the next call.
   *
   * @param wantedBytes worth waiting a moment for; fewer are given if no more come, or if they are not contiguous
   * @throws {InterruptedError}
   */
  next(wantedBytes?: number): Promise<Uint8Array>;
  /** Destroys the socket. Resolves once it is closed and no longer writes to any buffer. May be called more than once. */
  close(): Promise<void>;
}

interface ConnectionOptions {
  /** A header without a value is not sent. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** May be used by one connection after another. */
  readonly buffers: ReadBuffers;
  /** Asked before each wait. */
  readonly idleTimeoutMs: () => number;
  readonly signal: AbortSignal;
}

/**
 * How long bytes that have come may wait for more. A source so slow that this matters gives some ten pieces a second, which
 * cost little, and cielo24 never waits longer for what is here.
 */
const GATHER_MS = 100;
const HEADERS_MAX_BYTES = 32 * 1024;
const HEADERS_END = "\r\n\r\n";

/**
 * Opens the connection and requests `url`. If it takes longer than `idleTimeoutMs` to connect, or to receive the next
 * bytes, the connection is interrupted. Time in which the consumer asks for nothing does not count. The signal destroys
 * the socket at once.
 *
 * @param url signed, and sent as it is: `new URL` would resolve dots in the key
 */
export const openConnection = (
  url: string,
  { headers, buffers, idleTimeoutMs, signal }: ConnectionOptions,
): ObjectConnection => {
  let hasEnded = false;
  let isStopped = false;
  let isPaused = false;
  let wake: (() => void) | undefined;
  /** How many bytes end the wait. */
  let awaitedBytes = 1;

  // With `onread`, Node reads into our memory and emits no "data". So HTTP is parsed here.
  const onread = {
    buffer: () => buffers.room(),
    callback: (sizeBytes: number): boolean => {
      buffers.added(sizeBytes);
      isPaused = !buffers.hasRoom();
      if (hasArrived()) wake?.();
      return !isPaused;
    },
  };
  const { protocol, hostname, port, host } = new URL(url);
  const address = { host: hostname.replace(/^\[|\]$/g, ""), onread };
  const socket =
    protocol === "https:"
      ? connectTls({ ...address, port: Number(port || 443), ALPNProtocols: ["http/1.1"] })
      : connectTcp({ ...address, port: Number(port || 80) });
  const { promise: closed, resolve: resolveClosed } = Promise.withResolvers<unknown>();
  const end = () => {
    hasEnded = true;
    wake?.();
  };
  const stop = () => {
    isStopped = true;
    end();
    socket.destroy();
  };
  socket.on("error", end).on("end", end).on("close", end).once("close", resolveClosed);
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop);

  const target = url.slice(url.indexOf("/", protocol.length + 2));
  const lines = [`GET ${target} HTTP/1.1`, `Host: ${host}`, "Connection: close"];
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) lines.push(`${name}: ${value}`);
  socket.write(lines.join("\r\n") + HEADERS_END);

  /** Whether nothing is gained by waiting any longer. A socket without room brings no more. */
  const hasArrived = () => hasEnded || isPaused || buffers.waitingBytes() >= awaitedBytes;
  const arrival = async (sizeBytes: number, timeoutMs: number, onTimeout: () => void): Promise<void> => {
    awaitedBytes = sizeBytes;
    if (hasArrived()) return;
    const timer = setTimeout(onTimeout, timeoutMs);
    await new Promise<void>((resolve) => (wake = resolve));
    wake = undefined;
    clearTimeout(timer);
  };
  const receive = async (wantedBytes: number): Promise<Uint8Array> => {
    buffers.release();
    if (isPaused && buffers.hasRoom()) {
      isPaused = false;
      socket.resume();
    }
    await arrival(1, idleTimeoutMs(), stop);
    await arrival(wantedBytes, GATHER_MS, () => wake?.());
    const bytes = buffers.take();
    // Bytes that came before the server ended the connection count. After a stop they do not.
    if (!bytes || isStopped) throw new InterruptedError("The connection ended");
    return bytes;
  };

  /** What came together with the end of the headers. */
  let rest: Uint8Array | undefined;
  return {
    response: async () => {
      let text = "";
      for (;;) {
        const bytes = await receive(1);
        const before = text.length;
        text += Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, HEADERS_MAX_BYTES)).toString(
          "latin1",
        );
        const end = text.indexOf(HEADERS_END);
        if (end >= 0) {
          rest = bytes.subarray(end + HEADERS_END.length - before);
          return parseResponse(text.slice(0, end));
        }
        if (text.length >= HEADERS_MAX_BYTES) throw new InterruptedError("The response's headers are too long");
      }
    },
    next: async (wantedBytes = 1) => {
      const bytes = rest?.length ? rest : undefined;
      rest = undefined;
      return bytes ?? receive(wantedBytes);
    },
    close: async () => {
      signal.removeEventListener("abort", stop);
      stop();
      await closed;
      buffers.clear();
    },
  };
};

const parseResponse = (text: string): ObjectResponse => {
  const [statusLine = "", ...lines] = text.split("\r\n");
  const status = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(statusLine)?.[1];
  if (status === undefined) throw new InterruptedError("The response is not HTTP");
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return { status: Number(status), headers };
};
