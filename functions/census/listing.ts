import { ListObjectVersionsCommand, type ListObjectVersionsCommandInput, type S3Client } from "@aws-sdk/client-s3";
import { addAbortSignal, type Readable } from "node:stream";
import { decodeEventKey } from "../../lib/media/key.ts";

/** An object as a listing shows it. */
export interface ListedObject {
  readonly key: string;
  readonly versionId: string;
  readonly sizeBytes: number;
  /** When it was written (ms since the epoch); of an upload in parts, when it was begun. */
  readonly writtenAt: number;
}

/** Pages that are on their way at once. */
const LISTERS = 8;
/** A page takes a second at most, and much longer where the connection hangs. */
const PAGE_MS = 30_000;
/** Times that a page is asked for; the SDK does not repeat what breaks off within a response. */
const PAGE_TRIES = 3;
/** Parts of the bucket, by the first digit of the job's id: each ends with its key. The last one has no end. */
const ENDS = Array.from("123456789abcdef", (digit) => `media/${digit}`);

/**
 * Lists the current versions under `media/`, page by page, without delete markers. A bucket of more than one page is listed in
 * several places at once. Throws the SDK's errors, and what `visit` throws.
 *
 * @param matters whether an object is shown to `visit`; thousands of pages of the others would be garbage for long
 * @param firstPart the part of the bucket that comes first, of those after the first page, counted round and round
 * @param isTimeUp whether no more pages are to be listed
 * @returns whether all of it was listed
 */
export const listObjects = async (
  client: Pick<S3Client, "send">,
  bucketName: string,
  matters: (object: ListedObject) => boolean,
  visit: (page: ListedPage) => Promise<void>,
  firstPart: number,
  isTimeUp: () => boolean,
): Promise<boolean> => {
  const list = async (after: Marker, end?: string): Promise<Page> => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await listPage(client, bucketName, after, { end, matters });
      } catch (error) {
        if (tries === PAGE_TRIES) throw error;
      }
    }
  };
  const first = await list({});
  await visit(first);
  if (!first.next) return true;
  const begun = first.next;
  const starts = [begun, ...ENDS.filter((end) => end > begun.KeyMarker).map((end) => ({ KeyMarker: end }))];
  const parts = starts.map((start, index) => ({ start, end: starts[index + 1]?.KeyMarker }));
  parts.push(...parts.splice(0, firstPart % parts.length));
  let isComplete = true;
  const listParts = async (): Promise<void> => {
    for (let part = parts.shift(); part; part = parts.shift()) {
      const { end } = part;
      for (let after: Marker | undefined = part.start; after;) {
        if (isTimeUp()) {
          isComplete = false;
          return;
        }
        const page: Page = await list(after, end);
        await visit(page);
        after = page.next && (end === undefined || page.next.KeyMarker <= end) ? page.next : undefined;
      }
    }
  };
  await Promise.all(Array.from({ length: LISTERS }, listParts));
  return isComplete;
};

export interface ListedPage {
  /** Those that matter. */
  readonly objects: readonly ListedObject[];
  /** How many there are in all. */
  readonly count: number;
}

interface Page extends ListedPage {
  /** Where the next page begins, if there is one. */
  readonly next: (Marker & { readonly KeyMarker: string }) | undefined;
}

interface Wanted {
  /** The last key that is read; a marker is left out of the list that begins there. */
  readonly end: string | undefined;
  readonly matters: (object: ListedObject) => boolean;
}

type Marker = Pick<ListObjectVersionsCommandInput, "KeyMarker" | "VersionIdMarker">;

/**
 * The SDK signs, sends and repeats the call, but does not read the response: it takes 20 ms of CPU and 10 MB of memory for a
 * page, more than the census has for the thousands of pages of a large bucket.
 */
const listPage = async (
  client: Pick<S3Client, "send">,
  bucketName: string,
  after: Marker,
  wanted: Wanted,
): Promise<Page> => {
  // Keys may hold characters that XML cannot carry.
  const command = new ListObjectVersionsCommand({
    Bucket: bucketName,
    Prefix: "media/",
    EncodingType: "url",
    ...after,
  });
  const abortSignal = AbortSignal.timeout(PAGE_MS);
  let page: Page | undefined;
  command.middlewareStack.addRelativeTo(
    <Args, Output extends { response: unknown }>(next: (args: Args) => Promise<Output>) =>
      async (args: Args) => {
        const result = await next(args);
        const response = result.response as { readonly statusCode: number; body: Readable | Uint8Array };
        if (response.statusCode === 200) {
          page = await readPage(addAbortSignal(abortSignal, response.body as Readable), wanted);
          response.body = Buffer.from("<ListVersionsResult/>");
        }
        return result;
      },
    { relation: "after", toMiddleware: "deserializerMiddleware", name: "readListing" },
  );
  await client.send(command, { abortSignal });
  if (!page) throw new Error("S3 lists nothing");
  return page;
};

const BEGIN = "<Version>";
const END = "</Version>";

/** Reads a page as it comes. */
const readPage = async (body: Readable, { end, matters }: Wanted): Promise<Page> => {
  const objects: ListedObject[] = [];
  let count = 0;
  let head: string | undefined;
  let rest = "";
  for await (const chunk of body as AsyncIterable<Buffer>) {
    // What is read of it is ASCII.
    rest += chunk.toString("latin1");
    let at = 0;
    for (;;) {
      const begins = rest.indexOf(BEGIN, at);
      const ends = begins === -1 ? -1 : rest.indexOf(END, begins);
      if (ends === -1) break;
      head ??= rest.slice(0, begins);
      at = ends + END.length;
      const version = rest.slice(begins, ends);
      if (content(version, "<IsLatest>") !== "true") continue;
      const object = readVersion(version);
      if (end !== undefined && object.key > end) continue;
      count += 1;
      if (matters(object)) objects.push(detach(object));
    }
    rest = rest.slice(at);
  }
  if (!rest.trimEnd().endsWith("</ListVersionsResult>")) throw new Error("S3's listing is cut off");
  const around = (head ?? "") + rest;
  if (content(around, "<IsTruncated>") !== "true") return { objects, count, next: undefined };
  const KeyMarker = decode(content(around, "<NextKeyMarker>") ?? "");
  return { objects, count, next: { KeyMarker, VersionIdMarker: content(around, "<NextVersionIdMarker>") } };
};

const readVersion = (version: string): ListedObject => ({
  key: decode(content(version, "<Key>") ?? ""),
  versionId: content(version, "<VersionId>") ?? "null",
  sizeBytes: Number(content(version, "<Size>")),
  writtenAt: Date.parse(content(version, "<LastModified>") ?? ""),
});

/** A copy: a piece of a text keeps all of the text in memory. */
const detach = (object: ListedObject): ListedObject => JSON.parse(JSON.stringify(object)) as ListedObject;

/** What an element holds that has text and no attributes. None of those that are read here needs XML's escapes. */
const content = (xml: string, tag: string): string | undefined => {
  const begin = xml.indexOf(tag);
  return begin === -1 ? undefined : xml.slice(begin + tag.length, xml.indexOf("<", begin + tag.length));
};

/** S3 encodes keys in a listing as it does in its events. */
const decode = (key: string): string => {
  const decoded = decodeEventKey(key);
  if (decoded === undefined) throw new Error("S3 lists a key that cannot be decoded");
  return decoded;
};
