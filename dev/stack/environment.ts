import type { Runtime } from "../../lib/runtime.ts";

export interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Each function signs with an access key of its own, by which its calls can be told apart. The keys share one secret. */
export const keyIdOf = (functionName: string): string => `AKIALOCAL${functionName.replaceAll("-", "").toUpperCase()}`;

/** The addresses and names of the parts of a stack. */
export interface Addresses {
  readonly region: string;
  readonly functionKey: AccessKey;
  readonly s3Url: string;
  /** The address of the services with a JSON protocol. */
  readonly awsUrl: string;
  readonly gatewayUrl: string;
  readonly cielo24Url: string;
  readonly bucketName: string;
  readonly tableName: string;
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
  readonly eventBusName: string;
  readonly secretArn: string;
  readonly maxReceives: number;
}

/** One environment for all functions: the variables of every `function.yml`, and those that Lambda adds. */
export const functionEnvironment = (
  at: Addresses,
  overrides: Runtime["env"],
): Readonly<Record<string, string | undefined>> => ({
  AWS_REGION: at.region,
  AWS_ACCESS_KEY_ID: at.functionKey.accessKeyId,
  AWS_SECRET_ACCESS_KEY: at.functionKey.secretAccessKey,
  AWS_ENDPOINT_URL_S3: at.s3Url,
  AWS_ENDPOINT_URL_DYNAMODB: at.awsUrl,
  AWS_ENDPOINT_URL_SQS: at.awsUrl,
  AWS_ENDPOINT_URL_EVENTBRIDGE: at.awsUrl,
  AWS_ENDPOINT_URL_SECRETS_MANAGER: at.awsUrl,
  BUCKET_NAME: at.bucketName,
  TABLE_NAME: at.tableName,
  QUEUE_URL: at.queueUrl,
  DEAD_LETTER_QUEUE_URL: at.deadLetterQueueUrl,
  EVENT_BUS_NAME: at.eventBusName,
  CIELO24_BASE_URL: at.cielo24Url,
  CIELO24_SECRET_ARN: at.secretArn,
  MEDIA_SOURCE_BASE_URL: at.gatewayUrl,
  MAX_RECEIVES: String(at.maxReceives),
  STAGE: "local",
  // Nobody waits for a newer version of a drop, unless the one who starts the stack says so.
  DROP_SETTLE_S: "0",
  ...overrides,
});
