import { describe, expect, it } from "@jest/globals";
import { checkMediaUrl } from "../../../lib/media/media-url.ts";
import { badUrls } from "./ssrf/corpus.ts";
import { LEGITIMATE_URLS } from "./ssrf/legitimate.ts";

const PLACES = {
  ownBucket: "captions-media",
  ownHosts: ["api.captions.example", "abc123.execute-api.us-east-1.amazonaws.com"],
};
const BAD_URLS = badUrls(PLACES);

const passes = (text: string): boolean => "url" in checkMediaUrl(text, PLACES);
/** What a URL parser makes of it, if it is one: many notations of one host are one. */
const parsed = (text: string): string => (URL.canParse(text) ? new URL(text).href : text);

describe("checkMediaUrl on the corpus", () => {
  it.each(Object.entries(BAD_URLS))("refuses %s", (_trick, urls) => {
    expect(urls.filter(passes)).toEqual([]);
  });

  it("takes all that is legitimate", () => {
    expect(LEGITIMATE_URLS.filter((url) => !passes(url))).toEqual([]);
  });

  it("is judged on at least 500 bad URLs, distinct even after parsing, and 50 legitimate ones", () => {
    const bad = Object.values(BAD_URLS).flat();
    expect(new Set(bad).size).toBeGreaterThanOrEqual(1000);
    expect(new Set(bad.map(parsed)).size).toBeGreaterThanOrEqual(500);
    expect(new Set(LEGITIMATE_URLS.map(parsed)).size).toBeGreaterThanOrEqual(50);
  });
});
