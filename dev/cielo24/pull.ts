import { createHash } from "node:crypto";
import { ApiFailure } from "./failure.ts";

/** Gets the media of a URL instead of the network; undefined: the URL cannot be reached. */
export type FetchMedia = (url: string) => Promise<Uint8Array | undefined>;

interface Pulled {
  readonly sizeBytes: number;
  readonly sha256: string;
}

/**
 * Checks that the URL can be reached, and returns a function that fetches it; undefined if it cannot be reached.
 *
 * @throws {ApiFailure} INVALID_URL if it is no URL
 */
export const reach = async (
  url: string,
  fetchMedia: FetchMedia | undefined,
): Promise<(() => Promise<Pulled>) | undefined> => {
  if (!URL.canParse(url)) throw new ApiFailure("INVALID_URL", "The media URL is malformed.");
  const supplied = await fetchMedia?.(url);
  if (supplied)
    return () =>
      Promise.resolve({
        sizeBytes: supplied.byteLength,
        sha256: createHash("sha256").update(supplied).digest("hex"),
      });
  const isLoopback = ["127.0.0.1", "localhost"].includes(new URL(url).hostname);
  // The simulator never calls other machines.
  const head = isLoopback ? await fetch(url, { method: "HEAD" }).catch(() => undefined) : undefined;
  if (!head?.ok) return undefined;
  return async () => {
    const response = await fetch(url);
    if (!response.ok || !response.body) throw new Error(`The media URL answered ${response.status}`);
    const hash = createHash("sha256");
    let sizeBytes = 0;
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      hash.update(chunk);
      sizeBytes += chunk.byteLength;
    }
    return { sizeBytes, sha256: hash.digest("hex") };
  };
};
