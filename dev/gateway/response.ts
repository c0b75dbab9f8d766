/** An HTTP response that is ready to be written. */
export interface GatewayResponse {
  readonly status: number;
  /** Names in lower case; only `set-cookie` has several values. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Buffer;
}

/** A response of the gateway itself, in the only form that HTTP APIs have for it. */
export const gatewayMessage = (
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): GatewayResponse => ({
  status,
  headers: { "content-type": "application/json", ...headers },
  body: Buffer.from(JSON.stringify({ message })),
});

/**
 * What API Gateway makes of a function's result in payload format 2.0. A result with a `statusCode` is a response, or a
 * 500 if it is malformed. Any other result is the body of a 200: a string as it is, everything else as JSON.
 */
export const makeResponse = (result: unknown): GatewayResponse => {
  if (!isStructured(result))
    return {
      status: 200,
      headers: { "content-type": "application/json" },
      body: Buffer.from(typeof result === "string" ? result : result === undefined ? "" : JSON.stringify(result)),
    };
  const { statusCode, headers = {}, cookies = [], body = "", isBase64Encoded = false } = result;
  const status = Number(statusCode);
  if (!Number.isInteger(status) || status < 100 || status > 599 || typeof body !== "string")
    return gatewayMessage(500, "Internal Server Error");
  const named = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]));
  return {
    status,
    headers: {
      "content-type": "text/plain;charset=UTF-8",
      ...named,
      ...(cookies.length > 0 ? { "set-cookie": cookies } : {}),
    },
    body: Buffer.from(body, isBase64Encoded ? "base64" : "utf8"),
  };
};

interface StructuredResult {
  readonly statusCode: unknown;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly cookies?: readonly string[];
  readonly body?: unknown;
  readonly isBase64Encoded?: boolean;
}

const isStructured = (result: unknown): result is StructuredResult =>
  typeof result === "object" && result !== null && "statusCode" in result;
