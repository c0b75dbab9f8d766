import { ListObjectVersionsCommand, type ListObjectVersionsCommandInput, type S3Client } from "@aws-sdk/client-s3";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { decodeEventKey } from "../../lib/media/key.ts";

/** An object as a listing shows it: the current version of a key. */
export interface ListedObject {
  readonly key: string;
  readonly versionId: string;
  readonly sizeBytes: number;
  /** When it was written (ms since the epoch); of an upload in parts, when it was begun. */
  readonly writtenAt: number;
}

/** Pages that are on their way at once. */
const LISTERS = 8;
/** Parts of the bucket, by the first digit of the job's id: each ends with its key. The last one has no end. */
const ENDS = Array.from("123456789abcdef", (digit) => `media/${digit}`);

/**
 * Shows the current versions under `media/`, page by page, without delete markers. A bucket of more than one page is listed
 * in several places at once. Throws the SDK's errors, and what `visit` throws.
 */
export const visitObjects = async (
  client: Pick<S3Client, "send">,
  bucketName: string,
  visit: (objects: readonly ListedObject[]) => Promise<void>,
): Promise<void> => {
  const list = (after: Marker) => listPage(client, bucketName, after);
  const first = await list({});
  await visit(first.objects);
  if (!first.next) return;
  const begun = first.next;
  const starts = [begun, ...ENDS.filter((end) => end > begun.KeyMarker).map((end) => ({ KeyMarker: end }))];
  const parts = starts.map((start, index) => ({ start, end: starts[index + 1]?.KeyMarker }));
  const listParts = async (): Promise<void> => {
    for (let part = parts.shift(); part; part = parts.shift()) {
      const { end } = part;
      for (let after: Marker | undefined = part.start; after;) {
        const { objects, next } = await list(after);
        // A marker is left out of the list that begins there, so it belongs to the part before.
        await visit(end === undefined ? objects : objects.filter(({ key }) => key <= end));
        after = next && (end === undefined || next.KeyMarker <= end) ? next : undefined;
      }
    }
  };
  await Promise.all(Array.from({ length: LISTERS }, listParts));
};

type Marker = Pick<ListObjectVersionsCommandInput, "KeyMarker" | "VersionIdMarker">;

interface Page {
  readonly objects: readonly ListedObject[];
  /** Where the next page begins, if there is one. */
  readonly next: (Marker & { readonly KeyMarker: string }) | undefined;
}

/**
 * The SDK signs, sends and repeats the call, but does not read the response: it takes 20 ms of CPU and 10 MB of memory for a
 * page, more than the census has for the thousands of pages of a large bucket.
 */
const listPage = async (client: Pick<S3Client, "send">, bucketName: string, after: Marker): Promise<Page> => {
  // Keys may hold characters that XML cannot carry.
  const command = new ListObjectVersionsCommand({
    Bucket: bucketName,
    Prefix: "media/",
    EncodingType: "url",
    ...after,
  });
  let page: Page | undefined;
  command.middlewareStack.addRelativeTo(
    <Args, Output extends { response: unknown }>(next: (args: Args) => Promise<Output>) =>
      async (args: Args) => {
        const result = await next(args);
        const response = result.response as { readonly statusCode: number; body: Readable | Uint8Array };
        if (response.statusCode === 200) {
          page = readPage(await text(response.body as Readable));
          response.body = Buffer.from("<ListVersionsResult/>");
        }
        return result;
      },
    { relation: "after", toMiddleware: "deserializerMiddleware", name: "readListing" },
  );
  await client.send(command);
  if (!page) throw new Error("S3 lists nothing");
  return page;
};

const BEGIN = "<Version>";

const readPage = (xml: string): Page => {
  if (!xml.trimEnd().endsWith("</ListVersionsResult>")) throw new Error("S3's listing is cut off");
  const objects: ListedObject[] = [];
  for (let begin = xml.indexOf(BEGIN); begin !== -1; begin = xml.indexOf(BEGIN, begin + BEGIN.length)) {
    const version = xml.slice(begin, xml.indexOf("</Version>", begin));
    if (content(version, "IsLatest") !== "true") continue;
    objects.push({
      key: decode(content(version, "Key") ?? ""),
      versionId: content(version, "VersionId") ?? "null",
      sizeBytes: Number(content(version, "Size")),
      writtenAt: Date.parse(content(version, "LastModified") ?? ""),
    });
  }
  if (content(xml, "IsTruncated") !== "true") return { objects, next: undefined };
  const KeyMarker = decode(content(xml, "NextKeyMarker") ?? "");
  return { objects, next: { KeyMarker, VersionIdMarker: content(xml, "NextVersionIdMarker") } };
};

/** What an element holds that has text and no attributes. None of those that are read here needs XML's escapes. */
const content = (xml: string, name: string): string | undefined => {
  const begin = xml.indexOf(`<${name}>`);
  return begin === -1 ? undefined : xml.slice(begin + name.length + 2, xml.indexOf("</", begin));
};

/** S3 encodes keys in a listing as it does in its events. */
const decode = (key: string): string => {
  const decoded = decodeEventKey(key);
  if (decoded === undefined) throw new Error("S3 lists a key that cannot be decoded");
  return decoded;
};
