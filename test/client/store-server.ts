import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { closeServer, listen } from "../../dev/stack/listen.ts";

/** What a request is: to the store, as S3 tells them apart, or to the API. */
export interface StoreRequest {
  readonly kind: "put" | "create" | "part" | "list" | "complete" | "abort" | "sign" | "delivery";
  readonly partNumber: number;
  readonly uploadId: string;
  /** How often this one was made before, failures included. */
  readonly repeats: number;
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
}

/**
 * True if the behaviour deals with the request by itself; "answer is lost" if it takes effect, and nobody is told; "comes
 * twice" if it takes effect, and comes again, as browsers send it where a connection breaks that they have used before.
 */
type Treatment = boolean | "answer is lost" | "comes twice";

/** Decides what becomes of a request. */
export type Behaviour = (request: StoreRequest) => Treatment | Promise<Treatment>;

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export const tagOf = (bytes: Buffer): string => `"${createHash("md5").update(bytes).digest("hex")}"`;

/**
 * The proxy's API and a store on one server with real sockets, both as simple as can be, whose requests a test can treat
 * badly. The store checks a completion as S3 does, and says what each object that it holds consists of.
 */
export const startStore = async (behave: Behaviour = () => false) => {
  const seen: string[] = [];
  const objects: Buffer[] = [];
  const uploads = new Map<string, Map<number, Buffer>>();
  const counts = new Map<string, number>();
  let begun = 0;
  let lastPut = "";
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
    const uploadId = target.searchParams.get("uploadId") ?? "";
    const partNumber = Number(target.searchParams.get("partNumber"));
    const kind = kindOf(message.method ?? "", target);
    const name = kind === "part" ? `part ${partNumber}` : kind;
    const countKey = `${uploadId} ${name}`;
    const repeats = counts.get(countKey) ?? 0;
    counts.set(countKey, repeats + 1);
    if (kind !== "sign" && kind !== "delivery") seen.push(name);
    const treatment = await behave({ kind, partNumber, uploadId, repeats, message, response });
    if (treatment === true) return;
    sendingNow += kind === "part" ? 1 : 0;
    mostAtATime = Math.max(mostAtATime, sendingNow);
    const body = await read(message).finally(() => (sendingNow -= kind === "part" ? 1 : 0));
    const key = target.searchParams.get("key") ?? "";
    const first = act(kind, { key, uploadId, partNumber, body });
    const own = treatment === "comes twice" ? act(kind, { key, uploadId, partNumber, body }) : first;
    if (treatment === "answer is lost") message.socket.resetAndDestroy();
    else response.writeHead(own.status ?? 200, own.headers).end(own.body);
  };

  const act = (
    kind: StoreRequest["kind"],
    { key, uploadId, partNumber, body }: { key: string; uploadId: string; partNumber: number; body: Buffer },
  ): Answer => {
    if (kind === "sign") return sign(body);
    if (kind === "delivery")
      return json({
        JobId: "j",
        State: "DELIVERED",
        UpdatedAt: "2026-01-01T00:00:00Z",
        ...(objects[0] && { SizeBytes: objects[0].length }),
      });
    if (kind === "put") {
      // Whoever sends it again to the same URL overwrites it.
      if (lastPut === key) objects.pop();
      lastPut = key;
      objects.push(body);
      return { headers: { etag: tagOf(body) } };
    }
    if (kind === "create") {
      const id = `upload-${++begun}`;
      uploads.set(id, new Map());
      return xml(`<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`);
    }
    const parts = uploads.get(uploadId);
    if (!parts) return xml("<Error><Code>NoSuchUpload</Code><Message>Gone.</Message></Error>", 404);
    if (kind === "part") {
      parts.set(partNumber, body);
      return { headers: { etag: tagOf(body) } };
    }
    if (kind === "list") return xml(`<ListPartsResult>${[...parts].map(describePart).join("")}</ListPartsResult>`);
    if (kind === "complete") {
      // S3 has nothing against gaps in the numbers.
      const wanted = [...body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber><ETag>(.*?)<\/ETag>/g)].map(
        ([, number, tag]) => ({ bytes: parts.get(Number(number)), tag: tag?.replaceAll("&quot;", '"') }),
      );
      const found = wanted.flatMap(({ bytes, tag }) => (bytes && tagOf(bytes) === tag ? [bytes] : []));
      if (found.length < wanted.length) return xml("<Error><Code>InvalidPart</Code></Error>", 400);
      objects.push(Buffer.concat(found));
    }
    uploads.delete(uploadId);
    return kind === "abort" ? { status: 204 } : xml("<CompleteMultipartUploadResult></CompleteMultipartUploadResult>");
  };

  /** Once media has arrived for the job, the proxy signs no other. */
  const sign = (body: Buffer): Answer => {
    signed += 1;
    const { upload_id, part_number } = JSON.parse(body.toString()) as { upload_id?: string; part_number?: number };
    if (upload_id === undefined && objects.length > 0)
      return { ...json({ ErrorType: "DELIVERY_UNDER_WAY", ErrorComment: "It is being delivered." }), status: 409 };
    const key = `media/${upload_id ?? signed}`;
    const query = new URLSearchParams({
      key,
      ...(upload_id !== undefined && { uploadId: upload_id }),
      ...(part_number !== undefined && { partNumber: String(part_number) }),
    });
    return json({
      url: `${url}/store?${query.toString()}`,
      key,
      headers: {},
      expires_at: "2027-01-01T00:00:00Z",
    });
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

const kindOf = (method: string, { pathname, searchParams }: URL): StoreRequest["kind"] => {
  if (pathname.endsWith("/sign_upload")) return "sign";
  if (pathname.endsWith("/delivery")) return "delivery";
  if (method === "PUT") return searchParams.has("partNumber") ? "part" : "put";
  if (method === "POST") return searchParams.has("uploadId") ? "complete" : "create";
  return method === "GET" ? "list" : "abort";
};

const describePart = ([number, bytes]: [number, Buffer]): string =>
  `<Part><PartNumber>${number}</PartNumber><ETag>${tagOf(bytes).replaceAll('"', "&quot;")}</ETag><Size>${bytes.length}</Size></Part>`;

const read = async (message: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

const json = (body: object): Answer => ({
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

const xml = (body: string, status = 200): Answer => ({ status, headers: { "content-type": "application/xml" }, body });
