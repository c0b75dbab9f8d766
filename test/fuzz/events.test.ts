import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { readDeployment } from "../../dev/gateway/deployment.ts";
import type { Route } from "../../dev/gateway/routes.ts";
import { startStack, type Stack } from "../../dev/stack.ts";
import type { HttpEvent } from "../../lib/http/endpoint.ts";
import { httpEvent } from "../harness/http-event.ts";
import { CANARY } from "./case.ts";
import type { RawAnswer } from "../harness/raw-client.ts";
import { complaint } from "./judge.ts";
import { SETTINGS } from "./settings.ts";

const JOB = "0123456789abcdef0123456789abcdef";
const anyText = fc.string({ maxLength: 60, unit: "binary" });

const query = fc.oneof(
  anyText,
  fc.constantFrom(`v=1&job_id=${JOB}`, `v=1&job_id=${JOB}&reference_id=a&requestor_id=b`, `api_token=${CANARY}`),
);
const body = fc.oneof(
  fc.constant(undefined),
  anyText,
  fc.json({ maxDepth: 4 }),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString("base64")),
  fc.constantFrom("====", "\ud800", '{"job_id":"\\ud800"}', `{"securekey":"${CANARY}"}`, "null", "{".repeat(10_000)),
);
const headers = fc.dictionary(
  fc.oneof(
    fc.constantFrom("content-type", "Content-Type", "authorization", "x-auth-user", "__proto__", "constructor", ""),
    fc.string({ maxLength: 8 }),
  ),
  fc.oneof(fc.constantFrom("application/json", "application/x-www-form-urlencoded", "video/mp4"), anyText),
  { maxKeys: 4 },
);
const claims = fc
  .dictionary(
    fc.constantFrom("sub", "scope", "scp", "client_id", "jobs", "__proto__", "tenant"),
    fc.oneof(fc.constantFrom("alice", "admin", "[a b]", "map[a:b]", "", "null"), fc.jsonValue({ maxDepth: 2 })),
  )
  // Most have the scopes, or few events would get as far as an endpoint.
  .chain((made) => fc.constantFrom({ scope: "media.write media.read metadata.write", ...made }, made));

/**
 * Events that no gateway of ours would make of a request: a function gets whatever its trigger is made to send. Nobody
 * knows the right answer to all of them, but that there is one of cielo24's format, below 500.
 */
const events = ({ routeKey, scopes }: Route): fc.Arbitrary<HttpEvent> =>
  fc
    .record({
      query,
      headers,
      body,
      claims,
      isBase64Encoded: fc.boolean(),
      hasAuthorizer: fc.boolean(),
      pathParameters: fc.option(fc.dictionary(fc.constantFrom("capability", "name"), anyText), { nil: undefined }),
    })
    .map(({ isBase64Encoded, hasAuthorizer, pathParameters, body: text, ...parts }) => {
      const { requestContext, ...event } = httpEvent({ routeKey, ...parts });
      const { authorizer, ...context } = requestContext;
      return {
        ...event,
        headers: parts.headers,
        ...(text === undefined ? {} : { body: text }),
        ...(pathParameters ? { pathParameters } : {}),
        isBase64Encoded,
        requestContext: scopes !== undefined && hasAuthorizer ? { ...context, authorizer } : context,
      } as HttpEvent;
    });

describe("every HTTP function, invoked with events of any kind", () => {
  let stack: Stack;
  let routes: readonly Route[] = [];
  beforeAll(async () => {
    stack = await startStack({ polls: false, env: { JOBS_CLAIM: "jobs" } });
    routes = (await readDeployment()).functions.flatMap((each) => each.routes);
  });
  afterAll(() => stack.close());

  it("answers in cielo24's format and below 500", async () => {
    const cases = fc.constantFrom(...routes).chain((route) => events(route).map((event) => ({ route, event })));
    await fc.assert(
      fc.asyncProperty(cases, async ({ route, event }) => {
        const result = (await stack.invoke(route.functionName, event)) as {
          statusCode: number;
          headers: Record<string, string>;
          body: string;
        };
        const answer: RawAnswer = { ...result, status: result.statusCode };
        expect(answer.status).toBeLessThan(500);
        const errorType = (JSON.parse(answer.body || "{}") as Record<string, string>)["ErrorType"];
        const expected = { status: answer.status, ...(errorType === undefined ? {} : { errorType }) };
        expect(complaint(answer, expected, route.method === "HEAD" ? "GET" : route.method)).toBeUndefined();
      }),
      { ...SETTINGS, numRuns: SETTINGS.numRuns * 6 },
    );
    expect(stack.logs.join("\n")).not.toContain(CANARY);
  });
});
