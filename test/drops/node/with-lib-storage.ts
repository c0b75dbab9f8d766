import { CopyObjectCommand, DeleteObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";

/** Drops by `@aws-sdk/lib-storage`, as the other drivers of test/drops do with other libraries. */

const Bucket = process.env["BUCKET"] ?? "";
const client = new S3Client({ endpoint: process.env["S3_ENDPOINT"] ?? "", forcePathStyle: true });

const put = (Body: Readable, Key: string) => new Upload({ client, params: { Bucket, Key, Body } }).done();

const upload = (path: string, key: string) => put(createReadStream(path), key);

const copy = (from: string, to: string) =>
  client.send(new CopyObjectCommand({ Bucket, Key: to, CopySource: encodeURIComponent(`${Bucket}/${from}`) }));

/** Reads the file, and fails after so many bytes. */
async function* breakOff(path: string, mostBytes: number) {
  for await (const chunk of createReadStream(path, { end: mostBytes - 1 })) yield chunk as Buffer;
  throw new Error("the source broke off");
}

const actions: Readonly<Record<string, (path: string, key: string, bytes: string) => Promise<unknown>>> = {
  upload,
  copy,
  move: async (from, to) => {
    await copy(from, to);
    await client.send(new DeleteObjectCommand({ Bucket, Key: from }));
  },
  folder: async (path, prefix) => {
    for (const name of (await readdir(path)).sort()) await upload(join(path, name), prefix + name);
  },
  exception: (path, key, bytes) => put(Readable.from(breakOff(path, Number(bytes))), key),
};

const [action = "", path = "", key = "", bytes = ""] = process.argv.slice(2);
await actions[action]?.(path, key, bytes);
