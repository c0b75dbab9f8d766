import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { once } from "node:events";
import { request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { reportCost } from "./report-cost.ts";

/**
 * What one would write first: `GetObject` of the SDK into one POST, by `http.request`, by `fetch` or by undici's `request`. No
 * ledger, no SHA-256, no resumption. It takes its task from the environment and prints what that cost.
 */
const { BUCKET, KEY, TARGET = "", BY } = process.env;

/** Resolves to the status of the response. */
type Post = (body: Readable, headers: Readonly<Record<string, string>>) => Promise<number>;

const postByRequest: Post = async (body, headers) => {
  const request = (TARGET.startsWith("https:") ? requestTls : requestPlain)(TARGET, { method: "POST", headers });
  const responded = once(request, "response");
  await pipeline(body, request);
  const [response] = (await responded) as [Readable & { statusCode: number }];
  response.resume();
  return response.statusCode;
};

const postByFetch: Post = async (body, headers) => {
  const response = await fetch(TARGET, { method: "POST", headers, body, duplex: "half" });
  await response.text();
  return response.status;
};

/** Only its own process loads it, as it takes memory. */
const loadUndici = async (): Promise<Post> => {
  const { request } = await import("undici");
  return async (body, headers) => {
    const response = await request(TARGET, { method: "POST", headers, body });
    await response.body.dump();
    return response.statusCode;
  };
};

const relay = async (): Promise<void> => {
  const post = BY === "undici" ? await loadUndici() : BY === "fetch" ? postByFetch : postByRequest;
  const s3 = new S3Client({ forcePathStyle: true, responseChecksumValidation: "WHEN_REQUIRED" });
  await reportCost(async () => {
    const { Body, ContentLength } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: KEY }));
    const status = await post(Body as Readable, { "content-length": String(ContentLength) });
    if (status !== 200) throw new Error(`cielo24 answered ${status}`);
  });
};

void relay();
