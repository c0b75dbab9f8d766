import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import type { S3Server } from "./s3-server.ts";

/** The headers of a request, signed: for requests that the SDK would not make. */
export const signedHeaders = async (
  { region, credentials }: Pick<S3Server, "region" | "credentials">,
  method: string,
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<Record<string, string>> => {
  const { host, hostname, pathname, searchParams } = new URL(url);
  const signer = new SignatureV4({
    service: "s3",
    region,
    credentials,
    sha256: Sha256,
    uriEscapePath: false,
    applyChecksum: false,
  });
  const signed = await signer.sign({
    method,
    protocol: "http:",
    hostname,
    path: pathname,
    query: Object.fromEntries(searchParams),
    headers: { host, ...headers },
  });
  return signed.headers;
};
