import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";

/** What goes wrong with one GET. `atByte` counts from where that GET begins to read. */
export type Fault =
  | { readonly kind: "reset" | "truncate" | "stall"; readonly atByte: number }
  /** The bytes come one piece after the other. */
  | { readonly kind: "pieces"; readonly pieceBytes: number }
  | { readonly kind: "stallBeforeHead" | "resetBeforeHead" | "noHttp" | "endlessHead" }
  /** An error of S3's, with its code; as S3 sends it, in chunks of so many bytes, where that is given. */
  | { readonly kind: "status"; readonly status: number; readonly code?: string; readonly chunkBytes?: number }
  /** An error whose document never comes, or never ends. */
  | { readonly kind: "mute" | "endless"; readonly status: number }
  | { readonly kind: "headers"; readonly status?: number; readonly headers: Readonly<Record<string, string>> };

export interface FaultyStore {
  readonly url: string;
  /** One for each GET to come; null lets it pass. */
  readonly faults: (Fault | null)[];
  /** GETs so far. */
  readonly requests: { readonly target: string; readonly range?: string; readonly ifMatch?: string }[];
  /** Resolves once no client is connected. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

const refuse = (response: ServerResponse, { status, code = "Any", chunkBytes }: Fault & { kind: "status" }): void => {
  const document = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>Why.</Message></Error>`;
  const type = { "content-type": "application/xml" };
  if (chunkBytes === undefined) {
    response.writeHead(status, { ...type, "content-length": document.length }).end(document);
    return;
  }
  response.writeHead(status, type);
  for (let at = 0; at < document.length; at += chunkBytes) response.write(document.slice(at, at + chunkBytes));
  response.end();
};

const sendInPieces = async (response: ServerResponse, body: Uint8Array, pieceBytes: number): Promise<void> => {
  for (let at = 0; at < body.length && !response.destroyed; at += pieceBytes) {
    await new Promise((resolve) => response.write(body.subarray(at, at + pieceBytes), resolve));
    await nextTurn();
  }
  response.end();
};

/** A store of one object that answers GETs with Range and If-Match, over real sockets, and breaks as it is told. */
export const startFaultyStore = async (
  content: Uint8Array,
  { etag, tls }: { etag: string; tls?: { key: string; cert: string } },
): Promise<FaultyStore> => {
  const faults: (Fault | null)[] = [];
  const requests: FaultyStore["requests"] = [];
  const sockets = new Set<Socket>();
  /** A TLS socket cannot be reset, but the one below it. */
  const reset = ({ remotePort }: Socket) => {
    for (const socket of sockets) if (socket.remotePort === remotePort) socket.resetAndDestroy();
  };
  let whenIdle: (() => void) | undefined;

  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const { range, "if-match": ifMatch } = request.headers;
    requests.push({ target: request.url ?? "", ...(range ? { range } : {}), ...(ifMatch ? { ifMatch } : {}) });
    const fault = faults.shift() ?? undefined;
    const socket = request.socket;
    if (fault?.kind === "stallBeforeHead") return;
    if (fault?.kind === "resetBeforeHead") reset(socket);
    else if (fault?.kind === "noHttp") socket.end("SSH-2.0-OpenSSH\r\n\r\n");
    else if (fault?.kind === "endlessHead") socket.write(`HTTP/1.1 200 OK\r\n${"x-filler: x\r\n".repeat(100_000)}`);
    else if (fault?.kind === "status") refuse(response, fault);
    else if (fault?.kind === "mute") response.writeHead(fault.status, { "content-length": 100 }).flushHeaders();
    else if (fault?.kind === "endless") response.writeHead(fault.status).write("<Error>".padEnd(100_000));
    else if (ifMatch !== undefined && ifMatch !== etag) response.writeHead(412).end();
    else send(response, Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? 0), range !== undefined, fault);
  };

  const send = (response: ServerResponse, from: number, isPartial: boolean, fault: Fault | undefined): void => {
    const body = content.subarray(from);
    const special = fault?.kind === "headers" ? fault : undefined;
    response.writeHead(special?.status ?? (isPartial ? 206 : 200), {
      "content-length": body.length,
      etag,
      ...(isPartial ? { "content-range": `bytes ${from}-${content.length - 1}/${content.length}` } : {}),
      ...special?.headers,
    });
    if (fault?.kind === "pieces") {
      void sendInPieces(response, body, fault.pieceBytes);
      return;
    }
    if (fault === undefined || !("atByte" in fault)) {
      response.end(body);
      return;
    }
    response.flushHeaders();
    response.write(body.subarray(0, fault.atByte), () => {
      if (fault.kind === "reset" && response.socket) reset(response.socket);
      if (fault.kind === "truncate") response.socket?.end();
    });
  };

  const server = (tls ? createTlsServer(tls, answer) : createServer(answer)).listen(0, "127.0.0.1");
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => {
      sockets.delete(socket);
      if (sockets.size === 0) whenIdle?.();
    });
  });
  await once(server, "listening");
  return {
    url: `${tls ? "https" : "http"}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    faults,
    requests,
    idle: () => (sockets.size === 0 ? Promise.resolve() : new Promise((resolve) => (whenIdle = resolve))),
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
};
