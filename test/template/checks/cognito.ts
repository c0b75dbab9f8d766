import assert from "node:assert/strict";
import { check, is, type Check } from "../check.ts";
import { at, namesOf, push, put, type Json, type Template } from "../cloudformation.ts";
import { FUNCTIONS } from "./functions.ts";

const CLIENTS = ["BackendClient", "BrowserClient", "OperatorsClient"];
const OF_USERS = ["captions/media.write", "captions/media.read", "captions/metadata.write"];

const client = (name: string, does: string, wanted: Readonly<Record<string, Json>>, wrong: [string, Json]): Check =>
  check(
    does,
    (template) => {
      for (const [property, value] of Object.entries(wanted))
        assert.deepEqual(at(template, `${name}.Properties.${property}`), value, property);
    },
    (template) => {
      put(template, `${name}.Properties.${wrong[0]}`, wrong[1]);
    },
  );

/** The scopes that routes ask for. */
const askedScopes = (template: Template): Json[] => [
  ...new Set(
    namesOf(template, "AWS::ApiGatewayV2::Route").flatMap(
      (route) => (at(template, `${route}.Properties.AuthorizationScopes`) ?? []) as Json[],
    ),
  ),
];

/** What the template of a stage with a user pool of its own has besides. */
export const cognitoChecks: Check[] = [
  is("trusts its own user pool", "HttpApiAuthorizerJwt.Properties.JwtConfiguration.Issuer", {
    "Fn::Sub": "https://cognito-idp.${AWS::Region}.${AWS::URLSuffix}/${UserPool}",
  }),
  check(
    "takes the tokens of its clients, which have no aud, and of no others",
    (template) => {
      assert.deepEqual(namesOf(template, "AWS::Cognito::UserPoolClient").sort(), CLIENTS);
      const audience = at(template, "HttpApiAuthorizerJwt.Properties.JwtConfiguration.Audience") as { Ref: string }[];
      assert.deepEqual(audience.map(({ Ref }) => Ref).sort(), CLIENTS);
    },
    (template) => {
      push(template, "HttpApiAuthorizerJwt.Properties.JwtConfiguration.Audience", "https://captions.example/api");
    },
  ),
  check(
    "asks on its routes for the scopes of its resource server, by the names that Cognito gives them",
    (template) => {
      const { Identifier, Scopes } = at(template, "ResourceServer.Properties") as {
        Identifier: string;
        Scopes: { ScopeName: string }[];
      };
      const offered = Scopes.map(({ ScopeName }) => `${Identifier}/${ScopeName}`);
      assert.deepEqual(askedScopes(template).sort(), offered.sort());
    },
    (template) => {
      put(template, "ResourceServer.Properties.Identifier", "subtitles");
    },
  ),
  check(
    "tells the functions the prefix of the scopes",
    (template) => {
      const told = FUNCTIONS.map((name) => `${name}LambdaFunction.Properties.Environment.Variables.SCOPE_PREFIX`)
        .map((path) => at(template, path))
        .filter((prefix) => prefix !== undefined);
      assert.deepEqual(told, ["captions/", "captions/", "captions/", "captions/"]);
    },
    (template) => {
      put(template, "AddMediaLambdaFunction.Properties.Environment.Variables.SCOPE_PREFIX", "");
    },
  ),
  client(
    "BrowserClient",
    "gives users everything but admin, by the code flow and without a secret",
    { AllowedOAuthFlows: ["code"], AllowedOAuthScopes: ["openid", ...OF_USERS], GenerateSecret: false },
    ["AllowedOAuthFlows", ["code", "implicit"]],
  ),
  client(
    "BackendClient",
    "gives programs everything but admin, for a secret",
    { AllowedOAuthFlows: ["client_credentials"], AllowedOAuthScopes: OF_USERS, GenerateSecret: true },
    ["GenerateSecret", false],
  ),
  client(
    "OperatorsClient",
    "gives operators admin for a secret, by a flow that no user has",
    { AllowedOAuthFlows: ["client_credentials"], AllowedOAuthScopes: ["captions/admin"], GenerateSecret: true },
    ["AllowedOAuthFlows", ["code", "client_credentials"]],
  ),
  check(
    "gives admin to no other client",
    (template) => {
      const holders = CLIENTS.filter((name) =>
        (at(template, `${name}.Properties.AllowedOAuthScopes`) as string[]).some((scope) => /admin/.test(scope)),
      );
      assert.deepEqual(holders, ["OperatorsClient"]);
    },
    (template) => {
      push(template, "BrowserClient.Properties.AllowedOAuthScopes", "captions/admin");
    },
  ),
  check(
    "makes the scopes before the clients that may ask for them",
    (template) => {
      for (const name of CLIENTS) assert.deepEqual([at(template, `${name}.DependsOn`)].flat(), ["ResourceServer"]);
    },
    (template) => {
      put(template, "BackendClient.DependsOn", undefined);
    },
  ),
  is(
    "sends users back to the stage's pages alone",
    "BrowserClient.Properties.CallbackURLs",
    ["http://localhost:3000"],
    ["https://elsewhere.example"],
  ),
  is("lets nobody sign up alone", "UserPool.Properties.AdminCreateUserConfig.AllowAdminCreateUserOnly", true, false),
  is("lets users have a second factor", "UserPool.Properties.MfaConfiguration", "OPTIONAL", "OFF"),
  is(
    "keeps the users when the stack goes, but not an empty pool whose first deployment fails",
    "UserPool.DeletionPolicy",
    "RetainExceptOnCreate",
    "Retain",
  ),
  is("keeps the users when the pool is replaced", "UserPool.UpdateReplacePolicy", "Retain", "Delete"),
  check(
    "lets a roll-back delete the pool",
    (template) => {
      assert.notEqual(at(template, "UserPool.Properties.DeletionProtection"), "ACTIVE");
    },
    (template) => {
      put(template, "UserPool.Properties.DeletionProtection", "ACTIVE");
    },
  ),
  is("names its pages after stage and account", "UserPoolDomain.Properties.Domain", {
    "Fn::Sub": "cielo24-proxy-dev-${AWS::AccountId}",
  }),
];
