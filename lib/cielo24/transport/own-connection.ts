import http from "node:http";
import https from "node:https";
import net from "node:net";
import tls from "node:tls";
import { setImmediate as nextTurn } from "node:timers/promises";

/** A connection for one request: a request that must not be sent twice cannot use a pooled socket, which may be dead. */
interface OwnConnection {
  /** Opens the connection for the request that is made with it. */
  readonly agent: http.Agent;
  /** Resolves once bytes can be sent: over TLS, after the handshake. */
  readonly opened: Promise<unknown>;
  /** Whether it has been opened, so that bytes may have been sent. A close before that discards what was written. */
  readonly wasOpened: () => boolean;
  /** Waits until the socket is closed. With a reset, the kernel discards what it has not sent yet. */
  readonly close: (how: { readonly withReset: boolean }) => Promise<void>;
}

/** Node can reset a TCP socket, but not a TLS socket: so the TCP socket is created here, for both protocols. */
export const createOwnConnection = ({ isTls }: { isTls: boolean }): OwnConnection => {
  const agent = isTls ? new https.Agent() : new http.Agent();
  const { promise: opened, resolve: resolveOpened } = Promise.withResolvers<unknown>();
  const { promise: closed, resolve: resolveClosed } = Promise.withResolvers<unknown>();
  let tcp: net.Socket | undefined;
  let socket: net.Socket | undefined;
  let wasOpened = false;
  agent.createConnection = (options) => {
    const { host, port } = options as net.TcpNetConnectOpts & { host: string };
    tcp = net.connect({ host, port, noDelay: true });
    tcp.once("close", resolveClosed);
    socket = isTls ? tls.connect({ ...(options as tls.ConnectionOptions), socket: tcp }) : tcp;
    delayWriteErrors(socket);
    socket.once(isTls ? "secureConnect" : "connect", () => {
      wasOpened = true;
      resolveOpened(undefined);
    });
    return socket;
  };
  return {
    agent,
    opened,
    wasOpened: () => wasOpened,
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
