import assert from "node:assert/strict";
import { check, is, type Check } from "../check.ts";
import { at, textAt, namesOf, put, stringsIn, type Json } from "../cloudformation.ts";
import { FUNCTIONS } from "./functions.ts";

const OWN_METRICS = {
  NeedsReviewAlarm: "MediaNeedsReview",
  LoginInvalidAlarm: "LoginInvalid",
  QuarantinedAlarm: "MediaQuarantined",
  CensusAlarm: "CensusFound",
  Http5xxAlarm: "Http5xx",
};

const DURATIONS_MS = {
  SignUpload: 5_000,
  UpdateMetadata: 20_000,
  AddMedia: 20_000,
  DeliverMedia: 870_000,
};

const metricOf = (name: string) => `${name}.Properties`;

const ownMetrics: Check[] = Object.entries(OWN_METRICS).map(([alarm, metric]) =>
  check(
    `fault 12, fault 14, fault 34: alarms on ${metric}`,
    (template, stage) => {
      const { Namespace, MetricName, Dimensions, Statistic } = at(template, metricOf(alarm)) as Record<string, Json>;
      assert.deepEqual(
        { Namespace, MetricName, Dimensions, Statistic },
        {
          Namespace: "cielo24-proxy",
          MetricName: metric,
          Dimensions: [{ Name: "stage", Value: stage }],
          Statistic: "Sum",
        },
      );
    },
    (template) => {
      put(template, `${alarm}.Properties.Dimensions`, []);
    },
  ),
);

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
  ...durations,
  ...everyFunction,
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
  is(
    "lets this account's alarms alone publish to the topic",
    "AlarmTopicPolicy.Properties.PolicyDocument.Statement.0.Condition",
    { StringEquals: { "aws:SourceAccount": { Ref: "AWS::AccountId" } } },
  ),
  is("mails alarms only where an address is given", "AlarmEmail.Condition", "HasAlarmEmail"),
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
