/** An HTTP answer that is ready to be written. */
export interface GatewayAnswer {
  readonly status: number;
  /** Names in lower case; only `set-cookie` has several values. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Buffer;
}

/** An answer of the gateway's own, in the one form that HTTP APIs have for it. */
export const gatewayMessage = (
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): GatewayAnswer => ({
  status,
  headers: { "content-type": "application/json", ...headers },
  body: Buffer.from(JSON.stringify({ message })),
});

/**
 * What API Gateway makes of a function's result in payload format 2.0. A result with a `statusCode` is an answer;
 * anything else is the body of a 200, as JSON, but for a string, which is the body itself. A result that is neither
 * is the function's fault: 500.
 */
export const makeAnswer = (result: unknown): GatewayAnswer => {
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
