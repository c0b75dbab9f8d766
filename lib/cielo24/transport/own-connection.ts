import http from "node:http";
import https from "node:https";
import net from "node:net";
import tls from "node:tls";
import { setImmediate as nextTurn } from "node:timers/promises";
import { hostOf, isTls } from "./request.ts";

/** A connection for one request: a request that must not be sent twice cannot use a pooled socket, which may be dead. */
export interface OwnConnection {
  /** Opens the connection for the request that is made with it, unless it has been opened already. */
  readonly agent: http.Agent;
  readonly open: () => void;
  /** Resolves once bytes can be sent: over TLS, after the handshake. */
  readonly opened: Promise<unknown>;
  /** Whether it has been opened, so that bytes may have been sent. A close before that discards what was written. */
  readonly wasOpened: () => boolean;
  /** Whether nothing has arrived on it, not even its end. */
  readonly isFresh: () => boolean;
  /** Waits until the socket is closed. With a reset, the kernel discards what it has not sent yet. */
  readonly close: (how: { readonly withReset: boolean }) => Promise<void>;
}

/** Node can reset a TCP socket, but not a TLS socket: so the TCP socket is created here, for both protocols. */
export const createOwnConnection = (baseUrl: URL): OwnConnection => {
  const isSecure = isTls(baseUrl);
  const agent = isSecure ? new https.Agent() : new http.Agent();
  const { promise: opened, resolve: resolveOpened } = Promise.withResolvers<unknown>();
  const { promise: closed, resolve: resolveClosed } = Promise.withResolvers<unknown>();
  let tcp: net.Socket | undefined;
  let socket: net.Socket | undefined;
  let wasOpened = false;
  let hasEnded = false;
  const onEnd = () => (hasEnded = true);
  const open = (): net.Socket => {
    if (socket) return socket;
    const host = hostOf(baseUrl);
    tcp = net.connect({ host, port: Number(baseUrl.port || (isSecure ? 443 : 80)), noDelay: true });
    tcp.once("close", resolveClosed);
    // A certificate is for a name; an address is not told.
    const servername = net.isIP(host) === 0 ? host : "";
    socket = isSecure ? tls.connect({ host, servername, socket: tcp }) : tcp;
    delayWriteErrors(socket);
    socket.on("error", onEnd).once("end", onEnd).once("close", onEnd);
    socket.once(isSecure ? "secureConnect" : "connect", () => {
      wasOpened = true;
      resolveOpened(undefined);
    });
    return socket;
  };
  agent.createConnection = open;
  return {
    agent,
    opened,
    open,
    wasOpened: () => wasOpened,
    isFresh: () => !hasEnded && socket?.readableLength === 0,
    close: async ({ withReset }) => {
      if (!tcp) return;
      tcp.once("error", resolveClosed);
      // After a response Node half-closes the socket. The kernel does not reset a socket in shutdown, and Node would then
      // never emit "close".
      if (withReset && !socket?.writableEnded) tcp.resetAndDestroy();
      // On its own, the reset would wait for pending writes.
      tcp.destroy();
      await closed;
    },
  };
};

/** A connection that is opened before its request is made. */
export interface EarlyConnection {
  /** The connection, for one request. Undefined if it was taken before, or if anything has arrived on it. */
  readonly take: () => Promise<OwnConnection | undefined>;
  readonly close: () => Promise<void>;
}

/** Opens a connection at once. It carries nothing but TCP and TLS until a request is made over it. */
export const openEarlyConnection = (baseUrl: URL): EarlyConnection => {
  const connection = createOwnConnection(baseUrl);
  connection.open();
  let isTaken = false;
  const close = () => connection.close({ withReset: true });
  return {
    close,
    take: async () => {
      if (isTaken) return undefined;
      isTaken = true;
      // A proxy may have given it up, perhaps with a 408, which would be taken for the response.
      await letIoArrive();
      if (connection.isFresh()) return connection;
      await close();
      return undefined;
    },
  };
};

/**
 * If cielo24 has reset the connection, the next write fails, and Node then closes the socket without reading a response
 * that has already arrived. So a write error is reported only after that response has been read.
 */
const delayWriteErrors = (socket: net.Socket): void => {
  type Done = (error?: Error | null) => void;
  const delayError =
    (done: Done): Done =>
    (error) => {
      if (error)
        void letIoArrive().then(() => {
          done(error);
        });
      else done();
    };
  const write = socket._write.bind(socket);
  const writeMany = socket._writev?.bind(socket);
  socket._write = (chunk, encoding, done) => {
    write(chunk, encoding, delayError(done));
  };
  socket._writev = (chunks, done) => {
    writeMany?.(chunks, delayError(done));
  };
};

/**
 * Lets the event loop poll for I/O, so that Node reads what a connection has received, a response or the connection's
 * end, before anything is written to it. Three turns contain two complete polls. One poll is not enough if the server
 * runs in this process, as it does in tests.
 */
export const letIoArrive = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn += 1) await nextTurn();
};
