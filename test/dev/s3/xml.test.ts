import { describe, expect, it } from "@jest/globals";
import { parseXml } from "../../../dev/s3/xml.ts";

describe("parseXml", () => {
  it.each(["&quot;5d41&quot;", "&#34;5d41&#34;", "&#x22;5d41&#x22;", '"5d41"'])(
    "reads quotation marks however a client writes them: %s",
    (etag) => {
      const text = `<Complete><Part><PartNumber>1</PartNumber><ETag>${etag}</ETag></Part></Complete>`;
      expect(parseXml(text, "Complete")).toEqual({ Part: [{ PartNumber: "1", ETag: '"5d41"' }] });
    },
  );

  it("reads what is escaped once, once", () => {
    expect(parseXml("<Delete><Object><Key>a&amp;#34;b</Key></Object></Delete>", "Delete")).toEqual({
      Object: [{ Key: "a&#34;b" }],
    });
  });
});
