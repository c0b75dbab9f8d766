import assert from "node:assert/strict";
import { check, is, type Check } from "../check.ts";
import { at, textAt, namesOf, push, put, stringsIn, type Template } from "../cloudformation.ts";

const ROUTES: Readonly<Record<string, readonly [functionName: string, scopes: readonly string[] | undefined]>> = {
  "GET /api/job/request_upload_url": ["SignUpload", ["media.write", "admin"]],
  "POST /api/job/sign_upload": ["SignUpload", ["media.write", "admin"]],
  "GET /api/job/update_metadata": ["UpdateMetadata", ["metadata.write", "admin"]],
  "POST /api/job/update_metadata": ["UpdateMetadata", ["metadata.write", "admin"]],
  "GET /api/job/add_media": ["AddMedia", ["media.write", "admin"]],
  "POST /api/job/add_media": ["AddMedia", ["media.write", "admin"]],
  "GET /api/job/delivery": ["DeliveryStatus", ["media.read", "admin"]],
  "DELETE /api/job/delivery": ["SignUpload", ["media.write", "admin"]],
  "GET /health": ["Health", undefined],
  "GET /media/{capability}/{name}": ["MediaSource", undefined],
  "HEAD /media/{capability}/{name}": ["MediaSource", undefined],
};

const routesOf = (template: Template): string[] => namesOf(template, "AWS::ApiGatewayV2::Route");
const routeNamed = (template: Template, key: string): string => {
  const name = routesOf(template).find((route) => at(template, `${route}.Properties.RouteKey`) === key);
  assert.ok(name, `no route ${key}`);
  return name;
};

const eachRoute: Check[] = Object.entries(ROUTES).flatMap(([key, [functionName, scopes]]) => [
  check(
    `sends ${key} to ${functionName}`,
    (template) => {
      const route = routeNamed(template, key);
      const integration = `HttpApiIntegration${functionName}`;
      assert.deepEqual(at(template, `${route}.Properties.Target`), {
        "Fn::Join": ["/", ["integrations", { Ref: integration }]],
      });
      assert.deepEqual(at(template, `${integration}.Properties.IntegrationUri`), {
        "Fn::GetAtt": [`${functionName}LambdaFunction`, "Arn"],
      });
    },
    (template) => {
      put(template, `HttpApiIntegration${functionName}.Properties.IntegrationUri`, {
        "Fn::GetAtt": ["CensusLambdaFunction", "Arn"],
      });
    },
  ),
  check(
    scopes ? `lets nobody at ${key} without the scope ${scopes[0] ?? ""} or admin` : `opens ${key} to everybody`,
    (template) => {
      const route = routeNamed(template, key);
      assert.deepEqual(at(template, `${route}.Properties.AuthorizationScopes`), scopes);
      assert.equal(at(template, `${route}.Properties.AuthorizationType`), scopes && "JWT");
    },
    (template) => {
      const path = `${routeNamed(template, key)}.Properties.AuthorizationScopes`;
      if (scopes) push(template, path, "openid");
      else put(template, path, ["media.read"]);
    },
  ),
]);

export const httpChecks: Check[] = [
  ...eachRoute,
  check(
    "has no route but those",
    (template) => {
      const keys = routesOf(template).map((route) => at(template, `${route}.Properties.RouteKey`));
      assert.deepEqual(keys.sort(), Object.keys(ROUTES).sort());
    },
    (template) => {
      template.Resources["Stray"] = {
        Type: "AWS::ApiGatewayV2::Route",
        Properties: { RouteKey: "$default" },
      };
    },
  ),
  check(
    "threat 6, threat 7: has the authorizer, and scopes, on every route but health and media-source",
    (template) => {
      for (const route of routesOf(template)) {
        if (/ \/(health$|media\/)/.test(textAt(template, `${route}.Properties.RouteKey`))) continue;
        assert.deepEqual(at(template, `${route}.Properties.AuthorizerId`), { Ref: "HttpApiAuthorizerJwt" });
        const scopes = at(template, `${route}.Properties.AuthorizationScopes`);
        assert.ok(Array.isArray(scopes) && scopes.length > 0);
      }
    },
    (template) => {
      put(template, `${routeNamed(template, "GET /api/job/delivery")}.Properties.AuthorizerId`, undefined);
    },
  ),
  is("verifies JSON web tokens", "HttpApiAuthorizerJwt.Properties.AuthorizerType", "JWT", "REQUEST"),
  is(
    "takes the token from the Authorization header alone",
    "HttpApiAuthorizerJwt.Properties.IdentitySource",
    ["$request.header.Authorization"],
    ["$request.querystring.access_token"],
  ),
  is(
    "trusts the issuer and the audience of the parameters",
    "HttpApiAuthorizerJwt.Properties.JwtConfiguration",
    { Issuer: "https://issuer.example/", Audience: ["https://captions.example/api"] },
    { Issuer: "https://issuer.example/", Audience: [] },
  ),
  check(
    "has at most 50 audiences and 10 scopes on a route, which are API Gateway's quotas",
    (template) => {
      const audiences = at(template, "HttpApiAuthorizerJwt.Properties.JwtConfiguration.Audience");
      assert.ok(Array.isArray(audiences) && audiences.length <= 50);
      for (const route of routesOf(template)) {
        const scopes = at(template, `${route}.Properties.AuthorizationScopes`) ?? [];
        assert.ok(Array.isArray(scopes) && scopes.length <= 10);
      }
    },
    (template) => {
      const scopes = Array.from({ length: 11 }, (_, index) => `media.${index}`);
      put(template, `${routeNamed(template, "GET /api/job/delivery")}.Properties.AuthorizationScopes`, scopes);
    },
  ),
  check(
    "speaks payload 2.0 with every HTTP function",
    (template) => {
      for (const name of namesOf(template, "AWS::ApiGatewayV2::Integration"))
        assert.equal(at(template, `${name}.Properties.PayloadFormatVersion`), "2.0");
    },
    (template) => {
      put(template, "HttpApiIntegrationAddMedia.Properties.PayloadFormatVersion", "1.0");
    },
  ),
  is(
    "lets in the stage's origins",
    "HttpApi.Properties.CorsConfiguration.AllowOrigins",
    (stage) => (stage === "dev" ? ["http://localhost:3000"] : ["https://app.example"]),
    ["https://elsewhere.example"],
  ),
  check(
    "has no origin * by default",
    (template) => {
      const origins = [
        at(template, "HttpApi.Properties.CorsConfiguration.AllowOrigins"),
        at(template, "MediaBucket.Properties.CorsConfiguration.CorsRules.0.AllowedOrigins"),
      ];
      assert.ok(!stringsIn(origins).includes("*"));
    },
    (template) => {
      push(template, "HttpApi.Properties.CorsConfiguration.AllowOrigins", "*");
    },
  ),
  is(
    "allows the headers that clients send",
    "HttpApi.Properties.CorsConfiguration.AllowHeaders",
    ["authorization", "content-type"],
    ["*"],
  ),
  is(
    "allows the methods that the routes have",
    "HttpApi.Properties.CorsConfiguration.AllowMethods",
    ["GET", "POST", "DELETE"],
    ["*"],
  ),
  check(
    "lets no browser send credentials of its own",
    (template) => {
      assert.ok(!at(template, "HttpApi.Properties.CorsConfiguration.AllowCredentials"));
    },
    (template) => {
      put(template, "HttpApi.Properties.CorsConfiguration.AllowCredentials", true);
    },
  ),
  is("limits the rate of calls", "HttpApiStage.Properties.DefaultRouteSettings.ThrottlingRateLimit", 50),
  is("limits bursts of calls", "HttpApiStage.Properties.DefaultRouteSettings.ThrottlingBurstLimit", 100),
  is("is served at the host's root", "HttpApiStage.Properties.StageName", "$default", "v1"),
  check(
    "writes access logs without paths, queries and headers",
    (template) => {
      const format = textAt(template, "HttpApiStage.Properties.AccessLogSettings.Format");
      const logged = JSON.parse(format) as Record<string, string>;
      assert.ok("requestId" in logged && "route" in logged && "status" in logged);
      assert.doesNotMatch(format, /\$context\.(path|requestOverride|authorizer|customDomain)|query|header/i);
    },
    (template) => {
      put(
        template,
        "HttpApiStage.Properties.AccessLogSettings.Format",
        '{"requestId":"","route":"$context.path","status":""}',
      );
    },
  ),
  is("writes access logs to a group of its own", "HttpApiStage.Properties.AccessLogSettings.DestinationArn", {
    "Fn::GetAtt": ["HttpApiLogGroup", "Arn"],
  }),
  check(
    "lets API Gateway call the functions for this API alone",
    (template) => {
      for (const name of namesOf(template, "AWS::Lambda::Permission")) {
        if (at(template, `${name}.Properties.Principal`) !== "apigateway.amazonaws.com") continue;
        assert.ok(JSON.stringify(at(template, `${name}.Properties.SourceArn`)).includes('{"Ref":"HttpApi"}'));
      }
    },
    (template) => {
      put(template, "AddMediaLambdaPermissionHttpApi.Properties.SourceArn", "*");
    },
  ),
];
