import type { AnsweredS3Request } from "../s3/server.ts";
import type { Caller } from "./aws-json.ts";

/** A call to AWS that a function made, or that somebody made with a URL which the function signed. */
export interface FunctionCall {
  /** The function's folder. */
  readonly by: string;
  /** The service's prefix in IAM: `dynamodb`. */
  readonly service: string;
  readonly operation: string;
  /** The name of the bucket, table, queue or bus, or the ARN of the secret. */
  readonly resource: string;
  /** The object's key, or the row's. */
  readonly key?: string | undefined;
  /** The table's index. */
  readonly index?: string | undefined;
  /** Whether it names a version of the object. */
  readonly namesVersion?: boolean;
  /** S3's. */
  readonly status?: number;
}

/** The services' prefixes in IAM, by those of `X-Amz-Target`. */
const SERVICES: Readonly<Record<string, string>> = {
  AmazonSQS: "sqs",
  AWSEvents: "events",
  DynamoDB_20120810: "dynamodb",
  secretsmanager: "secretsmanager",
};

interface Input {
  readonly TableName?: string;
  readonly IndexName?: string;
  readonly Key?: { readonly job_id?: { readonly S?: string } };
  readonly QueueUrl?: string;
  readonly Entries?: readonly { readonly EventBusName?: string }[];
  readonly SecretId?: string;
}

export const describeAwsCall = (by: string, operation: string, body: string, { service }: Caller): FunctionCall => {
  const { TableName, IndexName, Key, QueueUrl, Entries, SecretId } = JSON.parse(body) as Input;
  return {
    by,
    service: SERVICES[service] ?? service,
    operation,
    resource: TableName ?? QueueUrl?.split("/").at(-1) ?? Entries?.[0]?.EventBusName ?? SecretId ?? "",
    key: Key?.job_id?.S,
    index: IndexName,
  };
};

export const describeS3Request = (
  by: string,
  { operation, bucket, key, namesVersion, status }: AnsweredS3Request,
): FunctionCall => ({ by, service: "s3", operation, resource: bucket, key: key || undefined, namesVersion, status });
