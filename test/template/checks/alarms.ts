import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";
import { check, is, type Check } from "../check.ts";
import { at, textAt, namesOf, put, stringsIn, type Json, type Template } from "../cloudformation.ts";
import { FUNCTIONS } from "./functions.ts";

/** Alarms on the project's own metrics, each with how much of it in how many seconds is too much. */
const OWN_METRICS: Readonly<Record<string, readonly [metric: string, threshold: number, periodS: number]>> = {
  NeedsReviewAlarm: ["MediaNeedsReview", 1, 300],
  LoginInvalidAlarm: ["LoginInvalid", 1, 300],
  AccountRefusedAlarm: ["AccountRefused", 1, 300],
  JobUnknownAlarm: ["JobUnknown", 1, 300],
  AnswerNotUnderstoodAlarm: ["AnswerNotUnderstood", 1, 300],
  ObjectAccessRefusedAlarm: ["ObjectAccessRefused", 1, 300],
  BytesCarriedInVainAlarm: ["BytesCarriedInVain", 1, 300],
  MediaUrlRefusedAlarm: ["MediaUrlRefused", 3, 3600],
  SurplusObjectsAlarm: ["SurplusObjects", 100, 3600],
  SurplusBytesAlarm: ["SurplusBytes", 100 * 1024 ** 3, 3600],
  QuarantinedAlarm: ["MediaQuarantined", 1, 300],
  ConflictAlarm: ["MediaConflict", 1, 300],
  CensusAlarm: ["CensusFound", 1, 900],
  Http5xxAlarm: ["Http5xx", 5, 300],
};

/** What waits for an operator tells again only when it is tried again, an hour later or more. */
const WAITING = [
  "LoginInvalidAlarm",
  "AccountRefusedAlarm",
  "JobUnknownAlarm",
  "AnswerNotUnderstoodAlarm",
  "ObjectAccessRefusedAlarm",
  "BytesCarriedInVainAlarm",
];

const DURATIONS_MS = {
  SignUpload: 5_000,
  UpdateMetadata: 20_000,
  AddMedia: 20_000,
  DeliverMedia: 870_000,
};

const ownMetrics: Check[] = Object.entries(OWN_METRICS).map(([alarm, [metric, threshold, periodS]]) =>
  check(
    `fault 12, fault 14, fault 34: alarms on ${metric}`,
    (template, stage) => {
      const properties = at(template, `${alarm}.Properties`) as Record<string, Json>;
      const { Namespace, MetricName, Dimensions, Statistic, Threshold, Period, ComparisonOperator } = properties;
      assert.deepEqual(
        { Namespace, MetricName, Dimensions, Statistic, Threshold, Period, ComparisonOperator },
        {
          Namespace: "cielo24-proxy",
          MetricName: metric,
          Dimensions: [{ Name: "stage", Value: stage }],
          Statistic: "Sum",
          Threshold: threshold,
          Period: periodS,
          ComparisonOperator: "GreaterThanOrEqualToThreshold",
        },
      );
    },
    (template) => {
      put(template, `${alarm}.Properties.Dimensions`, []);
    },
  ),
);

const waiting: Check[] = WAITING.map((alarm) =>
  check(
    `rises at the first word of what waits, and ends two hours after the last: ${alarm}`,
    (template) => {
      const { Period, EvaluationPeriods, DatapointsToAlarm } = at(template, `${alarm}.Properties`) as Record<
        string,
        Json
      >;
      assert.equal(Number(Period) * Number(EvaluationPeriods), 2 * 3600);
      assert.equal(DatapointsToAlarm, 1);
    },
    (template) => {
      put(template, `${alarm}.Properties.DatapointsToAlarm`, undefined);
    },
  ),
);

/** The value of an alarm's expression: metric math as JavaScript understands it, where a metric is absent if it is 0. */
const evaluate = (template: Template, alarm: string, metrics: Readonly<Record<string, number>>): unknown => {
  const expression = textAt(template, `${alarm}.Properties.Metrics.0.Expression`);
  return runInNewContext(expression.replaceAll(" AND ", " && ").replaceAll(" OR ", " || "), {
    IF: (condition: boolean, then: number, otherwise: number) => (condition ? then : otherwise),
    FILL: (value: number | undefined, filling: number) => value ?? filling,
    ...Object.fromEntries(
      [...idsOf(template, alarm)].map((id) => [id, metrics[id] === 0 ? undefined : metrics[id]] as const),
    ),
  });
};

/** The metrics behind an expression, by what the expression calls them. */
const idsOf = (template: Template, alarm: string): Set<string> =>
  new Set(stringsIn(at(template, `${alarm}.Properties.Metrics`)).filter((text) => /^[a-z]\w*$/.test(text)));

/** The project's own metrics in an alarm, which has one of them, or several in an expression. */
const ownMetricsIn = (value: unknown): string[] => {
  if (typeof value !== "object" || value === null) return [];
  const { Namespace, MetricName } = value as Record<string, unknown>;
  if (Namespace === "cielo24-proxy") return [String(MetricName)];
  return Object.values(value).flatMap(ownMetricsIn);
};

const TOPIC_POLICY = "AlarmTopicPolicy.Properties.PolicyDocument.Statement";
const RUNBOOK = "docs/operations.md";
/** The places in the runbook that can be linked to: its headings, as GitHub names them. */
const anchorsOf = (text: string): string[] =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );

const ownMetricNames = (): string[] =>
  [...readFileSync("lib/observability.ts", "utf8").matchAll(/^ {2}\| "(\w+)"/gm)].map(([, name = ""]) => name);

/** The rules that tell the alarm topic of a job by its name: what event, and what of it is said. */
const TELLING: Readonly<
  Record<string, { event: string; detail?: Record<string, string[]>; said: Record<string, string> }>
> = {
  MediaDelayedRule: {
    event: "Media Delayed",
    said: {
      job: "$.detail.JobId",
      reason: "$.detail.Reason.ErrorType",
      carried: "$.detail.BytesCarriedInVain",
      size: "$.detail.SizeBytes",
    },
  },
  MediaNeedsReviewRule: {
    event: "Media Needs Review",
    said: { job: "$.detail.JobId", reason: "$.detail.Error.ErrorType" },
  },
  MediaConflictRule: {
    event: "Media Conflict",
    detail: { Sameness: ["OTHER"] },
    said: { job: "$.detail.JobId", state: "$.detail.State" },
  },
};

const telling: Check[] = Object.entries(TELLING).flatMap(([rule, { event, detail, said }]) => [
  is(
    `tells the alarm topic of "${event}"`,
    `${rule}.Properties.EventPattern`,
    { source: ["cielo24-proxy"], "detail-type": [event], ...(detail ? { detail } : {}) },
    { source: ["cielo24-proxy"], "detail-type": ["Media Delivered"] },
  ),
  is(`hears "${event}" on the deliveries' bus`, `${rule}.Properties.EventBusName`, { Ref: "MediaEventBus" }),
  check(
    `names job, reason and the next command in a readable text of "${event}"`,
    (template, stage) => {
      const [target, ...others] = at(template, `${rule}.Properties.Targets`) as {
        Arn: Json;
        RoleArn?: Json;
        InputTransformer: { InputPathsMap: Record<string, string>; InputTemplate: string };
      }[];
      assert.ok(target && others.length === 0);
      assert.deepEqual([target.Arn, target.RoleArn], [{ Ref: "AlarmTopic" }, undefined]);
      // What is put into a text is not escaped: a comment's quotation mark would end it.
      assert.deepEqual(target.InputTransformer.InputPathsMap, said);
      const text = JSON.parse(target.InputTransformer.InputTemplate) as unknown;
      assert.ok(typeof text === "string" && !text.includes('"'));
      const filled = new Set([...text.matchAll(/<(\w+)>/g)].map(([, name]) => name));
      assert.deepEqual([...filled].sort(), Object.keys(said).sort());
      const command = `aws dynamodb get-item --table-name cielo24-proxy-${stage}-deliveries --key 'job_id={S=<job>}'`;
      assert.ok(text.endsWith(`: ${command} --consistent-read`), text);
      const [, anchor = ""] = /docs\/operations\.md#([\w-]+)/.exec(text) ?? [];
      assert.ok(anchorsOf(readFileSync(RUNBOOK, "utf8")).includes(anchor), text);
    },
    (template) => {
      put(
        template,
        `${rule}.Properties.Targets.0.InputTransformer.InputPathsMap.reason`,
        "$.detail.Error.ErrorComment",
      );
    },
  ),
]);

const durations: Check[] = Object.entries(DURATIONS_MS).map(([name, thresholdMs]) =>
  check(
    `alarms on the p99 of ${name}'s duration before its time is over`,
    (template) => {
      const alarm = `${name}DurationAlarm.Properties`;
      assert.equal(at(template, `${alarm}.ExtendedStatistic`), "p99");
      assert.equal(at(template, `${alarm}.MetricName`), "Duration");
      assert.deepEqual(at(template, `${alarm}.Dimensions.0.Value`), { Ref: `${name}LambdaFunction` });
      assert.equal(at(template, `${alarm}.Threshold`), thresholdMs);
      assert.ok(thresholdMs < 1000 * Number(at(template, `${name}LambdaFunction.Properties.Timeout`)));
    },
    (template) => {
      put(template, `${name}DurationAlarm.Properties.Threshold`, 1_000_000);
    },
  ),
);

const everyFunction: Check[] = ["Throttles", "Errors"].map((metric) =>
  check(
    `alarms on ${metric} of every function`,
    (template) => {
      const metrics = at(template, `${metric}Alarm.Properties.Metrics`);
      const text = JSON.stringify(metrics);
      for (const name of FUNCTIONS) assert.ok(text.includes(`{"Ref":"${name}LambdaFunction"}`), name);
      assert.equal(stringsIn(metrics).filter((value) => value === metric).length, FUNCTIONS.length);
      assert.equal(at(template, `${metric}Alarm.Properties.Metrics.0.Expression`), "SUM(METRICS())");
    },
    (template) => {
      put(template, `${metric}Alarm.Properties.Metrics.3.MetricStat`, undefined);
    },
  ),
);

export const alarmChecks: Check[] = [
  ...ownMetrics,
  ...waiting,
  ...durations,
  ...everyFunction,
  ...telling,
  check(
    "fault 37: alarms on the first dead letter",
    (template) => {
      const { MetricName, Dimensions, Threshold } = at(template, "DeadLettersAlarm.Properties") as Record<string, Json>;
      assert.deepEqual(
        { MetricName, Dimensions, Threshold },
        {
          MetricName: "ApproximateNumberOfMessagesVisible",
          Dimensions: [{ Name: "QueueName", Value: { "Fn::GetAtt": ["DeadLetterQueue", "QueueName"] } }],
          Threshold: 1,
        },
      );
    },
    (template) => {
      put(template, "DeadLettersAlarm.Properties.Threshold", 100);
    },
  ),
  check(
    "alarms on a drop that waits",
    (template) => {
      const { MetricName, Dimensions } = at(template, "OldestMessageAlarm.Properties") as Record<string, Json>;
      assert.deepEqual(
        { MetricName, Dimensions },
        {
          MetricName: "ApproximateAgeOfOldestMessage",
          Dimensions: [{ Name: "QueueName", Value: { "Fn::GetAtt": ["MediaQueue", "QueueName"] } }],
        },
      );
    },
    (template) => {
      put(template, "OldestMessageAlarm.Properties.Dimensions.0.Value", {
        "Fn::GetAtt": ["DeadLetterQueue", "QueueName"],
      });
    },
  ),
  check(
    "alarms when deliveries are retried and none gets through",
    (template, stage) => {
      const strings = stringsIn(at(template, "NothingDeliveredAlarm.Properties.Metrics"));
      assert.ok(["MediaRetried", "MediaDelivered", "MediaHandedOver", stage].every((each) => strings.includes(each)));
    },
    (template) => {
      put(template, "NothingDeliveredAlarm.Properties.Metrics.2.MetricStat", undefined);
    },
  ),
  check(
    "alarms on rejections where nothing is delivered, or where they are more than a fifth of the ends",
    (template, stage) => {
      const alarm = "RejectionsAlarm";
      const metrics = at(template, `${alarm}.Properties.Metrics`) as Record<string, Json>[];
      const strings = stringsIn(metrics);
      assert.ok(["MediaRejected", "MediaDelivered", "MediaNeedsReview", stage].every((each) => strings.includes(each)));
      const rises = (rejected: number, delivered: number, inReview: number) =>
        evaluate(template, alarm, { rejected, delivered, inReview });
      assert.deepEqual([rises(0, 0, 0), rises(0, 9, 9), rises(0, 0, 1)], [0, 0, 0]);
      assert.deepEqual([rises(1, 0, 0), rises(1, 1, 0), rises(4, 1, 0)], [1, 0, 0]);
      assert.deepEqual([rises(5, 20, 0), rises(5, 19, 0), rises(5, 15, 5), rises(50, 199, 0)], [0, 1, 0, 1]);
    },
    (template) => {
      const path = "RejectionsAlarm.Properties.Metrics.0.Expression";
      put(template, path, textAt(template, path).replace(">= 5", ">= 50"));
    },
  ),
  check(
    "has for every alarm a place in the runbook, and names it in the mail",
    (template) => {
      const anchors = anchorsOf(readFileSync(RUNBOOK, "utf8"));
      for (const name of namesOf(template, "AWS::CloudWatch::Alarm")) {
        const [, anchor = ""] =
          / See docs\/operations\.md#([\w-]+)$/.exec(textAt(template, `${name}.Properties.AlarmDescription`)) ?? [];
        assert.ok(anchors.includes(anchor), name);
      }
    },
    (template) => {
      put(template, "JobUnknownAlarm.Properties.AlarmDescription", "See docs/operations.md#nowhere");
    },
  ),
  check(
    "looks at no metric that nobody counts",
    (template) => {
      const known = ownMetricNames();
      const { "Fn::Sub": dashboard } = at(template, "Dashboard.Properties.DashboardBody") as { "Fn::Sub": string };
      const shown = [...dashboard.matchAll(/\["cielo24-proxy", "(\w+)"/g)].map(([, name = ""]) => name);
      const watched = namesOf(template, "AWS::CloudWatch::Alarm").flatMap((name) =>
        ownMetricsIn(template.Resources[name]),
      );
      assert.ok(shown.length >= 10 && watched.length >= 15);
      for (const name of [...shown, ...watched]) assert.ok(known.includes(name), name);
    },
    (template) => {
      put(template, "CensusAlarm.Properties.MetricName", "CensusRequeued");
    },
  ),
  is("alarms on API Gateway's own 5xx", "Api5xxAlarm.Properties.Dimensions", [
    { Name: "ApiId", Value: { Ref: "HttpApi" } },
  ]),
  check(
    "takes missing data for good",
    (template) => {
      for (const name of namesOf(template, "AWS::CloudWatch::Alarm"))
        assert.equal(at(template, `${name}.Properties.TreatMissingData`), "notBreaching", name);
    },
    (template) => {
      put(template, "CensusAlarm.Properties.TreatMissingData", "breaching");
    },
  ),
  check(
    "tells the topic of every alarm, and of its end",
    (template) => {
      for (const name of namesOf(template, "AWS::CloudWatch::Alarm"))
        for (const actions of ["AlarmActions", "OKActions"])
          assert.deepEqual(at(template, `${name}.Properties.${actions}`), [{ Ref: "AlarmTopic" }], name);
    },
    (template) => {
      put(template, "LoginInvalidAlarm.Properties.AlarmActions", []);
    },
  ),
  check(
    "names every alarm after its stage",
    (template, stage) => {
      for (const name of namesOf(template, "AWS::CloudWatch::Alarm"))
        assert.ok(textAt(template, `${name}.Properties.AlarmName`).startsWith(`cielo24-proxy-${stage}-`), name);
    },
    (template) => {
      put(template, "LoginInvalidAlarm.Properties.AlarmName", "login-invalid");
    },
  ),
  is("lets this account's alarms alone publish to the topic", `${TOPIC_POLICY}.[Sid=AlarmsPublish].Condition`, {
    StringEquals: { "aws:SourceAccount": { Ref: "AWS::AccountId" } },
  }),
  is(
    "lets EventBridge publish to the topic, without a condition, which would lose what it sends",
    `${TOPIC_POLICY}.[Sid=RulesPublish]`,
    {
      Sid: "RulesPublish",
      Effect: "Allow",
      Principal: { Service: "events.amazonaws.com" },
      Action: "sns:Publish",
      Resource: { Ref: "AlarmTopic" },
    },
    { Sid: "RulesPublish" },
  ),
  check(
    "lets nobody else publish to the topic",
    (template) => {
      const statements = at(template, TOPIC_POLICY) as { Principal: Json }[];
      assert.deepEqual(
        statements.map(({ Principal }) => Principal),
        [{ Service: "cloudwatch.amazonaws.com" }, { Service: "events.amazonaws.com" }],
      );
    },
    (template) => {
      put(template, `${TOPIC_POLICY}.0.Principal`, "*");
    },
  ),
  check(
    "mails alarms to nobody where no address is given",
    (template) => {
      assert.equal(at(template, "AlarmEmail"), undefined);
      // Validators take a condition that compares two texts for a mistake.
      assert.equal(template["Conditions"], undefined);
    },
    (template) => {
      put(template, "AlarmEmail", { Type: "AWS::SNS::Subscription", Condition: "HasAlarmEmail" });
    },
  ),
  check(
    "shows deliveries, the queue and calls on a dashboard",
    (template, stage) => {
      const { "Fn::Sub": body } = at(template, "Dashboard.Properties.DashboardBody") as { "Fn::Sub": string };
      const { widgets } = JSON.parse(body) as { widgets: { properties: { title: string } }[] };
      assert.ok(widgets.length >= 4);
      assert.ok(
        ["MediaDelivered", "ApproximateAgeOfOldestMessage", "5xx", `"${stage}"`].every((each) => body.includes(each)),
      );
    },
    (template) => {
      put(template, "Dashboard.Properties.DashboardBody", { "Fn::Sub": '{"widgets":[]}' });
    },
  ),
  is(
    "carries the ends of deliveries on a bus of its own",
    "MediaEventBus.Properties.Name",
    (stage) => `cielo24-proxy-${stage}`,
  ),
  is(
    "announces on that bus",
    "DeliverMediaLambdaFunction.Properties.Environment.Variables.EVENT_BUS_NAME",
    { Ref: "MediaEventBus" },
    "default",
  ),
];
