import type { IncomingMessage } from "node:http";

/** What boxes on the way answer in place of the store or the API, and which requests that happens to. */

/** The page may read these, as it may read the bucket's. */
const CORS = { "access-control-allow-origin": "*", "access-control-expose-headers": "ETag" };

/** A 200 without what it should hold. */
export const emptySuccess = { status: 200, headers: CORS, body: "" };

/** The page on which a guest of a hotel's network logs in. */
export const htmlSuccess = {
  status: 200,
  headers: { ...CORS, "content-type": "text/html" },
  body: "<!doctype html><title>Welcome</title><h1>Log in to use our network</h1>",
};

/** S3's error, with a text of its own. */
export const refusal = (status: number, code: string) => ({
  status,
  headers: { ...CORS, "content-type": "application/xml" },
  body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>S3's own words.</Message></Error>`,
});

type Which = (asked: IncomingMessage) => boolean;

export const isCompletion: Which = ({ method, url = "" }) =>
  method === "POST" && new URL(url, "http://store.invalid").searchParams.has("uploadId");

export const isCreation: Which = ({ method, url = "" }) =>
  method === "POST" && new URL(url, "http://store.invalid").searchParams.has("uploads");

/** Matches only the n-th of these. */
export const nth = (number: number, which: Which): Which => {
  let seen = 0;
  return (asked) => which(asked) && (seen += 1) === number;
};
