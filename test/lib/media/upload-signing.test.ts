import { afterEach, describe, expect, it } from "@jest/globals";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { awsClientOptions } from "../../../lib/aws-client.ts";
import { createUploadSigner, type SignedRequest, type UploadSigner } from "../../../lib/media/upload-signing.ts";
import { UploadStoreError } from "../../../lib/media/body.ts";

const KEY = "media/0123456789abcdef0123456789abcdef/fedcba9876543210fedcba9876543210/a.mp4";
const UPLOAD = { key: KEY, uploadId: "upload.id_1~" };
const NOW = Date.UTC(2031, 4, 6, 7, 8, 9);

const createSigner = (
  endpoint?: string,
  credentials: object = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" },
) =>
  createUploadSigner({
    s3: awsClientOptions(
      { region: "eu-west-1", endpoint, credentials: credentials as { accessKeyId: string; secretAccessKey: string } },
      { maxAttempts: 1 },
    ),
    bucketName: "captions-media",
    lifetimeS: 900,
    clock: () => NOW,
  });

const EVERY = {
  put: (signer) => signer.put({ key: KEY }),
  "put of a stated size and type": (signer) => signer.put({ key: KEY, contentLength: 7, contentType: "video/mp4" }),
  createMultipart: (signer) => signer.createMultipart({ key: KEY, contentType: "video/mp4" }),
  part: (signer) => signer.part({ ...UPLOAD, partNumber: 3 }),
  "part of a stated size": (signer) => signer.part({ ...UPLOAD, partNumber: 3, contentLength: 7 }),
  listParts: (signer) => signer.listParts(UPLOAD),
  complete: (signer) => signer.complete(UPLOAD),
  abort: (signer) => signer.abort(UPLOAD),
} satisfies Record<string, (signer: UploadSigner) => Promise<SignedRequest>>;

const queryOf = ({ url }: SignedRequest) => new URL(url).searchParams;

describe("createUploadSigner", () => {
  describe.each(Object.entries(EVERY))("%s", (name, sign) => {
    it("signs this key in this bucket, for its lifetime and from now", async () => {
      const signed = await sign(createSigner());
      const url = new URL(signed.url);
      expect(signed.key).toBe(KEY);
      expect(url.origin).toBe("https://captions-media.s3.eu-west-1.amazonaws.com");
      expect(url.pathname).toBe(`/${KEY}`);
      expect(url.searchParams.get("X-Amz-Expires")).toBe("900");
      expect(url.searchParams.get("X-Amz-Date")).toBe("20310506T070809Z");
      expect(signed.expiresAt).toBe("2031-05-06T07:23:09.000Z");
    });

    it("asks for no checksum and signs no content type", async () => {
      const signed = await sign(createSigner());
      expect(signed.url.toLowerCase()).not.toMatch(/checksum|crc32|content-md5|content-type/);
    });

    it("has a signed header besides the host only where a size was stated", async () => {
      const signed = await sign(createSigner());
      const isSized = name.includes("stated size");
      expect(queryOf(signed).get("X-Amz-SignedHeaders")).toBe(isSized ? "content-length;host" : "host");
    });
  });

  it("names upload and part as S3 wants them", async () => {
    const signer = createSigner();
    expect(new URL((await signer.createMultipart({ key: KEY })).url).searchParams.has("uploads")).toBe(true);
    for (const name of ["part", "listParts", "complete", "abort"] as const)
      expect(queryOf(await EVERY[name](signer)).get("uploadId")).toBe(UPLOAD.uploadId);
    expect(queryOf(await EVERY.part(signer)).get("partNumber")).toBe("3");
    expect(queryOf(await signer.listParts({ ...UPLOAD, afterPart: 1000 })).get("part-number-marker")).toBe("1000");
  });

  it("tells the client to send the content type that it stated, and no content length", async () => {
    const signer = createSigner();
    const stated = { key: KEY, contentType: "video/mp4", contentLength: 7 };
    expect((await signer.put(stated)).headers).toEqual({ "content-type": "video/mp4" });
    expect((await signer.createMultipart(stated)).headers).toEqual({ "content-type": "video/mp4" });
    expect((await signer.put({ key: KEY })).headers).toEqual({});
  });

  it("says no later expiry than that of the credentials, where they tell", async () => {
    const expiration = new Date(NOW + 60_000);
    const signer = createSigner(undefined, { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "s", expiration });
    expect((await signer.put({ key: KEY })).expiresAt).toBe("2031-05-06T07:09:09.000Z");
  });
});

describe("uploadedBytes", () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  const listen = async (listener: RequestListener): Promise<UploadSigner> => {
    const listening = createServer(listener);
    server = listening;
    await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
    return createSigner(`http://127.0.0.1:${(listening.address() as AddressInfo).port}`);
  };

  const page = (sizes: number[], next?: number) =>
    `<?xml version="1.0"?><ListPartsResult>${sizes
      .map((size, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>"e"</ETag><Size>${size}</Size></Part>`)
      .join("")}<IsTruncated>${next !== undefined}</IsTruncated>${
      next === undefined ? "" : `<NextPartNumberMarker>${next}</NextPartNumberMarker>`
    }</ListPartsResult>`;

  it("adds up the parts of every page", async () => {
    const asked: (string | null)[] = [];
    const signer = await listen((request, response) => {
      const marker = new URL(request.url ?? "", "http://localhost").searchParams.get("part-number-marker");
      asked.push(marker);
      response.end(marker === null ? page([5, 6], 2) : marker === "2" ? page([7, 8], 4) : page([9]));
    });
    await expect(signer.uploadedBytes(UPLOAD)).resolves.toBe(35);
    expect(asked).toEqual([null, "2", "4"]);
  });

  it("is 0 for an upload without parts", async () => {
    const signer = await listen((_request, response) => response.end(page([])));
    await expect(signer.uploadedBytes(UPLOAD)).resolves.toBe(0);
  });

  const refuse = (status: number, code: string) =>
    listen((_request, response) => {
      response.writeHead(status, { "content-type": "application/xml" });
      response.end(`<Error><Code>${code}</Code><Message>captions-media</Message></Error>`);
    });

  it("knows an upload that is gone", async () => {
    const signer = await refuse(404, "NoSuchUpload");
    await expect(signer.uploadedBytes(UPLOAD)).resolves.toBeUndefined();
  });

  it.each([
    [403, "AccessDenied"],
    [404, "NoSuchBucket"],
    [500, "InternalError"],
    [503, "SlowDown"],
  ])("fails without details on %i %s", async (status, code) => {
    const signer = await refuse(status, code);
    const error: unknown = await signer.uploadedBytes(UPLOAD).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UploadStoreError);
    expect(error).toHaveProperty("code", "STORE_UNAVAILABLE");
    expect(inspect(error, { depth: 10, showHidden: true })).not.toMatch(/captions-media|AccessDenied|uploadId/);
  });
});
