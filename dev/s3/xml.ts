import { XMLParser } from "fast-xml-parser";
import { S3Error } from "./errors.ts";

export type XmlValue =
  string | number | boolean | undefined | readonly XmlValue[] | { readonly [name: string]: XmlValue };

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};
const escape = (text: string): string =>
  text
    .replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character)
    .replace(/[\r\n\t]/g, (character) => `&#${character.charCodeAt(0)};`);

const NAMESPACE = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';

/** Writes an XML document as S3 does: lists repeat their element's name, errors have no namespace. */
export const toXml = (root: string, value: XmlValue): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n${element(root, value, root === "Error" ? "" : NAMESPACE)}`;

const element = (name: string, value: XmlValue, attributes = ""): string => {
  if (value === undefined) return "";
  if (Array.isArray(value)) return (value as readonly XmlValue[]).map((each) => element(name, each)).join("");
  const inner =
    typeof value === "object"
      ? Object.entries(value)
          .map(([child, childValue]) => element(child, childValue))
          .join("")
      : escape(String(value));
  return `<${name}${attributes}>${inner}</${name}>`;
};

const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  // A key may begin and end with spaces.
  trimValues: false,
  // Numeric character references, which Go programs use for quotation marks.
  htmlEntities: true,
  isArray: (name) => ["Part", "Object", "Tag"].includes(name),
});

/** The root element's children. */
export const parseXml = (text: string, root: string): Record<string, unknown> => {
  try {
    const value = (parser.parse(text) as Record<string, unknown>)[root];
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch {
    // Reported below.
  }
  throw new S3Error("MalformedXML");
};
