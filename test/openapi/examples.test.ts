import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { useStack } from "../harness/stack.ts";
import { description, operations, type Operation, type Response } from "./description.ts";
import { normal } from "./normal.ts";
import { bodyExamplesOf, EXAMPLE_JOB, exampleRequest, headerValue, type Answered } from "./request.ts";
import { BODILESS, NOT_TO_BE_HAD_HERE, SCENES, type Scene } from "./scenes.ts";
import { closed, findFaults } from "./validator.ts";
import { startLiveApi, type LiveApi } from "./live-api.ts";

interface Documented {
  readonly operation: Operation;
  readonly status: string;
  readonly name: string;
  readonly value: unknown;
  readonly bodyName: string | undefined;
}

/** Every documented answer with a body, for each of the requests that it is the answer to. */
const documented = operations.flatMap((operation): Documented[] => {
  const bodies = bodyExamplesOf(operation);
  return Object.entries(operation.responses).flatMap(([status, { content }]) =>
    Object.entries(content?.["application/json"]?.examples ?? {}).flatMap(([name, { value }]) => {
      const one = { operation, status, name, value };
      if (bodies.includes(name)) return [{ ...one, bodyName: name }];
      // The only answer that all is well belongs to every documented request.
      const requests = status === "200" ? [firstBody(operation), ...bodies] : [firstBody(operation)];
      return [...new Set(requests)].map((bodyName) => ({ ...one, bodyName }));
    }),
  );
});

/** Undefined where the first body is media, of which there is no example. */
function firstBody({ requestBody }: Operation): string | undefined {
  const [first] = Object.values(requestBody?.content ?? {});
  return Object.keys(first?.examples ?? {})[0];
}

const bodiless = operations.flatMap((operation) =>
  Object.entries(operation.responses)
    .filter(([, { content }]) => content === undefined)
    .map(([status]) => ({ operation, status, name: `${operation.operationId} ${status}` })),
);

const isHadHere = ({ status }: { status: string }) => status !== NOT_TO_BE_HAD_HERE;
const titled = <T extends { operation: Operation }>(each: T) => ({ ...each, route: each.operation.routeKey });

const local = useStack({
  fetchMedia: () => Promise.resolve(Buffer.from("media")),
  env: { PROXY_VERSION: description.info.version },
});
let api: LiveApi;
beforeAll(async () => {
  api = await startLiveApi(local.stack);
});
afterEach(() => api.mend());
afterAll(() => api.close());

const play = async (operation: Operation, bodyName: string | undefined, scene: Scene): Promise<Answered> => {
  const job = api.newJob();
  const request = exampleRequest(operation, bodyName, { [EXAMPLE_JOB]: job });
  const headers = operation.security.length > 0 ? { authorization: api.alice } : {};
  return scene({ api, operation, job, request: { ...request, headers } });
};

const sceneOf = (scenes: Readonly<Record<string, Scene>>, name: string): Scene => {
  const scene = scenes[name];
  if (!scene) throw new Error(`Nobody knows how to get the answer ${name}`);
  return scene;
};

/** What is wrong with an answer by the description of its status. */
const faultsOf = ({ headers = {}, content }: Response, answer: Answered): string[] => {
  const json = content?.["application/json"];
  const ofBody =
    json === undefined ? (answer.body === undefined ? [] : ["a body"]) : findFaults(closed(json.schema), answer.body);
  const ofHeaders = Object.entries(headers).flatMap(([name, { required = false, schema }]) => {
    const text = answer.headers.get(name);
    if (text === null) return required ? [`no ${name}`] : [];
    return findFaults(schema, headerValue(schema, text)).map((fault) => `${name} ${fault}`);
  });
  return [...ofBody, ...ofHeaders];
};

describe("what is documented is what is answered", () => {
  it.each(documented.filter(isHadHere).map(titled))("$route: $status $name ($bodyName)", async (each) => {
    const { operation, status, name, value, bodyName } = each;
    const answer = await play(operation, bodyName, sceneOf(SCENES, name));
    expect({ status: answer.status, body: normal(answer.body) }).toEqual({
      status: Number(status),
      body: normal(value),
    });
    const response = operation.responses[status];
    expect(response && faultsOf(response, answer)).toEqual([]);
    if (status !== "404" || operation.path.startsWith("/api"))
      expect(answer.headers.get("content-type")).toBe("application/json");
    const { RequestId: requestId } = answer.body as { RequestId?: string };
    if (requestId === undefined) return;
    // An error of the functions' own: the gateway's answers have less.
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.headers.get("apigw-requestid")).toBe(requestId);
    if (status === "503") expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  });

  it.each(bodiless.filter(isHadHere).map(titled))("$route: $status, without a body", async (each) => {
    const answer = await play(each.operation, undefined, sceneOf(BODILESS, each.name));
    expect(answer.status).toBe(Number(each.status));
    const response = each.operation.responses[each.status];
    expect(response && faultsOf(response, answer)).toEqual([]);
  });
});

describe("the examples in the description", () => {
  it.each(documented.map(titled))("fit their schema: $route $status $name", ({ operation, status, value }) => {
    const schema = operation.responses[status]?.content?.["application/json"]?.schema ?? {};
    expect(findFaults(closed(schema), value)).toEqual([]);
  });

  it.each(operations.map((operation) => ({ operation, route: operation.routeKey })))(
    "fit their schema where they are sent: $route",
    ({ operation: { parameters, requestBody } }) => {
      for (const { schema, example } of parameters)
        if (example !== undefined) expect(findFaults(schema, example)).toEqual([]);
      for (const { schema, examples = {} } of Object.values(requestBody?.content ?? {}))
        for (const { value } of Object.values(examples)) expect(findFaults(closed(schema), value)).toEqual([]);
    },
  );

  it("are there for every answer with a body", () => {
    const without = operations.flatMap(({ routeKey, responses }) =>
      Object.entries(responses)
        .filter(([, { content }]) => content && Object.keys(content["application/json"]?.examples ?? {}).length === 0)
        .map(([status]) => `${routeKey} ${status}`),
    );
    expect(without).toEqual([]);
  });

  it("leave no scene without a place", () => {
    const names = new Set(documented.map(({ name }) => name));
    expect(Object.keys(SCENES).filter((name) => !names.has(name))).toEqual([]);
    expect(Object.keys(BODILESS).sort()).toEqual(
      bodiless
        .filter(isHadHere)
        .map(({ name }) => name)
        .sort(),
    );
  });
});
