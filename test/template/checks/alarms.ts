import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";
import { PRICES } from "../../../bench/scale/prices.ts";
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
  MediaNotShownAlarm: ["MediaNotShown", 1, 3600],
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

interface Telling {
  readonly event: string;
  readonly topic: "AlarmTopic" | "NoticeTopic";
  readonly detail?: Json;
  /** What of the event is inserted: ids, numbers, words from a closed list, and encoded keys. */
  readonly said: Readonly<Record<string, string>>;
  readonly command: string;
  readonly anchor: string;
}

const SHOW = "npx cielo24-proxy ops show <job> --stage STAGE --region ${AWS::Region}";

/** The rules that tell of a job by its name: what event, to whom, and what of it is said. */
const TELLING: Readonly<Record<string, Telling>> = {
  MediaNeedsReviewRule: {
    event: "Media Needs Review",
    topic: "AlarmTopic",
    said: { job: "$.detail.JobId", reason: "$.detail.Error.ErrorType" },
    command: SHOW,
    anchor: "needs-review",
  },
  MediaQuarantinedRule: {
    event: "Media Quarantined",
    topic: "NoticeTopic",
    said: { key: "$.detail.SafeKey" },
    command: 'aws s3 cp "s3://${MediaBucket}/$key" s3://${MediaBucket}/media/JOB_ID/',
    anchor: "quarantined",
  },
  MediaRejectedRule: {
    event: "Media Rejected",
    topic: "NoticeTopic",
    detail: { Via: ["DROP"], Error: { ErrorType: [{ "anything-but": ["WITHDRAWN"] }] } },
    said: { job: "$.detail.JobId", reason: "$.detail.Error.ErrorType", key: "$.detail.SafeKey" },
    command: SHOW,
    anchor: "rejections",
  },
  MediaConflictRule: {
    event: "Media Conflict",
    topic: "NoticeTopic",
    detail: { Sameness: ["OTHER"] },
    said: { job: "$.detail.JobId", state: "$.detail.State", key: "$.detail.SafeKey" },
    command: SHOW,
    anchor: "conflict",
  },
  MediaDelayedRule: {
    event: "Media Delayed",
    topic: "NoticeTopic",
    said: {
      job: "$.detail.JobId",
      reason: "$.detail.Reason.ErrorType",
      carried: "$.detail.BytesCarriedInVain",
      size: "$.detail.SizeBytes",
    },
    command: SHOW,
    anchor: "bytes-carried-in-vain",
  },
};

const telling: Check[] = Object.entries(TELLING).flatMap(
  ([rule, { event, topic, detail, said, command, anchor }]): Check[] => [
    is(
      `tells of "${event}" where somebody has to know`,
      `${rule}.Properties.EventPattern`,
      { source: ["cielo24-proxy"], "detail-type": [event], ...(detail ? { detail } : {}) },
      { source: ["cielo24-proxy"], "detail-type": ["Media Delivered"] },
    ),
    is(`hears "${event}" on the deliveries' bus`, `${rule}.Properties.EventBusName`, { Ref: "MediaEventBus" }),
    check(
      `names job or key, reason, the next command and the runbook's place in a readable text of "${event}"`,
      (template, stage) => {
        const [target, ...others] = at(template, `${rule}.Properties.Targets`) as {
          Arn: Json;
          RoleArn?: Json;
          InputTransformer: { InputPathsMap: Record<string, string>; InputTemplate: { "Fn::Sub": string } };
        }[];
        assert.ok(target && others.length === 0);
        assert.deepEqual([target.Arn, target.RoleArn], [{ Ref: topic }, undefined]);
        // What is put into a text is not escaped: a comment's quotation mark would end it.
        assert.deepEqual(target.InputTransformer.InputPathsMap, said);
        const { "Fn::Sub": text } = target.InputTransformer.InputTemplate;
        // EventBridge takes 8,192 characters, each line in quotation marks of its own.
        assert.ok(text.length < 4096);
        const lines = text.split("\n").map((line) => JSON.parse(line) as unknown);
        assert.ok(lines.every((line) => typeof line === "string"));
        const filled = new Set([...text.matchAll(/<(\w+)>/g)].map(([, name]) => name));
        assert.deepEqual([...filled].sort(), Object.keys(said).sort());
        assert.ok(lines.includes(command.replace("STAGE", stage)), text);
        assert.ok(text.includes(`docs/operations.md#${anchor} `), text);
        assert.ok(anchorsOf(readFileSync(RUNBOOK, "utf8")).includes(anchor), anchor);
        if ("job" in said) assert.equal(queryOf(text), queryText(template, "JobQuery"));
      },
      (template) => {
        put(
          template,
          `${rule}.Properties.Targets.0.InputTransformer.InputPathsMap.reason`,
          "$.detail.Error.ErrorComment",
        );
      },
    ),
  ],
);

/** The query in a link to Logs Insights, which encodes it with `*` in place of `%`. */
const queryOf = (text: string): string | undefined => {
  const [, query] = /editorString\$257E\$2527([^$]*)\$257E/.exec(text) ?? [];
  return query === undefined ? undefined : decodeURIComponent(query.replaceAll("*", "%"));
};

const queryText = (template: Template, name: string): string => textAt(template, `${name}.Properties.QueryString`);

/** The log groups in a link to Logs Insights. */
const groupsOf = (text: string): string[] =>
  [...text.matchAll(/\$2527\*2faws\*2flambda\*2f([\w-]+)/g)].map(([, name = ""]) => name);

/** Who hears of an alarm: nobody where a rule names the job in its place, or another alarm looks at it. */
const HEARD: Readonly<Record<"AlarmTopic" | "nobody", readonly string[]>> = {
  AlarmTopic: ["DeadLettersAlarm", "LoginInvalidAlarm", "AccountRefusedAlarm", "Api5xxAlarm", "LateFastAlarm"],
  nobody: [
    "NeedsReviewAlarm",
    "QuarantinedAlarm",
    "ConflictAlarm",
    "BytesCarriedInVainAlarm",
    "OldestMessageAlarm",
    "LateFastHourAlarm",
    "LateFastNowAlarm",
    "LateSlowHoursAlarm",
    "LateSlowNowAlarm",
  ],
};

const allAlarms = (template: Template): string[] => [
  ...namesOf(template, "AWS::CloudWatch::Alarm"),
  ...namesOf(template, "AWS::CloudWatch::CompositeAlarm"),
];

/** The pairs of windows, with how many late drops it takes, and what share of all. */
const BURN: Readonly<Record<string, readonly [periodS: number, least: number, share: number]>> = {
  LateFastHourAlarm: [3600, 3, 0.144],
  LateFastNowAlarm: [300, 1, 0.144],
  LateSlowHoursAlarm: [21_600, 1, 0.06],
  LateSlowNowAlarm: [1800, 1, 0.06],
};

const burn: Check[] = Object.entries(BURN).map(([alarm, [periodS, least, share]]) =>
  check(
    `watches how fast the error budget burns, over ${periodS} s`,
    (template) => {
      const { Metrics, Threshold, ComparisonOperator } = at(template, `${alarm}.Properties`) as Record<string, Json>;
      assert.deepEqual(ownMetricsIn(Metrics), ["DropLate", "DropInTime"]);
      const periods = (Metrics as Record<string, Json>[]).flatMap((metric) => {
        const stat = metric["MetricStat"] as Record<string, Json> | undefined;
        return stat ? [stat["Period"]] : [];
      });
      assert.deepEqual(periods, [periodS, periodS]);
      assert.deepEqual([Threshold, ComparisonOperator], [share, "GreaterThanThreshold"]);
      const burns = (late: number, inTime: number) => Number(evaluate(template, alarm, { late, inTime })) > share;
      assert.deepEqual([burns(0, 0), burns(0, 5), burns(least, 0), burns(least - 1, 0)], [false, false, true, false]);
      const inTime = Math.round(100 * (1 - share));
      assert.deepEqual([burns(101 - inTime, inTime), burns(99 - inTime, inTime + 1)], [true, false]);
    },
    (template) => {
      put(template, `${alarm}.Properties.Metrics.2.MetricStat.Period`, 60);
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
  ...waiting,
  ...durations,
  ...everyFunction,
  ...telling,
  ...burn,
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
  is(
    "wakes somebody once for drops that are late, whether a function has seen them or not",
    "LateFastAlarm.Properties.AlarmRule",
    {
      "Fn::Sub": '(ALARM("${LateFastHourAlarm}") AND ALARM("${LateFastNowAlarm}")) OR ALARM("${OldestMessageAlarm}")',
    },
    { "Fn::Sub": 'ALARM("${LateFastHourAlarm}")' },
  ),
  check(
    "says nothing more of drops that are late while somebody has been woken for them",
    (template) => {
      const { AlarmRule, ActionsSuppressor } = at(template, "LateSlowAlarm.Properties") as Record<string, Json>;
      assert.deepEqual(AlarmRule, { "Fn::Sub": 'ALARM("${LateSlowHoursAlarm}") AND ALARM("${LateSlowNowAlarm}")' });
      assert.deepEqual(ActionsSuppressor, { "Fn::GetAtt": ["LateFastAlarm", "Arn"] });
    },
    (template) => {
      put(template, "LateSlowAlarm.Properties.ActionsSuppressor", undefined);
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
      for (const name of allAlarms(template)) {
        const text = textAt(template, `${name}.Properties.AlarmDescription`);
        const [, anchor = ""] = / See docs\/operations\.md#([\w-]+)(?: https:\/\/\S+)?$/.exec(text) ?? [];
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
  check(
    "shows on the dashboard, or watches, whatever a function counts",
    (template) => {
      const { "Fn::Sub": dashboard } = at(template, "Dashboard.Properties.DashboardBody") as { "Fn::Sub": string };
      const watched = namesOf(template, "AWS::CloudWatch::Alarm").flatMap((name) =>
        ownMetricsIn(template.Resources[name]),
      );
      const isSeen = (name: string) => watched.includes(name) || dashboard.includes(`["cielo24-proxy", "${name}"`);
      assert.ok(ownMetricNames().length >= 30);
      assert.deepEqual(
        ownMetricNames().filter((name) => !isSeen(name)),
        [],
      );
    },
    (template) => {
      const path = "Dashboard.Properties.DashboardBody.Fn::Sub";
      put(template, path, textAt(template, path).replace('"UploadTimedOut"', '"UploadCancelled"'));
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
    "wakes somebody only for what needs a person now, and tells of every alarm and its end once",
    (template) => {
      for (const name of allAlarms(template)) {
        const topic = HEARD.AlarmTopic.includes(name) ? "AlarmTopic" : "NoticeTopic";
        const wanted = HEARD.nobody.includes(name) ? undefined : [{ Ref: topic }];
        for (const actions of ["AlarmActions", "OKActions"])
          assert.deepEqual(at(template, `${name}.Properties.${actions}`), wanted, name);
      }
      for (const name of Object.values(HEARD).flat()) assert.ok(template.Resources[name], name);
    },
    (template) => {
      put(template, "LoginInvalidAlarm.Properties.AlarmActions", []);
    },
  ),
  check(
    "links alarms to queries that are saved, in log groups that exist",
    (template, stage) => {
      const saved = namesOf(template, "AWS::Logs::QueryDefinition").map((name) => queryText(template, name));
      const groups = FUNCTIONS.map((name) => `cielo24-proxy-${stage}-${name.charAt(0).toLowerCase()}${name.slice(1)}`);
      const texts = allAlarms(template).map((name) => textAt(template, `${name}.Properties.AlarmDescription`));
      const linked = texts.filter((text) => text.includes("https://"));
      assert.ok(linked.length >= 15);
      for (const text of linked) {
        assert.ok(saved.includes(queryOf(text) ?? ""), text);
        assert.ok(groupsOf(text).length > 0 && groupsOf(text).every((group) => groups.includes(group)), text);
        // An alarm's description has at most 1,024 characters, and a mail program takes all of this for the link.
        assert.match(text, /https:\/\/[\w$*.:/?=#<>-]+$/);
      }
    },
    (template) => {
      put(template, "WaitsQuery.Properties.QueryString", "fields @message");
    },
  ),
  check(
    "has in a job's queries, and in the link that notifications have, the logs of every function that logs its id",
    (template, stage) => {
      const folders = FUNCTIONS.map((name) => name.replace(/(?<=.)(?=[A-Z])/g, "-").toLowerCase());
      const logsJobs = (folder: string) =>
        globSync(`functions/${folder}/*.ts`).some((file) => /\bjobId\b/.test(readFileSync(file, "utf8")));
      const functions = FUNCTIONS.filter((_, index) => logsJobs(folders[index] ?? ""));
      assert.ok(functions.includes("Census") && !functions.includes("Health"));
      for (const query of ["JobQuery", "UploadQuery", "TracesQuery"]) {
        const groups = stringsIn(at(template, `${query}.Properties.LogGroupNames`));
        assert.deepEqual(groups.sort(), functions.map((name) => `${name}LogGroup`).sort(), query);
      }
      const link = textAt(template, "MediaRejectedRule.Properties.Targets.0.InputTransformer.InputTemplate.Fn::Sub");
      const linked = functions.map((name) => `cielo24-proxy-${stage}-${name.charAt(0).toLowerCase()}${name.slice(1)}`);
      assert.deepEqual(groupsOf(link).sort(), linked.sort());
    },
    (template) => {
      put(template, "JobQuery.Properties.LogGroupNames.6", undefined);
    },
  ),
  check(
    "shows jobs by state, as the saved query finds them by lines that the functions log",
    (template) => {
      const { "Fn::Sub": body } = at(template, "Dashboard.Properties.DashboardBody") as { "Fn::Sub": string };
      const { widgets } = JSON.parse(body) as { widgets: { type: string; properties: { query?: string } }[] };
      const shown = widgets.flatMap(({ type, properties: { query } }) => (type === "log" && query ? [query] : []));
      const saved = queryText(template, "StatesQuery");
      const groups = stringsIn(at(template, "StatesQuery.Properties.LogGroupNames"));
      const sources = groups.map((group) => `SOURCE '\${${group}}'`);
      assert.deepEqual(shown, [[...sources, saved.replaceAll("\n|", " |")].join(" | ")]);
      const source = globSync(["functions/**/*.ts", "lib/**/*.ts"]).map((file) => readFileSync(file, "utf8"));
      const [, messages = ""] = /message in \[(.*)\]/.exec(saved) ?? [];
      for (const message of JSON.parse(`[${messages}]`) as string[])
        assert.ok(
          source.some((text) => text.includes(`log.info("${message}"`)),
          message,
        );
    },
    (template) => {
      put(template, "StatesQuery.Properties.QueryString", 'filter message in ["delivery ends"]');
    },
  ),
  check(
    "leads from a job to the traces of X-Ray",
    (template) => {
      assert.match(
        queryText(template, "TracesQuery"),
        /concat\("https:\/\/console\.aws\.amazon\.com\/cloudwatch\/home\?region=[\w-]+#xray:traces\/", traceId\)/,
      );
    },
    (template) => {
      put(template, "TracesQuery.Properties.QueryString", "fields traceId");
    },
  ),
  check(
    "saves queries for a job, an upload, a request, waits, slow and late drops, rejections and failures",
    (template, stage) => {
      const names = namesOf(template, "AWS::Logs::QueryDefinition");
      assert.ok(names.length >= 8);
      for (const name of names)
        assert.ok(textAt(template, `${name}.Properties.Name`).startsWith(`cielo24-proxy-${stage}/`), name);
      const groups = stringsIn(at(template, "RequestQuery.Properties.LogGroupNames"));
      assert.deepEqual(groups.sort(), [...FUNCTIONS.map((name) => `${name}LogGroup`), "HttpApiLogGroup"].sort());
      assert.match(queryText(template, "JobQuery"), /filter jobId = "<job>"/);
    },
    (template) => {
      put(template, "RequestQuery.Properties.LogGroupNames.0", undefined);
    },
  ),
  check(
    "names every alarm after its stage",
    (template, stage) => {
      for (const name of allAlarms(template))
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
    "lets nobody else publish to the topic, nor to that of what can wait",
    (template) => {
      const statements = at(template, TOPIC_POLICY) as Record<string, Json>[];
      assert.deepEqual(
        statements.map(({ Principal }) => Principal),
        [{ Service: "cloudwatch.amazonaws.com" }, { Service: "events.amazonaws.com" }],
      );
      assert.deepEqual(
        at(template, TOPIC_POLICY.replace("Alarm", "Notice")),
        statements.map((statement) => ({ ...statement, Resource: { Ref: "NoticeTopic" } })),
      );
    },
    (template) => {
      put(template, `${TOPIC_POLICY}.0.Principal`, "*");
    },
  ),
  check(
    "mails alarms and notices to nobody where no address is given",
    (template) => {
      assert.equal(at(template, "AlarmEmail"), undefined);
      assert.equal(at(template, "NoticeEmail"), undefined);
      // Validators take a condition that compares two texts for a mistake.
      assert.equal(template["Conditions"], undefined);
    },
    (template) => {
      put(template, "AlarmEmail", { Type: "AWS::SNS::Subscription", Condition: "HasAlarmEmail" });
    },
  ),
  check(
    "shows states, ages, rates, reasons, the error budget, alarms and the day's cost on a dashboard",
    (template, stage) => {
      const { "Fn::Sub": body } = at(template, "Dashboard.Properties.DashboardBody") as { "Fn::Sub": string };
      const { widgets } = JSON.parse(body) as { widgets: { type: string; properties: { alarms?: string[] } }[] };
      assert.ok(widgets.length >= 10);
      for (const each of ["MediaDelivered", "ApproximateAgeOfOldestMessage", "5xx", `"${stage}"`, "SecondsFromDrop"])
        assert.ok(body.includes(each), each);
      const shown = widgets.find(({ type }) => type === "alarm")?.properties.alarms?.sort();
      // Windows are shown as the pair that they make.
      const whole = allAlarms(template).filter((name) => !Object.keys(BURN).includes(name));
      assert.deepEqual(shown, whole.map((name) => `\${${name}.Arn}`).sort());
    },
    (template) => {
      put(template, "Dashboard.Properties.DashboardBody", { "Fn::Sub": '{"widgets":[]}' });
    },
  ),
  check(
    "reckons the day's cost by the prices of docs/costs.md, and by the memory of each function",
    (template) => {
      const { "Fn::Sub": body } = at(template, "Dashboard.Properties.DashboardBody") as { "Fn::Sub": string };
      const expressions = [...body.matchAll(/"expression": "([^"]*)"/g)].map(([, text = ""]) => text);
      const formula = (part: string) => expressions.find((text) => text.includes(part)) ?? "";
      FUNCTIONS.forEach((name, index) => {
        const [, memory] = new RegExp(`\\(ms${index}, 0\\) / 1000 \\* (\\d+) / 1024`).exec(formula("ms0")) ?? [];
        const [, shown] = new RegExp(`"\\$\\{(\\w+)LambdaFunction\\}", \\{ "id": "ms${index}"`).exec(body) ?? [];
        assert.equal(memory, textAt(template, `${shown ?? name}LambdaFunction.Properties.MemorySize`));
      });
      const numbers = (text: string) => [...text.matchAll(/\b0\.\d+\b/g)].map(([price]) => rounded(Number(price)));
      const rounded = (price: number) => price.toPrecision(6);
      assert.deepEqual([...new Set(numbers(formula("ms0")))], [PRICES.lambdaArmGbS, PRICES.lambdaCall].map(rounded));
      assert.deepEqual(numbers(formula("0.09")), [rounded(PRICES.egressGb)]);
      assert.deepEqual(numbers(formula("0.023")), [rounded(PRICES.s3GbMonth)]);
      const requests = [PRICES.httpApiCall, PRICES.sqsRequest, PRICES.dynamoWrite, PRICES.dynamoRead];
      assert.deepEqual([...new Set(numbers(formula("apiCalls")))], requests.map(rounded));
    },
    (template) => {
      put(template, "DeliverMediaLambdaFunction.Properties.MemorySize", 1769);
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
