import { describe, expect, it } from "@jest/globals";
import { readFile } from "node:fs/promises";
import { readDeployment } from "../../dev/gateway/deployment.ts";
import { description, operations } from "./description.ts";

const { functions } = await readDeployment();
const routes = functions.flatMap((each) => each.routes);

describe("the description of the API", () => {
  it("is OpenAPI 3.1, of the version that is built", async () => {
    const { version } = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8")) as {
      version: string;
    };
    expect(description).toMatchObject({ openapi: expect.stringMatching(/^3\.1\./), info: { version } });
  });

  it("describes every route that is deployed, and no others", () => {
    const described = operations.map(({ routeKey }) => routeKey).sort();
    expect(described).toEqual(routes.map(({ routeKey }) => routeKey).sort());
  });

  it("gives every operation a name of its own", () => {
    const names = operations.map(({ operationId }) => operationId);
    expect(new Set(names).size).toBe(names.length);
    expect(names).not.toContain(undefined);
  });

  it.each(routes)("asks for the scopes that the gateway asks for: $routeKey", ({ routeKey, scopes }) => {
    const operation = operations.find((each) => each.routeKey === routeKey);
    // One of them is enough, so each is an alternative.
    expect(operation?.security).toEqual((scopes ?? []).map((scope) => ({ jwt: [scope] })));
  });

  it.each(operations)("names the scope in words, since not every page shows it: $routeKey", (operation) => {
    const [first] = operation.security;
    if (first) expect(operation.description).toContain(`Scope: \`${first["jwt"]?.[0] ?? ""}\`.`);
  });

  it.each(operations)("says 401 and 403 where a token is wanted, and nowhere else: $routeKey", (operation) => {
    const refusals = Object.keys(operation.responses).filter((status) => status === "401" || status === "403");
    expect(refusals).toEqual(operation.security.length > 0 ? ["401", "403"] : []);
  });
});
