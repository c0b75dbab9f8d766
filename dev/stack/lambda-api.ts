import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { parseJson } from "../../lib/json.ts";
import { TooManyRequestsError, type Lambda } from "./lambda.ts";
import { closeServer, listen } from "./listen.ts";

export interface LambdaApi {
  readonly url: string;
  readonly close: () => Promise<void>;
}

const INVOKE = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/;

/** Lambda's Invoke, of functions by the names that they have on AWS. Signatures are not checked. */
export const startLambdaApi = async ({
  functions,
  invoke,
}: {
  /** Folders by the names on AWS. */
  readonly functions: ReadonlyMap<string, string>;
  readonly invoke: Lambda["invoke"];
}): Promise<LambdaApi> => {
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const refuse = (status: number, type: string, message: string) =>
      response
        .writeHead(status, { "content-type": "application/json", "x-amzn-errortype": type })
        .end(JSON.stringify({ message, Type: "User" }));
    const name = INVOKE.exec(request.url ?? "")?.[1];
    if (request.method !== "POST" || name === undefined)
      return void refuse(404, "ResourceNotFoundException", "Only Invoke is simulated");
    const folder = functions.get(decodeURIComponent(name).replace(/^arn:.*:function:/, ""));
    if (folder === undefined)
      return void refuse(404, "ResourceNotFoundException", `Function not found: ${decodeURIComponent(name)}`);
    const text = (await buffer(request)).toString();
    const event = text === "" ? {} : parseJson(text);
    if (event === undefined) return void refuse(400, "InvalidRequestContentException", "Could not parse request body");
    const isEvent = request.headers["x-amz-invocation-type"] === "Event";
    const invocation = invoke(folder, event).then(
      (result) => ({ headers: {}, body: JSON.stringify(result ?? null) }),
      (error: unknown) => {
        if (error instanceof TooManyRequestsError) throw error;
        const { name: errorType, message: errorMessage } = error as Error;
        return { headers: { "x-amz-function-error": "Unhandled" }, body: JSON.stringify({ errorType, errorMessage }) };
      },
    );
    if (isEvent) {
      invocation.catch(() => undefined);
      return void response.writeHead(202).end();
    }
    try {
      const { headers, body } = await invocation;
      response.writeHead(200, { "content-type": "application/json", ...headers }).end(body);
    } catch (error) {
      refuse(429, "TooManyRequestsException", (error as Error).message);
    }
  };
  const server = createServer((request, response) => {
    void respond(request, response).catch(() => response.destroy());
  });
  const port = await listen(server);
  return { url: `http://127.0.0.1:${port}`, close: () => closeServer(server) };
};
