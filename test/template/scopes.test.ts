import { beforeAll, describe, expect, it } from "@jest/globals";
import { readFileSync } from "node:fs";
import { readDeployment, type ScopeParameters } from "../../dev/gateway/deployment.ts";
import { EXAMPLE_PARAMS } from "../../scripts/package/params.ts";
import { at, namesOf, type Json, type Template } from "./cloudformation.ts";
import { packageWith } from "./packaged.ts";

const FUNCTIONS_WITH_A_CALLER = ["SignUpload", "UpdateMetadata", "AddMedia", "DeliveryStatus"];

/** What else a function reads in a token; the same in all cases. */
const CLAIMS = { ownerClaim: "tenant", jobsClaim: "job_list", jobsClaimRequired: true };

/** The template of dev with the example's parameters but for these. */
const packageDev = (changes: ScopeParameters & typeof CLAIMS): Promise<Template> =>
  packageWith(
    Object.entries(changes).reduce(
      (text, [name, value]) => text.replace(new RegExp(`^  ${name}: .*$`, "m"), `  ${name}: ${JSON.stringify(value)}`),
      readFileSync(EXAMPLE_PARAMS, "utf8"),
    ),
    "dev",
  );

/** What API Gateway asks for, route by route: undefined without an authorizer, none where it checks no scopes. */
const scopesIn = (template: Template): Record<string, Json | undefined> =>
  Object.fromEntries(
    namesOf(template, "AWS::ApiGatewayV2::Route").map((route) => {
      const properties = at(template, `${route}.Properties`) as Record<string, Json> & { RouteKey: string };
      const { RouteKey, AuthorizationType, AuthorizerId, AuthorizationScopes } = properties;
      if (AuthorizationType === undefined) return [RouteKey, undefined];
      expect([AuthorizationType, AuthorizerId]).toEqual(["JWT", { Ref: "HttpApiAuthorizerJwt" }]);
      return [RouteKey, AuthorizationScopes ?? []];
    }),
  );

const CASES: readonly (ScopeParameters & { readonly write: readonly string[] })[] = [
  { scopePrefix: "captions/", scopeClaim: "scope", write: ["captions/media.write", "captions/admin"] },
  {
    scopePrefix: "https://captions.example/",
    scopeClaim: "scp",
    write: ["https://captions.example/media.write", "https://captions.example/admin"],
  },
  { scopePrefix: "", scopeClaim: "roles", write: [] },
  { scopePrefix: "captions:", scopeClaim: "permissions", write: [] },
  { scopePrefix: "", scopeClaim: "https://captions.example/roles", write: [] },
];

describe.each(CASES)('a stage with scopePrefix "$scopePrefix" and scopeClaim "$scopeClaim"', ({ write, ...scopes }) => {
  let template: Template;
  beforeAll(async () => {
    template = await packageDev({ ...scopes, ...CLAIMS });
  });

  it(write.length > 0 ? "has the gateway check the scopes" : "leaves the scopes to the functions", () => {
    const instead = (name: string) => write.map((scope) => scope.replace("media.write", name));
    expect(scopesIn(template)).toMatchObject({
      "GET /api/job/request_upload_url": write,
      "POST /api/job/sign_upload": write,
      "GET /api/job/add_media": write,
      "POST /api/job/add_media": write,
      "GET /api/job/delivery": instead("media.read"),
      "DELETE /api/job/delivery": write,
      "GET /api/job/update_metadata": instead("metadata.write"),
      "POST /api/job/update_metadata": instead("metadata.write"),
    });
  });

  it("still asks for a valid token on every route but those that need no caller", () => {
    const open = Object.entries(scopesIn(template)).flatMap(([route, asked]) => (asked === undefined ? [route] : []));
    expect(open.sort()).toEqual(["GET /health", "GET /media/{capability}/{name}", "HEAD /media/{capability}/{name}"]);
  });

  it.each(FUNCTIONS_WITH_A_CALLER)("tells %s what to look for", (name) => {
    expect(at(template, `${name}LambdaFunction.Properties.Environment.Variables`)).toMatchObject({
      SCOPE_PREFIX: scopes.scopePrefix,
      SCOPE_CLAIM: scopes.scopeClaim,
      OWNER_CLAIM: CLAIMS.ownerClaim,
      JOBS_CLAIM: CLAIMS.jobsClaim,
      JOBS_CLAIM_REQUIRED: String(CLAIMS.jobsClaimRequired),
    });
  });

  it("is what the local stack makes of the same parameters", async () => {
    const { functions } = await readDeployment(scopes);
    const routes = functions.flatMap((each) => each.routes);
    expect(Object.fromEntries(routes.map(({ routeKey, scopes: asked }) => [routeKey, asked]))).toEqual(
      scopesIn(template),
    );
  });
});
