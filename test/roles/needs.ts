import type { FunctionCall } from "../../dev/stack/function-calls.ts";

/** A permission that a call takes. */
export interface Need {
  readonly by: string;
  /** In IAM's words: `s3:GetObjectVersion`. */
  readonly action: string;
  /** The template's name of the resource, and the object's key: `MediaBucket/media/…`. */
  readonly resource: string;
  /** The key of the row that the call is about. */
  readonly rowKey?: string | undefined;
  readonly operation: string;
  /** Without the permission S3 answers 403 in place of 404. */
  readonly tellsAbsence?: true;
}

/**
 * What AWS checks for a call. Most actions are called like the operation.
 *
 * Sources: Service Authorization Reference, "Actions, resources, and condition keys" of each service; Amazon S3 User Guide,
 * "Required permissions for Amazon S3 API operations"; Amazon S3 API Reference, "GetObject" and "HeadObject".
 */
export const needsOf = (call: FunctionCall): Need[] => {
  const { by, service, operation, key, index } = call;
  if (service === "s3") return needsOfS3(call);
  if (SEVERAL_ROWS.has(operation)) throw new Error(`Say in test/roles/needs.ts what ${operation} takes`);
  const resource = nameOf(call) + (index === undefined ? "" : `/index/${index}`);
  return [{ by, action: `${service}:${operation}`, resource, rowKey: key, operation }];
};

/**
 * They take the permissions of what they consist of. Not so BatchGetItem and BatchWriteItem, which have actions of their own.
 * Those name no single row here, and so a grant of some rows does not cover them.
 */
const SEVERAL_ROWS = new Set(["TransactWriteItems", "TransactGetItems", "ExecuteStatement", "BatchExecuteStatement"]);

/** The template's name of what the local stack calls otherwise. */
const nameOf = ({ service, resource }: FunctionCall): string => {
  if (service === "dynamodb") return "DeliveryTable";
  if (service === "events") return "MediaEventBus";
  if (service === "secretsmanager") return "the secret";
  if (service === "sqs") return resource.endsWith("-dead-letters") ? "DeadLetterQueue" : "MediaQueue";
  throw new Error(`Say in test/roles/needs.ts what ${service} is called in the template`);
};

const BUCKET = "MediaBucket";
const OF_BUCKET: Readonly<Record<string, string>> = {
  HeadBucket: "s3:ListBucket",
  ListObjects: "s3:ListBucket",
  ListObjectsV2: "s3:ListBucket",
  ListObjectVersions: "s3:ListBucketVersions",
  ListMultipartUploads: "s3:ListBucketMultipartUploads",
};
const OF_OBJECT: Readonly<Record<string, string>> = {
  PutObject: "s3:PutObject",
  CreateMultipartUpload: "s3:PutObject",
  UploadPart: "s3:PutObject",
  CompleteMultipartUpload: "s3:PutObject",
  AbortMultipartUpload: "s3:AbortMultipartUpload",
  ListParts: "s3:ListMultipartUploadParts",
};
/** By whether a version is named: either permission is enough for its own case, and none for the other. */
const READING: Readonly<Record<string, readonly [current: string, version: string]>> = {
  GetObject: ["s3:GetObject", "s3:GetObjectVersion"],
  HeadObject: ["s3:GetObject", "s3:GetObjectVersion"],
  DeleteObject: ["s3:DeleteObject", "s3:DeleteObjectVersion"],
};

const needsOfS3 = ({ by, operation, key, namesVersion = false, status }: FunctionCall): Need[] => {
  const need = (action: string, resource: string): Need => ({ by, action, resource, operation });
  const ofBucket = OF_BUCKET[operation];
  if (ofBucket !== undefined) return [need(ofBucket, BUCKET)];
  const object = `${BUCKET}/${key ?? ""}`;
  const action = OF_OBJECT[operation] ?? READING[operation]?.[namesVersion ? 1 : 0];
  if (action === undefined) throw new Error(`Say in test/roles/needs.ts what ${operation} takes`);
  if (status !== 404 || READING[operation] === undefined) return [need(action, object)];
  // Which of the two decides for a version is not documented: docs/decisions/media-source.md.
  const toTell = namesVersion ? ["s3:ListBucket", "s3:ListBucketVersions"] : ["s3:ListBucket"];
  return [need(action, object), ...toTell.map((each) => ({ ...need(each, BUCKET), tellsAbsence: true as const }))];
};
