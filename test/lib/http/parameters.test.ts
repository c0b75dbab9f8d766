import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { ApiError } from "../../../lib/http/errors.ts";
import { readParameters } from "../../../lib/http/parameters.ts";
import { httpEvent } from "../../harness/http-event.ts";

const FORM = { "Content-Type": "application/x-www-form-urlencoded" };
const JSON_TYPE = { "Content-Type": "application/json; charset=utf-8" };

type Parts = Parameters<typeof httpEvent>[0];
const read = (parts: Parts, takesMedia = false) => readParameters(httpEvent(parts), { takesMedia });
const parametersOf = (parts: Parts) => ({ ...read(parts).parameters });

const refusal = (parts: Parts, takesMedia = false) => {
  try {
    read(parts, takesMedia);
  } catch (error) {
    if (error instanceof ApiError) return { status: error.status, code: error.code, comment: error.comment };
    throw error;
  }
  return undefined;
};
const refused = (comment: RegExp | string) => ({
  status: 400,
  code: "INVALID_QUERY",
  comment: typeof comment === "string" ? comment : (expect.stringMatching(comment) as unknown as string),
});

describe("readParameters", () => {
  it("reads everything from the query, in the older dialect with + as space", () => {
    expect(parametersOf({ query: "v=1&reference_id=two+words&requestor_id=a%2Bb%20c" })).toEqual({
      v: "1",
      reference_id: "two words",
      requestor_id: "a+b c",
    });
  });

  it("reads the query and a JSON body, in the generated dialect", () => {
    const body = JSON.stringify({ job_id: "ab", is_duplicate: true, content_length: 7, filename: null });
    expect(parametersOf({ query: "v=1", headers: JSON_TYPE, body })).toEqual({
      v: "1",
      job_id: "ab",
      is_duplicate: "true",
      content_length: "7",
    });
  });

  it("reads a form body, which arrives as base64", () => {
    const body = Buffer.from("job_id=ab&reference_id=two+words%21&requestor_id=%C3%BC\r\n");
    expect(parametersOf({ query: "v=1", headers: FORM, body })).toEqual({
      v: "1",
      job_id: "ab",
      reference_id: "two words!",
      requestor_id: "ü",
    });
  });

  it("reads a JSON body that arrives as base64, and one of a vendor's JSON type", () => {
    const body = Buffer.from('{"job_id":"ü"}');
    expect(parametersOf({ headers: { "content-type": "application/vnd.api+json" }, body })).toEqual({ job_id: "ü" });
  });

  it("takes an empty value, and an empty body, for none", () => {
    expect(parametersOf({ query: "job_id=&v=1&&x" })).toEqual({ v: "1" });
    expect(parametersOf({ query: "v=1", headers: JSON_TYPE, body: "" })).toEqual({ v: "1" });
  });

  it("keeps a comma and = in a value", () => {
    expect(parametersOf({ query: "reference_id=a,b=c" })).toEqual({ reference_id: "a,b=c" });
  });

  it.each([
    ["twice in the query", { query: "job_id=a&v=1&job_id=b" }, "job_id is given twice."],
    ["twice with the same value", { query: "job_id=a&job_id=a" }, "job_id is given twice."],
    ["twice, once in another encoding", { query: "job_id=a&job%5Fid=b" }, "job_id is given twice."],
    ["twice, once empty", { query: "job_id=&job_id=b" }, "job_id is given twice."],
    ["twice in a form", { headers: FORM, body: Buffer.from("job_id=a&job_id=b") }, "job_id is given twice."],
    [
      "with different values in query and body",
      { query: "job_id=a", headers: JSON_TYPE, body: '{"job_id":"b"}' },
      "job_id differs between the query and the body.",
    ],
  ])("threat 3: refuses a parameter %s", (_how, parts, comment) => {
    expect(refusal(parts)).toEqual(refused(comment));
  });

  it("takes a parameter that says the same in query and body", () => {
    expect(parametersOf({ query: "v=1", headers: JSON_TYPE, body: '{"v":1}' })).toEqual({ v: "1" });
  });

  it.each(["%", "%zz", "%FF", "%C3%28", "a%"])("refuses the value %s, which is no encoded UTF-8", (value) => {
    expect(refusal({ query: `reference_id=${value}` })).toEqual(refused("reference_id is not percent-encoded UTF-8."));
  });

  it("refuses a name that is no encoded UTF-8, without repeating it", () => {
    expect(refusal({ query: "%FF=1" })).toEqual(refused("The name of a parameter is not percent-encoded UTF-8."));
  });

  it.each([
    ["[1]", /^The body must be a JSON object/],
    ["null", /^The body must be a JSON object/],
    ['"job_id=a"', /^The body must be a JSON object/],
    ["{", /^The body is not JSON/],
    ['{"job_id":["a"]}', /^job_id must be a string, a number or a boolean/],
    ['{"job_id":{"a":1}}', /^job_id must be a string/],
    ['{"two words":{}}', /^A parameter must be a string/],
  ])("refuses the JSON body %s", (body, comment) => {
    expect(refusal({ headers: JSON_TYPE, body })).toEqual(refused(comment));
  });

  it("refuses a JSON body that is not UTF-8", () => {
    expect(refusal({ headers: JSON_TYPE, body: Buffer.from([0x22, 0xff, 0x22]) })).toEqual(refused(/JSON/));
  });

  it("tells who sent JSON as a form what to do", () => {
    expect(refusal({ headers: FORM, body: Buffer.from('{"job_id":"a"}') })).toEqual(
      refused(/looks like JSON: send it with Content-Type: application\/json/),
    );
  });

  it.each(["text/plain", "multipart/form-data; boundary=x", "", "video/mp4"])(
    "refuses a body of type %j where no media is taken",
    (type) => {
      expect(refusal({ headers: type ? { "content-type": type } : {}, body: Buffer.from("job_id=a") })).toEqual(
        refused(/^The body must be application\/json or/),
      );
    },
  );

  it("is not led astray by names that mean something to JavaScript", () => {
    const body = '{"__proto__":"x","constructor":"y","hasOwnProperty":"z"}';
    const { parameters } = read({ query: "toString=q", headers: JSON_TYPE, body });
    expect(Object.getPrototypeOf(parameters)).toBeNull();
    expect(Object.entries(parameters).sort()).toEqual([
      ["__proto__", "x"],
      ["constructor", "y"],
      ["hasOwnProperty", "z"],
      ["toString", "q"],
    ]);
    expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
  });

  it("reads back whatever URLSearchParams writes", () => {
    const name = fc.string({ minLength: 1, unit: "grapheme" }).filter((text) => !/token|user|pass|key/i.test(text));
    const value = fc.string({ minLength: 1, unit: "grapheme" });
    fc.assert(
      fc.property(fc.dictionary(name, value), (pairs) => {
        expect(parametersOf({ query: new URLSearchParams(pairs).toString() })).toEqual({ ...pairs });
        const body = Buffer.from(new URLSearchParams(pairs).toString());
        expect(parametersOf({ headers: FORM, body })).toEqual({ ...pairs });
      }),
    );
  });
});

describe("parameters of more than 64 KiB", () => {
  const tooLarge = { status: 413, code: "BODY_TOO_LARGE", comment: expect.stringMatching(/at most 64 KiB/) as unknown };
  const LIMIT = 64 * 1024;

  it("are taken up to there, in a form as in JSON", () => {
    const form = Buffer.from("x=".padEnd(LIMIT, "a"));
    expect(parametersOf({ headers: FORM, body: form })).toEqual({ x: "a".repeat(LIMIT - 2) });
    const json = JSON.stringify({ x: "ü".repeat((LIMIT - 8) / 2) });
    expect(Buffer.byteLength(json)).toBe(LIMIT);
    expect(Object.keys(parametersOf({ headers: JSON_TYPE, body: json }))).toEqual(["x"]);
  });

  it.each<[string, Parts]>([
    ["a form", { headers: FORM, body: Buffer.from("x=".padEnd(LIMIT + 1, "a")) }],
    ["JSON", { headers: JSON_TYPE, body: JSON.stringify({ x: "a".repeat(LIMIT) }) }],
    ["JSON in base64", { headers: JSON_TYPE, body: Buffer.from(JSON.stringify({ x: "a".repeat(LIMIT) })) }],
    ["JSON of fewer characters than bytes", { headers: JSON_TYPE, body: JSON.stringify({ x: "ü".repeat(LIMIT / 2) }) }],
  ])("are refused as %s, also where media is taken", (_as, parts) => {
    expect(refusal(parts)).toEqual(tooLarge);
    expect(refusal(parts, true)).toEqual(tooLarge);
  });

  it("are refused before they are decoded or parsed, or what is wrong with them would be told", () => {
    for (const body of ["%".repeat(LIMIT + 1), "a&".repeat(LIMIT)])
      expect(refusal({ headers: FORM, body: Buffer.from(body) })).toEqual(tooLarge);
    expect(refusal({ headers: JSON_TYPE, body: "{".repeat(LIMIT + 1) })).toEqual(tooLarge);
    expect(refusal({ body: Buffer.alloc(LIMIT + 1) })).toEqual(tooLarge);
  });

  it("are no media: that may be larger, also where curl calls it a form", () => {
    const body = Buffer.alloc(LIMIT + 1, 0x80);
    for (const headers of [FORM, {}])
      expect(read({ headers, body }, true)).toEqual({ parameters: {}, mediaBody: body });
  });
});

describe("credentials in a request", () => {
  const CANARY = "5ecr37c4n4ry";

  it.each(["api_token", "username", "password", "securekey", "API_TOKEN", "apiToken", "api-token", "secure_key"])(
    "threat 4: are refused as %s, in query, JSON and form",
    (name) => {
      for (const parts of [
        { query: `v=1&${name}=${CANARY}` },
        { headers: JSON_TYPE, body: JSON.stringify({ [name]: CANARY }) },
        { headers: FORM, body: Buffer.from(`${name}=${CANARY}`) },
      ]) {
        const refusedAs = refusal(parts);
        expect(refusedAs).toEqual(refused(new RegExp(`^${name} has no business here`)));
        expect(refusedAs?.comment).not.toContain(CANARY);
      }
    },
  );

  it.each(["x-auth-user", "x-auth-securekey", "x-auth-password", "X-Auth-Key"])(
    "are refused in the header %s",
    (name) => {
      expect(refusal({ headers: { [name]: CANARY } })).toEqual(
        refused(new RegExp(`^The header ${name.toLowerCase()} has no business here`)),
      );
    },
  );

  it.each(["X-Auth-Request-User", "X-Auth-Request-Access-Token", "X-Auth-Token", "X-Auth-Username", "X-Auth"])(
    "are not what an authenticating proxy sends in %s",
    (name) => {
      expect(parametersOf({ query: "v=1", headers: { [name]: CANARY } })).toEqual({ v: "1" });
    },
  );

  it("are looked for before anything else, so that a repeated token is called a token", () => {
    expect(refusal({ query: "api_token=a&api_token=b" })).toEqual(refused(/^api_token has no business here/));
  });

  it("may be there without a value, as older clients send them", () => {
    expect(parametersOf({ query: "v=1&api_token=&username=" })).toEqual({ v: "1" });
  });
});

describe("a body on a route that takes media", () => {
  const media = Buffer.from([0, 0, 0, 0x18, 0x66, 0x74, 0x79, 0x70, 0xff]);

  it.each(["video/mp4", "audio/wav", "application/octet-stream", "", "application/x-www-form-urlencoded"])(
    "is media when its type is %j",
    (type) => {
      const parts = { query: "v=1", headers: type ? { "content-type": type } : {}, body: media };
      expect(read(parts, true)).toEqual({ parameters: { v: "1" }, mediaBody: media });
    },
  );

  it.each([
    "multipart/form-data; boundary=x",
    "Multipart/Mixed",
    "text/plain; charset=utf-8",
    "text/vnd.trolltech.linguist",
  ])("is refused when its type is %j, whatever it holds, with the advice how to send it", (type) => {
    for (const body of [media, media.toString("utf8")])
      expect(refusal({ headers: { "content-type": type }, body }, true)).toEqual(
        refused(/Send the file itself, as application\/octet-stream: curl .*--data-binary @FILE; in a browser, fetch/),
      );
  });

  it.each(["application/xml", "text/xml", "application/atom+xml", "image/svg+xml"])(
    "is refused when it is %s",
    (type) => {
      expect(refusal({ headers: { "content-type": type }, body: media }, true)).toEqual(refused(/^The body is XML/));
    },
  );

  it("is refused when the gateway has made text of it: what was no UTF-8 is lost", () => {
    const parts = { headers: { "content-type": "video/mp4" }, body: media.toString("utf8") };
    expect(refusal(parts, true)).toEqual(refused(/does not arrive whole/));
  });

  it.each([
    ['{"media_url": "https://media.example.org/a.mp4"}', /^The body is JSON/],
    ["job_id=a&media_url=https%3A%2F%2Fmedia.example.org", /^The body is name=value text/],
    ["--x\r\nContent-Disposition: form-data; name=file\r\n\r\n\0\xff\r\n--x--", /^The body is a form/],
  ])("is refused when it begins like %j, whatever its type", (text, comment) => {
    for (const type of [undefined, "application/octet-stream", "video/mp4"])
      expect(
        refusal({ headers: type ? { "content-type": type } : {}, body: Buffer.from(text, "latin1") }, true),
      ).toEqual(refused(comment));
  });

  it("is refused when it is a form in a code page, as Windows' curl sends it, and not taken for media", () => {
    const body = Buffer.from("media_url=https://media.example.org/\xfcber.mp4", "latin1");
    expect(refusal({ headers: FORM, body }, true)).toEqual(refused(/^The body is name=value text/));
  });

  it("is parameters when it is a form that can be one", () => {
    expect(read({ headers: FORM, body: Buffer.from("media_url=x") }, true)).toEqual({ parameters: { media_url: "x" } });
  });

  it("is parameters when it is JSON, always", () => {
    expect(read({ headers: JSON_TYPE, body: '{"media_url":"x"}' }, true)).toEqual({ parameters: { media_url: "x" } });
    expect(refusal({ headers: JSON_TYPE, body: media }, true)).toEqual(refused(/not JSON/));
  });

  it("is none when it is empty", () => {
    expect(read({ headers: { "content-type": "video/mp4" }, body: Buffer.alloc(0) }, true)).toEqual({ parameters: {} });
  });

  it("does not hide credentials in the query", () => {
    expect(refusal({ query: "api_token=a", body: media }, true)).toEqual(refused(/^api_token/));
  });
});
