import { createServer } from "node:http";
import { closeServer, listen } from "../../../dev/stack/listen.ts";
import type { TableServer } from "./table-server.ts";

interface TableCall {
  /** `GetItem`, `UpdateItem`, … */
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
}

export interface Wiretap extends TableServer {
  readonly calls: TableCall[];
  /** The next call is carried out, but its answer is lost. */
  loseNextAnswer(): void;
}

/** Stands between a client and its table: writes down what is asked, and loses answers on demand. */
export const tapTable = async (endpoint: string): Promise<Wiretap> => {
  const calls: TableCall[] = [];
  let loses = false;
  const server = createServer((request, response) => {
    void (async () => {
      const body = Buffer.concat(await request.toArray());
      const target = String(request.headers["x-amz-target"]);
      calls.push({
        operation: target.slice(target.indexOf(".") + 1),
        input: JSON.parse(body.toString()) as TableCall["input"],
      });
      const answer = await fetch(endpoint, {
        method: "POST",
        headers: {
          "content-type": String(request.headers["content-type"]),
          "x-amz-target": target,
          "x-amz-date": String(request.headers["x-amz-date"]),
          authorization: String(request.headers.authorization),
        },
        body,
      });
      const content = Buffer.from(await answer.arrayBuffer());
      if (loses) {
        loses = false;
        request.socket.destroy();
        return;
      }
      response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" }).end(content);
    })().catch(() => request.socket.destroy());
  });
  return {
    endpoint: `http://127.0.0.1:${await listen(server)}`,
    calls,
    loseNextAnswer: () => {
      loses = true;
    },
    close: () => closeServer(server),
  };
};
