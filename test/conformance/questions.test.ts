import { describe, expect, it } from "@jest/globals";
import { existsSync, readFileSync } from "node:fs";
import { planOf } from "../../conformance/ask.ts";
import { QUESTIONS } from "../../conformance/questions.ts";
import { DEFAULT_FACTS, type Facts } from "../../dev/cielo24/facts.ts";
import { askSimulator } from "./asking.ts";

const REFUSED = { status: 400, errorType: "INVALID_OPTION", errorComment: "Not so." };

describe("asked what the project assumes", () => {
  it("the simulated cielo24 does as assumed, and its facts are those that it has by default", async () => {
    const { results, facts, simulator } = await askSimulator({});
    expect(results.filter(({ verdict }) => verdict !== "as assumed")).toEqual([]);
    expect(facts).toEqual(DEFAULT_FACTS);
    const plan = planOf(QUESTIONS);
    expect(simulator.jobs.size).toBe(plan.jobs);
    expect(simulator.posts.length).toBeLessThanOrEqual(plan.media + 1);
  });

  it.each<[string, Facts]>([
    ["invalid-token", { invalidToken: { status: 401 } }],
    ["second-login", { loginEndsEarlierTokens: true }],
    ["securekey-as-token", { securekeyIsToken: true }],
    ["token-life", { tokenLifeMs: null }],
    [
      "error-form",
      { missingParameter: { status: 422, errorType: "MISSING_PARAMETER" }, errorContentType: "text/json" },
    ],
    ["unknown-parameter", { unknownParameter: REFUSED }],
    ["unknown-job", { unknownJob: { status: 404 } }],
    ["update-metadata", { updateMetadata: { status: 400, errorType: "NOT_IMPLEMENTED", errorComment: "Gone." } }],
    ["update-metadata", { updateMetadata: { status: 404 } }],
    ["second-media", { secondMediaOtherBytes: "accepted" }],
    ["second-media", { secondMediaSameBytes: "accepted", secondMediaByUrl: { status: 409 } }],
    ["expect-continue", { expectContinue: { status: 417 } }],
    ["media-content-type", { mediaWithContentType: REFUSED }],
    ["empty-media", { emptyMedia: "accepted" }],
    ["cut-short", { bodyCutShort: "accepted" }],
    ["cut-short-chunked", { chunkedBodyCutShort: "accepted" }],
    ["uploads-at-once", { uploadsAtOnce: { most: 4, more: { status: 429 } } }],
    ["unreachable-url", { unreachableUrl: "accepted" }],
    ["unreachable-url", { unreachableUrl: REFUSED }],
    ["unreachable-url", { unreachableUrlFreesJob: false }],
    ["media-url", { answersBeforeFetch: false }],
    ["broken-url", { brokenUrlFreesJob: false }],
  ])("%s is other than assumed where cielo24 has %j, and that is what is found", async (id, changed) => {
    const { first, facts } = await askSimulator({ facts: changed, only: [id] });
    expect(first).toMatchObject({ question: { id }, verdict: "other than assumed" });
    expect(first.finding?.change).toMatch(/\w/);
    expect(facts).toMatchObject(changed);
  });

  it.each<[string, Facts]>([
    ["job-id-form", { upperCaseJobId: "accepted", hyphenatedJobId: "accepted" }],
    ["job-info", { lengthWithoutMedia: "absent" }],
    ["job-info", { lengthWithoutMedia: "" }],
    ["media-shown", { showsTasks: true }],
    ["second-media", { secondMediaSameBytes: REFUSED, secondMediaOtherBytes: REFUSED, secondMediaByUrl: REFUSED }],
    ["cut-short-chunked", { chunkedBodyCutShort: "closed" }],
    ["keep-alive", { keepAliveMs: 1_000 }],
    ["keep-alive", { keepAliveMs: 0 }],
  ])("%s is as assumed where cielo24 has %j, which is found all the same", async (id, changed) => {
    const { first, facts } = await askSimulator({ facts: changed, only: [id] });
    expect(first).toMatchObject({ question: { id }, verdict: "as assumed" });
    expect(facts).toMatchObject(changed);
  });

  it("media-shown finds how late job/info is, to a twentieth", async () => {
    const { first, facts } = await askSimulator({ facts: { mediaShownAfterMs: 90_000 }, only: ["media-shown"] });
    expect(first.verdict).toBe("as assumed");
    expect(facts.mediaShownAfterMs).toBeGreaterThanOrEqual(90_000);
    expect(facts.mediaShownAfterMs).toBeLessThanOrEqual(95_000);
  });

  it("media-shown gives up after half an hour, which is more than is assumed", async () => {
    const { first } = await askSimulator({ facts: { mediaShownAfterMs: 3_600_000 }, only: ["media-shown"] });
    expect(first).toMatchObject({ verdict: "other than assumed", finding: { answer: "not within 30 minutes" } });
  });

  it("cut-short waits for media to show that a late job/info would hide", async () => {
    const { results } = await askSimulator({
      facts: { mediaShownAfterMs: 60_000, bodyCutShort: "accepted", secondMediaOtherBytes: "accepted" },
      only: ["media-shown", "cut-short"],
    });
    expect(results.at(-1)).toMatchObject({
      verdict: "other than assumed",
      finding: { answer: "it is taken for the media" },
    });
  });

  it("job-info is other than assumed where the proxy cannot read it", async () => {
    const body = JSON.stringify({ MediaLengthSeconds: "1 minute" });
    const { first } = await askSimulator({
      only: ["job-info"],
      prepare: ({ faults }) => {
        faults.add({ action: "job/info", kind: "answer", status: 200, body });
      },
    });
    expect(first).toMatchObject({
      verdict: "other than assumed",
      finding: { beyondSimulator: "this MediaLengthSeconds" },
    });
  });
});

describe("a question", () => {
  it.each(QUESTIONS.flatMap(({ id, stands }) => stands.map((place) => [id, place] as const)))(
    "%s names a place that exists: %s",
    (_id, place) => {
      const [file = "", anchor] = place.split("#");
      expect(existsSync(file)).toBe(true);
      if (anchor === undefined) return;
      const headings = readFileSync(file, "utf8").match(/^#+ .*/gm) ?? [];
      const anchors = headings.map((heading) => heading.replace(/^#+ /, "").toLowerCase().replaceAll(" ", "-"));
      expect(anchors).toContain(anchor);
    },
  );

  it("has an id of its own", () => {
    expect(new Set(QUESTIONS.map(({ id }) => id)).size).toBe(QUESTIONS.length);
  });

  it.each(["login", "second-login", "securekey-as-token", "token-life"])(
    "that needs a login is not answered by a token: %s",
    async (id) => {
      const { first } = await askSimulator({ only: [id], by: "token" });
      expect(first.verdict).toBe("not answered");
    },
  );

  it("is not answered while cielo24 is in trouble, and the others are", async () => {
    const { results } = await askSimulator({
      only: ["unknown-parameter", "job-info"],
      prepare: ({ faults }) => {
        faults.add({ action: "job/info", kind: "answer", status: 503 });
      },
    });
    expect(results.map(({ verdict }) => verdict)).toEqual(["not answered", "as assumed"]);
    expect(results[0]?.why).toContain("503");
  });

  it("shows no secret and no id of the account, whatever cielo24 repeats", async () => {
    const { results, facts, secrets, simulator, owner } = await askSimulator({
      only: ["unknown-parameter", "update-metadata", "second-media"],
      prepare: ({ faults }, { username, securekey }) => {
        const ErrorComment = `${username} used ${securekey.toUpperCase()} for ${"0f".repeat(16)}`;
        const body = JSON.stringify({ ErrorType: "INVALID_QUERY", ErrorComment });
        faults.add({ action: "job/update_metadata", kind: "answer", status: 400, body });
      },
    });
    expect(facts.updateMetadata).toMatchObject({ errorComment: "<username> used [redacted] for <id>" });
    const said = JSON.stringify([results, facts]);
    for (const secret of [...secrets, ...simulator.jobs.keys(), owner.username]) expect(said).not.toContain(secret);
  });
});
