import { Busboy } from "@fastify/busboy";
import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { S3Error } from "./errors.ts";
import type { S3Request } from "./request.ts";
import type { Version } from "./store.ts";

/** A browser's form that uploads one file. */
export interface PostForm {
  /** The fields before the file, by lower-case name. S3 ignores those after it. */
  readonly fields: Readonly<Record<string, string>>;
  /** What takes the place of `${filename}`: the file's name without its folders. */
  readonly fileName: string;
  /** Whoever reads the form reads it, or abandons the whole request. Ends with IncompleteBody if the request does. */
  readonly file: AsyncIterable<Uint8Array>;
}

/**
 * Reads a form up to the bytes of its file.
 *
 * @throws {S3Error} MissingContentLength, PreconditionFailed, MalformedPOSTRequest, InvalidArgument
 */
export const readPostForm = (message: IncomingMessage): Promise<PostForm> =>
  new Promise((resolve, reject) => {
    const { headers } = message;
    if (headers["content-length"] === undefined) throw new S3Error("MissingContentLength");
    const contentType = headers["content-type"] ?? "";
    if (!/^multipart\/form-data(;|$)/i.test(contentType))
      throw new S3Error("PreconditionFailed", "Bucket POST must be of the enclosure-type multipart/form-data");
    if (!/boundary=/i.test(contentType)) throw new S3Error("MalformedPOSTRequest");
    const fields: Record<string, string> = {};
    const parser = new Busboy({
      headers: { ...headers, "content-type": contentType },
      // A file is a file by its field's name, whatever type and name it has itself.
      isPartAFile: (name) => name === "file",
    });
    parser.on("field", (name, value) => {
      fields[name.toLowerCase()] = value;
    });
    parser.on("file", (_name, stream, fileName) => {
      // A copy: the fields after the file may come before anybody reads these.
      resolve({ fields: { ...fields }, fileName, file: readFile(stream) });
    });
    parser.on("finish", () => {
      reject(new S3Error("InvalidArgument", "POST requires exactly one file upload per request."));
    });
    parser.on("error", () => {
      reject(new S3Error("MalformedPOSTRequest"));
    });
    message.pipe(parser);
  });

async function* readFile(stream: Readable): AsyncGenerator<Uint8Array> {
  try {
    yield* stream as AsyncIterable<Uint8Array>;
  } catch {
    throw new S3Error("IncompleteBody");
  }
}

/** The answer to a form, as its fields ask for it. */
export const describePost = (
  { headers, rawPath, bucket }: S3Request,
  fields: Readonly<Record<string, string>>,
  { key, etag, versionId }: Version,
) => {
  const answer = { etag, "x-amz-version-id": versionId };
  const redirect = fields["success_action_redirect"] ?? "";
  if (URL.canParse(redirect)) {
    const url = new URL(redirect);
    for (const [name, value] of Object.entries({ bucket, key, etag })) url.searchParams.set(name, value);
    return { status: 303, headers: { ...answer, location: url.href } };
  }
  const folder = `http://${headers["host"] ?? ""}${rawPath}`.replace(/\/$/, "");
  const location = `${folder}/${key.split("/").map(encodeURIComponent).join("/")}`;
  const status = Number(fields["success_action_status"]);
  return {
    status: [200, 201].includes(status) ? status : 204,
    headers: { ...answer, location },
    ...(status === 201
      ? { xml: ["PostResponse", { Location: location, Bucket: bucket, Key: key, ETag: etag }] as const }
      : {}),
  };
};
