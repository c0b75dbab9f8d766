import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { createAwsFaults, type AwsFaults } from "./faults.ts";
import { closeServer, listen } from "./listen.ts";

/** One call in AWS's JSON protocol, which the SDK uses for DynamoDB, SQS, EventBridge and Secrets Manager. */
export interface AwsCall {
  /** The action's name without the service's prefix. */
  readonly action: string;
  readonly input: Record<string, unknown>;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
  /** Aborts when the caller disconnects. */
  readonly signal: AbortSignal;
}

interface AwsResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** Who called which service. */
export interface Caller {
  /** The prefix of `X-Amz-Target`. */
  readonly service: string;
  /** The access key by which the call is signed. */
  readonly accessKeyId: string;
}

/** Handles calls. Throws {@link AwsJsonError} for the service's own errors. */
export type AwsService = (call: AwsCall) => Promise<AwsResponse>;

export class AwsJsonError extends Error {
  override readonly name = "AwsJsonError";
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export interface AwsJsonServer {
  readonly url: string;
  readonly faults: AwsFaults;
  /** Names of the actions that were called, in order. */
  readonly calls: string[];
  readonly close: () => Promise<void>;
}

/**
 * Serves several services on one port, by the prefix of `X-Amz-Target` (`AmazonSQS`, `DynamoDB_20120810`). Signatures are
 * not checked.
 */
export const startAwsJson = async ({
  port = 0,
  services,
  onCall,
  onAnswered,
}: {
  port?: number;
  services: Readonly<Record<string, AwsService>>;
  /** Called with every call's action and body, before it is handled. */
  onCall?: ((action: string, body: string, from: Caller) => void) | undefined;
  /** The same, once a service has handled the call. */
  onAnswered?: ((action: string, body: string) => void) | undefined;
}): Promise<AwsJsonServer> => {
  const faults = createAwsFaults();
  const calls: string[] = [];
  const server = createServer((request, response) => {
    const note = (action: string, body: string, from: Caller) => {
      calls.push(action);
      onCall?.(action, body, from);
    };
    void respond(request, response, services, faults, { note, onAnswered }).catch(() => response.destroy());
  });
  const listeningPort = await listen(server, port);
  return { url: `http://127.0.0.1:${listeningPort}`, faults, calls, close: () => closeServer(server) };
};

type NoteCall = (action: string, body: string) => void;

const respond = async (
  request: IncomingMessage,
  response: ServerResponse,
  services: Readonly<Record<string, AwsService>>,
  faults: AwsFaults,
  {
    note,
    onAnswered,
  }: { note: (action: string, body: string, from: Caller) => void; onAnswered: NoteCall | undefined },
): Promise<void> => {
  const [prefix = "", action = ""] = String(request.headers["x-amz-target"] ?? "").split(".");
  const body = await buffer(request);
  const input = JSON.parse(body.toString()) as Record<string, unknown>;
  const gone = new AbortController();
  response.once("close", () => {
    gone.abort();
  });
  const [, accessKeyId = ""] = /Credential=([^/]+)\//.exec(request.headers.authorization ?? "") ?? [];
  note(action, body.toString(), { service: prefix, accessKeyId });
  const fault = faults.take(action, input);
  if (fault?.kind === "hang") return;
  if (fault?.kind === "reset") {
    request.socket.resetAndDestroy();
    return;
  }
  const answer = await callService(services[prefix], fault?.kind, {
    action,
    input,
    headers: request.headers,
    body,
    signal: gone.signal,
  });
  onAnswered?.(action, body.toString());
  if (fault?.kind === "answerLost") {
    request.socket.resetAndDestroy();
    return;
  }
  response.writeHead(answer.status, {
    "content-type": request.headers["content-type"] ?? "application/x-amz-json-1.1",
    "x-amzn-requestid": randomUUID(),
    ...answer.headers,
  });
  response.end(answer.body);
};

const callService = async (
  service: AwsService | undefined,
  fault: string | undefined,
  call: AwsCall,
): Promise<AwsResponse> => {
  if (fault === "unavailable") return errorResponse(new AwsJsonError("ServiceUnavailable", "Try again later", 503));
  if (fault === "throttled") return errorResponse(new AwsJsonError("ThrottlingException", "Rate exceeded"));
  if (!service) return errorResponse(new AwsJsonError("UnknownOperationException", "No such service"));
  try {
    return await service(call);
  } catch (error) {
    return errorResponse(error instanceof AwsJsonError ? error : new AwsJsonError("InternalFailure", "Failed", 500));
  }
};

const errorResponse = ({ code, message, status }: AwsJsonError): AwsResponse => ({
  status,
  body: JSON.stringify({ __type: code, message }),
});

/** A service whose actions are functions of their input. */
export const actionService =
  (actions: Readonly<Record<string, (input: never, call: AwsCall) => unknown>>): AwsService =>
  async (call) => {
    const act = Object.hasOwn(actions, call.action) ? actions[call.action] : undefined;
    if (!act) throw new AwsJsonError("UnknownOperationException", `${call.action} is not simulated`);
    return { status: 200, body: JSON.stringify((await act(call.input as never, call)) ?? {}) };
  };
