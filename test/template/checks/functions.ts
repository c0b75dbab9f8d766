import assert from "node:assert/strict";
import { check, is, type Check } from "../check.ts";
import { at, textAt, namesOf, put, type Json, type Template } from "../cloudformation.ts";

export const FUNCTIONS = [
  "SignUpload",
  "DeliverMedia",
  "UpdateMetadata",
  "AddMedia",
  "MediaSource",
  "DeliveryStatus",
  "Census",
  "Health",
] as const;

const HTTP_FUNCTIONS = ["SignUpload", "UpdateMetadata", "AddMedia", "MediaSource", "DeliveryStatus", "Health"];
const functionsOf = (template: Template): string[] => namesOf(template, "AWS::Lambda::Function");

const every = (name: string, property: string, wanted: unknown, wrong: string): Check =>
  check(
    name,
    (template) => {
      for (const each of functionsOf(template))
        assert.deepEqual(at(template, `${each}.Properties.${property}`), wanted, each);
    },
    (template) => {
      put(template, `HealthLambdaFunction.Properties.${property}`, wrong);
    },
  );

/** How many executions are reserved for a function; undefined if none are, while 0 would switch it off. */
export const reservedBy = (template: Template, name: string): Json | undefined => {
  const reserved = at(template, `${name}LambdaFunction.Properties.ReservedConcurrentExecutions`);
  // CloudFormation takes the property away.
  return JSON.stringify(reserved) === '{"Ref":"AWS::NoValue"}' ? undefined : reserved;
};

const LOG_DAYS = { dev: 14, prod: 90 };

export const functionChecks: Check[] = [
  check(
    "has the eight functions",
    (template) => {
      assert.deepEqual(functionsOf(template).sort(), FUNCTIONS.map((name) => `${name}LambdaFunction`).sort());
    },
    (template) => {
      put(template, "CensusLambdaFunction", undefined);
    },
  ),
  every("runs Node 24", "Runtime", "nodejs24.x", "nodejs20.x"),
  every("runs on ARM", "Architectures", ["arm64"], "x86_64"),
  every("traces every function", "TracingConfig.Mode", "Active", "PassThrough"),
  every("starts every function at the entry of its zip", "Handler", "handler.handler", "index.handler"),
  check(
    "gives every function its own zip",
    (template) => {
      const zips = functionsOf(template).map((name) =>
        /[^/]+$/.exec(textAt(template, `${name}.Properties.Code.S3Key`)),
      );
      assert.equal(new Set(zips.map(String)).size, FUNCTIONS.length);
    },
    (template) => {
      put(
        template,
        "CensusLambdaFunction.Properties.Code.S3Key",
        at(template, "HealthLambdaFunction.Properties.Code.S3Key"),
      );
    },
  ),
  check(
    "ends HTTP functions before API Gateway gives them up",
    (template) => {
      for (const name of HTTP_FUNCTIONS) {
        const timeoutS = Number(at(template, `${name}LambdaFunction.Properties.Timeout`));
        assert.ok(timeoutS >= 1 && timeoutS <= 29, name);
      }
    },
    (template) => {
      put(template, "AddMediaLambdaFunction.Properties.Timeout", 31);
    },
  ),
  is("gives functions that call cielo24 29 s", "AddMediaLambdaFunction.Properties.Timeout", 29, 6),
  is("gives a delivery 900 s", "DeliverMediaLambdaFunction.Properties.Timeout", 900, 300),
  is("gives a delivery 512 MB", "DeliverMediaLambdaFunction.Properties.MemorySize", 512, 1769),
  check(
    "reserves executions for no function unless a parameter says so",
    (template) => {
      for (const name of functionsOf(template))
        assert.equal(reservedBy(template, name.replace("LambdaFunction", "")), undefined, name);
    },
    (template) => {
      put(template, "MediaSourceLambdaFunction.Properties.ReservedConcurrentExecutions", 0);
    },
  ),
  check(
    "updates deliver-media after media-source, whose redirects it relies on",
    (template) => {
      assert.ok([at(template, "DeliverMediaLambdaFunction.DependsOn")].flat().includes("MediaSourceLambdaFunction"));
    },
    (template) => {
      put(template, "DeliverMediaLambdaFunction.DependsOn", undefined);
    },
  ),
  check(
    "tells every function its stage and version",
    (template, stage) => {
      for (const name of functionsOf(template)) {
        assert.equal(at(template, `${name}.Properties.Environment.Variables.STAGE`), stage);
        assert.match(textAt(template, `${name}.Properties.Environment.Variables.PROXY_VERSION`), /^\d+\.\d+\.\d+/);
      }
    },
    (template) => {
      put(template, "CensusLambdaFunction.Properties.Environment.Variables.STAGE", "local");
    },
  ),
  check(
    "holds no credentials in any environment",
    (template) => {
      for (const name of functionsOf(template)) {
        const variables = Object.keys(at(template, `${name}.Properties.Environment.Variables`) ?? {});
        assert.deepEqual(
          variables.filter((variable) => /TOKEN|PASSWORD|SECUREKEY|USERNAME|ACCESS_KEY/.test(variable)),
          [],
        );
      }
    },
    (template) => {
      put(template, "AddMediaLambdaFunction.Properties.Environment.Variables.API_TOKEN", "0".repeat(32));
    },
  ),
  check(
    "tells the secret's name to the functions that call cielo24 alone",
    (template) => {
      const told = functionsOf(template).filter(
        (name) => at(template, `${name}.Properties.Environment.Variables.CIELO24_SECRET_ARN`) !== undefined,
      );
      assert.deepEqual(told.sort(), [
        "AddMediaLambdaFunction",
        "CensusLambdaFunction",
        "DeliverMediaLambdaFunction",
        "SignUploadLambdaFunction",
        "UpdateMetadataLambdaFunction",
      ]);
    },
    (template) => {
      put(template, "DeliveryStatusLambdaFunction.Properties.Environment.Variables.CIELO24_SECRET_ARN", "arn");
    },
  ),
  is(
    "hands media over at the API's own address",
    "DeliverMediaLambdaFunction.Properties.Environment.Variables.MEDIA_SOURCE_BASE_URL",
    { "Fn::Sub": "https://${HttpApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}" },
    "https://elsewhere.example",
  ),
  is(
    "talks to the stage's cielo24",
    "DeliverMediaLambdaFunction.Properties.Environment.Variables.CIELO24_BASE_URL",
    (stage) => (stage === "dev" ? "https://sandbox.cielo24.com" : "https://api.cielo24.com"),
    "http://api.cielo24.com",
  ),
  check(
    "keeps every log as long as the stage wants",
    (template, stage) => {
      const groups = namesOf(template, "AWS::Logs::LogGroup");
      assert.equal(groups.length, FUNCTIONS.length + 1);
      for (const name of groups)
        assert.equal(at(template, `${name}.Properties.RetentionInDays`), LOG_DAYS[stage], name);
    },
    (template) => {
      put(template, "HttpApiLogGroup.Properties.RetentionInDays", undefined);
    },
  ),
  is(
    "takes the census every quarter of an hour",
    "CensusEventsRuleSchedule1.Properties.ScheduleExpression",
    "cron(0/15 * * * ? *)",
    "rate(1 day)",
  ),
  is("keeps the census switched on", "CensusEventsRuleSchedule1.Properties.State", "ENABLED", "DISABLED"),
];
