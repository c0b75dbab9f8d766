import { connect as connectPlain } from "node:net";
import { connect as connectTls } from "node:tls";
import type { ReadBuffers } from "./read-buffers.ts";

/** The connection ended, failed, stalled or spoke no HTTP before the answer was whole. */
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
   * The next bytes after the response's head, whatever its Content-Length says. They are valid until the next call.
   * @throws {InterruptedError}
   */
  next(): Promise<Uint8Array>;
  /** Destroys the socket; resolves when it is closed and no buffer is written to any more. Safe to repeat. */
  close(): Promise<void>;
}

const HEAD_MAX_BYTES = 32 * 1024;
const HEAD_END = "\r\n\r\n";

/**
 * Opens the connection and asks for `url`. A wait of `idleTimeoutMs` for the connection or the next bytes interrupts it;
 * time in which the consumer asks for nothing does not count. The signal destroys the socket at once.
 *
 * @param url signed, and sent as it is: parsing it anew would resolve dots in the key
 */
export const openConnection = (
  url: string,
  {
    headers,
    buffers,
    idleTimeoutMs,
    signal,
  }: {
    headers: Readonly<Record<string, string>>;
    /** One connection after another may use them. */
    buffers: ReadBuffers;
    /** Asked anew before each wait. */
    idleTimeoutMs: () => number;
    signal: AbortSignal;
  },
): ObjectConnection => {
  let hasEnded = false;
  let isStopped = false;
  let isPaused = false;
  let wake: (() => void) | undefined;

  // With `onread` the socket reads into our memory and emits no "data", and HTTP is spoken below.
  const onread = {
    buffer: () => buffers.room(),
    callback: (sizeBytes: number): boolean => {
      buffers.added(sizeBytes);
      wake?.();
      isPaused = !buffers.hasRoom();
      return !isPaused;
    },
  };
  const { protocol, hostname, port, host } = new URL(url);
  const address = { host: hostname.replace(/^\[|\]$/g, ""), onread };
  const socket =
    protocol === "https:"
      ? connectTls({ ...address, port: Number(port || 443), ALPNProtocols: ["http/1.1"] })
      : connectPlain({ ...address, port: Number(port || 80) });
  const closed = new Promise<void>((resolve) =>
    socket.once("close", () => {
      resolve();
    }),
  );
  const end = () => {
    hasEnded = true;
    wake?.();
  };
  const stop = () => {
    isStopped = true;
    end();
    socket.destroy();
  };
  socket.on("error", end).on("end", end).on("close", end);
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop);

  const target = url.slice(url.indexOf("/", protocol.length + 2));
  const lines = [`GET ${target} HTTP/1.1`, `Host: ${host}`, "Connection: close"];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  socket.write(lines.join("\r\n") + HEAD_END);

  const take = () => {
    const bytes = buffers.take();
    if (isPaused && buffers.hasRoom()) {
      isPaused = false;
      socket.resume();
    }
    return bytes;
  };
  const next = async (): Promise<Uint8Array> => {
    let bytes = take();
    if (!bytes && !hasEnded) {
      const timer = setTimeout(stop, idleTimeoutMs());
      await new Promise<void>((resolve) => (wake = resolve));
      wake = undefined;
      clearTimeout(timer);
      bytes = take();
    }
    // What came before the other side ended counts; after a stop nothing is wanted.
    if (!bytes || isStopped) throw new InterruptedError("The connection ended");
    return bytes;
  };

  let rest: Uint8Array | undefined;
  return {
    response: async () => {
      let head = "";
      for (;;) {
        const bytes = await next();
        const before = head.length;
        head += Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, HEAD_MAX_BYTES)).toString("latin1");
        const end = head.indexOf(HEAD_END);
        if (end >= 0) {
          rest = bytes.subarray(end + HEAD_END.length - before);
          return parseHead(head.slice(0, end));
        }
        if (head.length >= HEAD_MAX_BYTES) throw new InterruptedError("The answer's head is too long");
      }
    },
    next: async () => {
      const bytes = rest?.length ? rest : undefined;
      rest = undefined;
      return bytes ?? next();
    },
    close: async () => {
      signal.removeEventListener("abort", stop);
      stop();
      await closed;
      buffers.clear();
    },
  };
};

const parseHead = (head: string): ObjectResponse => {
  const [statusLine = "", ...lines] = head.split("\r\n");
  const status = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(statusLine)?.[1];
  if (status === undefined) throw new InterruptedError("The answer is no HTTP");
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return { status: Number(status), headers };
};
