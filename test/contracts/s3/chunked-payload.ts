import { createHmac } from "node:crypto";
import type { S3Server } from "./s3-server.ts";
import { signedHeaders } from "./signed-headers.ts";
import { sha256 } from "../../harness/sha256.ts";

const KIND = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();

/**
 * A PUT's headers and body in chunks that are signed one by one, each with the signature before it.
 * Source: Amazon S3 API Reference, "Signature calculations for the Authorization header: transferring payload in
 * multiple chunks".
 */
export const frame = async (
  server: Pick<S3Server, "region" | "credentials">,
  url: string,
  chunks: readonly string[],
): Promise<{ headers: Record<string, string>; body: string }> => {
  const headers = await signedHeaders(server, "PUT", url, {
    "content-encoding": "aws-chunked",
    "x-amz-content-sha256": KIND,
    "x-amz-decoded-content-length": String(chunks.join("").length),
  });
  const { "x-amz-date": date = "", authorization = "" } = headers;
  const scope = `${date.slice(0, 8)}/${server.region}/s3/aws4_request`;
  const key = scope.split("/").reduce<string | Buffer>(hmac, `AWS4${server.credentials.secretAccessKey}`);
  let before = /Signature=(\w+)/.exec(authorization)?.[1] ?? "";
  let body = "";
  for (const chunk of [...chunks, ""]) {
    const toSign = ["AWS4-HMAC-SHA256-PAYLOAD", date, scope, before, sha256(""), sha256(chunk)].join("\n");
    before = hmac(key, toSign).toString("hex");
    body += `${chunk.length.toString(16)};chunk-signature=${before}\r\n${chunk}\r\n`;
  }
  return { headers, body };
};
