import { S3Error } from "./errors.ts";
import { parseXml, type XmlValue } from "./xml.ts";

/** An object's tags by key. */
export type Tags = ReadonlyMap<string, string>;

export const NO_TAGS: Tags = new Map();

const MAX_TAGS = 10;
const MAX_KEY_LENGTH = 128;
const MAX_VALUE_LENGTH = 256;
const ALLOWED = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** Tags as the header `x-amz-tagging` has them: `a=1&b=2`. @throws {S3Error} */
export const readTagHeader = (value: string | undefined): Tags => collect([...new URLSearchParams(value)]);

/** Tags of a `<Tagging>` document. @throws {S3Error} MalformedXML and others */
export const readTagDocument = (text: string): Tags => {
  const { TagSet } = parseXml(text, "Tagging");
  const { Tag = [] } = (typeof TagSet === "object" ? TagSet : {}) as { Tag?: readonly Record<string, unknown>[] };
  return collect(
    Tag.map(({ Key, Value }) => {
      if (typeof Key !== "string" || typeof Value !== "string") throw new S3Error("MalformedXML");
      return [Key, Value];
    }),
  );
};

/** The same document. */
export const describeTags = (tags: Tags): XmlValue => ({
  TagSet: { Tag: [...tags].map(([Key, Value]) => ({ Key, Value })) },
});

const collect = (pairs: readonly (readonly [string, string])[]): Tags => {
  if (pairs.length > MAX_TAGS) throw new S3Error("BadRequest", `Object tags cannot be greater than ${MAX_TAGS}`);
  for (const [key, value] of pairs) {
    if (key === "" || key.length > MAX_KEY_LENGTH || !ALLOWED.test(key) || key.startsWith("aws:"))
      throw new S3Error("InvalidTag", "The TagKey you have provided is invalid");
    if (value.length > MAX_VALUE_LENGTH || !ALLOWED.test(value))
      throw new S3Error("InvalidTag", "The TagValue you have provided is invalid");
  }
  const tags = new Map(pairs);
  if (tags.size < pairs.length) throw new S3Error("InvalidTag", "Cannot provide multiple Tags with the same key");
  return tags;
};
