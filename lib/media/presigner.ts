import type { S3Client } from "@aws-sdk/client-s3";
import { S3RequestPresigner } from "@aws-sdk/s3-request-presigner";
import { Sha256 } from "../sha256.ts";

/** A request about one object, for anyone to make who has its URL. */
export interface ObjectRequest {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  readonly key: string;
  /** As S3 is to read it, not encoded. */
  readonly query: Readonly<Record<string, string>>;
  /** The body must have exactly so many bytes. */
  readonly contentLength?: number | undefined;
}

/** The URL of a request, good for `lifetimeS` seconds from `now` (ms since the epoch). It is a secret. */
export type Presign = (request: ObjectRequest, time: { now: number; lifetimeS: number }) => Promise<string>;

/**
 * Signs requests to one bucket with a client's credentials. The URLs are the same as those of the SDK's `getSignedUrl`. That
 * one takes a command through all of the client's middleware, which costs five times the CPU.
 *
 * @param at where the client was connected to
 */
export const createPresigner = (
  { config }: S3Client,
  at: { region: string; endpoint?: string | undefined },
  bucketName: string,
): Presign => {
  const presigner = new S3RequestPresigner({ ...config, region: at.region, sha256: Sha256 });
  const bucketUrl = config.endpointProvider({ Bucket: bucketName, Region: at.region, Endpoint: at.endpoint }).url;
  const { protocol, host } = bucketUrl;
  const folder = bucketUrl.pathname.replace(/\/$/, "");

  return async ({ method, key, query, contentLength }, { now, lifetimeS }) => {
    const path = `${folder}/${encode(key).replaceAll("%2F", "/")}`;
    const headers = contentLength === undefined ? {} : { "content-length": String(contentLength) };
    const signed = await presigner.presign(
      { method, protocol, hostname: host, path, query: { ...query }, headers },
      { expiresIn: lifetimeS, signingDate: new Date(now) },
    );
    const parameters = Object.entries(signed.query ?? {}).map(([name, value]) => `${name}=${encode(String(value))}`);
    return `${protocol}//${host}${path}?${parameters.sort().join("&")}`;
  };
};

/** By RFC 3986, as signatures want it. JavaScript leaves a few more characters as they are. */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
