import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { closeServer, listen } from "../../dev/stack/listen.ts";

/** What a request to the store is, as S3 tells them apart. */
export interface StoreRequest {
  readonly kind: "put" | "create" | "part" | "list" | "complete" | "abort";
  readonly partNumber: number;
  readonly uploadId: string;
  /** How often this one was made before, failures included. */
  readonly repeats: number;
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
}

/** Deals with a request; true if the store is not to answer by itself. */
export type Behaviour = (request: StoreRequest) => boolean | Promise<boolean>;

/**
 * The proxy's API and a store on one server with real sockets, both as simple as can be, whose requests a test can treat
 * badly. The store checks a completion as S3 does, and says what each object that it holds consists of.
 */
export const startStore = async (behave: Behaviour = () => false) => {
  const seen: string[] = [];
  const objects: Buffer[] = [];
  const uploads = new Map<string, Map<number, Buffer>>();
  const counts = new Map<string, number>();
  let sendingNow = 0;
  let mostAtATime = 0;
  let signed = 0;

  const server = createServer((message, response) => {
    message.on("error", () => undefined);
    response.on("error", () => undefined);
    void answer(message, response).catch(() => undefined);
  });
  const port = await listen(server);
  const url = `http://127.0.0.1:${port}`;

  const answer = async (message: IncomingMessage, response: ServerResponse) => {
    const target = new URL(message.url ?? "", url);
    if (target.pathname.endsWith("/sign_upload")) {
      sign(await read(message), response);
      return;
    }
    if (target.pathname.endsWith("/delivery")) {
      json(response, { JobId: "j", State: "DELIVERED", UpdatedAt: "2026-01-01T00:00:00Z" });
      return;
    }
    const uploadId = target.searchParams.get("uploadId") ?? "";
    const partNumber = Number(target.searchParams.get("partNumber"));
    const kind = kindOf(message.method ?? "", target.searchParams);
    const name = kind === "part" ? `part ${partNumber}` : kind;
    const countKey = `${uploadId} ${name}`;
    const repeats = counts.get(countKey) ?? 0;
    counts.set(countKey, repeats + 1);
    seen.push(name);
    if (await behave({ kind, partNumber, uploadId, repeats, message, response })) return;
    sendingNow += kind === "part" ? 1 : 0;
    mostAtATime = Math.max(mostAtATime, sendingNow);
    const body = await read(message).finally(() => (sendingNow -= kind === "part" ? 1 : 0));
    store(kind, { uploadId, partNumber, body }, response);
  };

  const sign = (body: Buffer, response: ServerResponse) => {
    signed += 1;
    const { upload_id, part_number } = JSON.parse(body.toString()) as { upload_id?: string; part_number?: number };
    const query = new URLSearchParams({
      ...(upload_id !== undefined && { uploadId: upload_id }),
      ...(part_number !== undefined && { partNumber: String(part_number) }),
    });
    json(response, {
      url: `${url}/store?${query.toString()}`,
      key: "media/a",
      headers: {},
      expires_at: "2027-01-01T00:00:00Z",
    });
  };

  const store = (
    kind: StoreRequest["kind"],
    { uploadId, partNumber, body }: { uploadId: string; partNumber: number; body: Buffer },
    response: ServerResponse,
  ) => {
    const parts = uploads.get(uploadId);
    if (kind === "put") objects.push(body);
    else if (kind === "create") {
      const id = `upload-${uploads.size + 1}`;
      uploads.set(id, new Map());
      xml(response, `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`);
      return;
    } else if (!parts) {
      xml(response, "<Error><Code>NoSuchUpload</Code><Message>Gone.</Message></Error>", 404);
      return;
    } else if (kind === "part") parts.set(partNumber, body);
    else if (kind === "abort") uploads.delete(uploadId);
    else if (kind === "list") {
      xml(
        response,
        `<ListPartsResult>${[...parts].map(([number, { length }]) => `<Part><PartNumber>${number}</PartNumber><ETag>e${number}</ETag><Size>${length}</Size></Part>`).join("")}</ListPartsResult>`,
      );
      return;
    } else {
      const numbers = [...body.toString().matchAll(/<PartNumber>(\d+)</g)].map(([, number]) => Number(number));
      if (!numbers.every((number, index) => number === index + 1 && parts.has(number))) {
        xml(response, "<Error><Code>InvalidPart</Code></Error>", 400);
        return;
      }
      objects.push(Buffer.concat(numbers.map((number) => parts.get(number) ?? Buffer.alloc(0))));
      uploads.delete(uploadId);
      xml(response, "<CompleteMultipartUploadResult></CompleteMultipartUploadResult>");
      return;
    }
    response.writeHead(kind === "abort" ? 204 : 200, { etag: `"e${partNumber}"` }).end();
  };

  return {
    url,
    /** Requests to the store, such as `create` and `part 1`. */
    seen,
    objects,
    uploads,
    mostAtATime: () => mostAtATime,
    signed: () => signed,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await closeServer(server);
    },
  };
};

const kindOf = (method: string, query: URLSearchParams): StoreRequest["kind"] => {
  if (method === "PUT") return query.has("partNumber") ? "part" : "put";
  if (method === "POST") return query.has("uploadId") ? "complete" : "create";
  return method === "GET" ? "list" : "abort";
};

const read = async (message: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

const json = (response: ServerResponse, body: object) => {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
};

const xml = (response: ServerResponse, body: string, status = 200) => {
  response.writeHead(status, { "content-type": "application/xml" }).end(body);
};
