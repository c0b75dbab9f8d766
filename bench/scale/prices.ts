/**
 * What AWS charges in us-east-1, in dollars: list prices without free tiers and discounts, as published pages gave them
 * in June 2026. Check them on AWS's own pages before you rely on them. A GB is 2^30 bytes.
 */
export const PRICES = {
  lambdaArmGbS: 0.0000133334,
  lambdaCall: 0.2 / 1e6,
  /** Of the first 10 TB a month. Then 0.085, from 50 TB on 0.07, from 150 TB on 0.05. */
  egressGb: 0.09,
  s3GbMonth: 0.023,
  /** PUT, POST and LIST. */
  s3Write: 0.005 / 1000,
  /** GET and HEAD. */
  s3Read: 0.0004 / 1000,
  dynamoWrite: 0.625 / 1e6,
  /** A consistent read of up to 4 KB. */
  dynamoRead: 0.125 / 1e6,
  /** With point-in-time recovery, which is 0.20 of it. */
  dynamoGbMonth: 0.45,
  sqsRequest: 0.4 / 1e6,
  eventBridgeEvent: 1 / 1e6,
  httpApiCall: 1 / 1e6,
  logsGb: 0.5,
  trace: 5 / 1e6,
  metricMonth: 0.3,
  /** For each metric that an alarm looks at. */
  alarmMonth: 0.1,
  compositeAlarmMonth: 0.5,
  dashboardMonth: 3,
  secretMonth: 0.4,
} as const;
