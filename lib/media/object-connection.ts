import { connect as connectPlain } from "node:net";
import { connect as connectTls } from "node:tls";

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

/**
 * Where sockets read to. One set serves one connection after another, so that reading an object takes the same memory
 * whatever its size: `docs/decisions/reading-objects.md`.
 */
export const createReadBuffers = (): readonly Uint8Array[] =>
  // Slow buffers, since slices of the shared pool would keep that alive.
  Array.from({ length: BUFFERS }, () => Buffer.allocUnsafeSlow(BUFFER_BYTES));

/** One is with the consumer, one with the socket, the others hold what came meanwhile. */
const BUFFERS = 4;
const BUFFER_BYTES = 256 * 1024;
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
    buffers: readonly Uint8Array[];
    idleTimeoutMs: number;
    signal: AbortSignal;
  },
): ObjectConnection => {
  const free = [...buffers];
  const filled: { buffer: Uint8Array; bytes: Uint8Array }[] = [];
  let withSocket: Uint8Array | undefined;
  let withConsumer: Uint8Array | undefined;
  let hasEnded = false;
  let wake: (() => void) | undefined;

  const onread = {
    // Asked anew for each address that is tried: the same buffer, until something was read into it.
    buffer: (): Uint8Array => (withSocket ??= free.pop() ?? exhausted()),
    callback: (sizeBytes: number): boolean => {
      const buffer = withSocket ?? exhausted();
      withSocket = undefined;
      filled.push({ buffer, bytes: buffer.subarray(0, sizeBytes) });
      wake?.();
      // The next buffer is fetched right after this, paused or not, so one has to be left.
      return free.length > 1;
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
  const destroy = () => {
    // What nobody has asked for yet is not wanted any more.
    filled.length = 0;
    end();
    socket.destroy();
  };
  socket.on("error", end).on("end", end).on("close", end);
  if (signal.aborted) destroy();
  signal.addEventListener("abort", destroy);

  const target = url.slice(url.indexOf("/", protocol.length + 2));
  const lines = [`GET ${target} HTTP/1.1`, `Host: ${host}`, "Connection: close"];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  socket.write(lines.join("\r\n") + HEAD_END);

  const next = async (): Promise<Uint8Array> => {
    if (withConsumer) {
      free.push(withConsumer);
      withConsumer = undefined;
      socket.resume();
    }
    if (filled.length === 0 && !hasEnded) {
      const timer = setTimeout(destroy, idleTimeoutMs);
      await new Promise<void>((resolve) => (wake = resolve));
      wake = undefined;
      clearTimeout(timer);
    }
    const first = filled.shift();
    if (!first) throw new InterruptedError("The connection ended");
    withConsumer = first.buffer;
    return first.bytes;
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
      signal.removeEventListener("abort", destroy);
      destroy();
      await closed;
    },
  };
};

const exhausted = (): never => {
  throw new Error("No buffer is left to read into");
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
