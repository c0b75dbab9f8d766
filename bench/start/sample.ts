import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { HeadObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { DynamoDBDocumentClient, GetCommand } from "@aws-sdk/lib-dynamodb";

const s3 = new S3Client();
const table = DynamoDBDocumentClient.from(new DynamoDBClient());

/** The peer: a function that asks S3 and DynamoDB one question each, as the SDK's guide writes it. */
export const handler = async ({ key }: { key: string }): Promise<unknown> => {
  const [object, row] = await Promise.all([
    s3.send(new HeadObjectCommand({ Bucket: process.env["BUCKET_NAME"], Key: key })),
    table.send(new GetCommand({ TableName: process.env["TABLE_NAME"], Key: { job_id: key } })),
  ]);
  return { sizeBytes: object.ContentLength, row: row.Item };
};
