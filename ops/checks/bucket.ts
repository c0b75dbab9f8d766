import {
  GetBucketCorsCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  type CORSRule,
  type PublicAccessBlockConfiguration,
  type QueueConfiguration,
} from "@aws-sdk/client-s3";
import { DEPLOY, failed, ok, type Check, type Finding } from "./check.ts";

/** What sign-upload signs: PUT an object or a part; create and complete; list; abort. */
const METHODS = ["PUT", "POST", "GET", "DELETE"];

export const BUCKET_CHECKS: readonly Check[] = [
  {
    name: "bucket-versioning",
    look: async ({ s3, outputs: { MediaBucketName: Bucket } }) => {
      const { Status } = await s3.send(new GetBucketVersioningCommand({ Bucket }));
      return Status === "Enabled"
        ? ok(`${Bucket} keeps versions`)
        : failed(`${Bucket} keeps no versions: what is overwritten before it is delivered is lost.`, DEPLOY);
    },
  },
  {
    name: "bucket-notification",
    isOnlyOnAws: true,
    look: async ({ s3, outputs: { MediaBucketName: Bucket, MediaQueueArn } }) => {
      const { QueueConfigurations } = await s3.send(new GetBucketNotificationConfigurationCommand({ Bucket }));
      return judgeNotification(QueueConfigurations, MediaQueueArn);
    },
  },
  {
    name: "bucket-cors",
    isOnlyOnAws: true,
    look: async ({ s3, outputs: { MediaBucketName: Bucket } }) => {
      try {
        return judgeCors((await s3.send(new GetBucketCorsCommand({ Bucket }))).CORSRules);
      } catch (error) {
        if (error instanceof Error && error.name === "NoSuchCORSConfiguration") return judgeCors([]);
        throw error;
      }
    },
  },
  {
    name: "bucket-public-access",
    isOnlyOnAws: true,
    look: async ({ s3, outputs: { MediaBucketName: Bucket } }) => {
      try {
        const answer = await s3.send(new GetPublicAccessBlockCommand({ Bucket }));
        return judgePublicAccess(answer.PublicAccessBlockConfiguration);
      } catch (error) {
        if (error instanceof Error && error.name === "NoSuchPublicAccessBlockConfiguration")
          return judgePublicAccess(undefined);
        throw error;
      }
    },
  },
];

/** Whether S3 tells the queue of each object under `media/`. */
export const judgeNotification = (configurations: readonly QueueConfiguration[] = [], queueArn: string): Finding => {
  const own = configurations.filter(({ QueueArn }) => QueueArn === queueArn);
  if (own.length === 0)
    return failed("S3 does not tell the queue of new objects: only the census finds them, up to a day later.", DEPLOY);
  const isWhole = own.some(({ Events = [], Filter }) => {
    const rules = Filter?.Key?.FilterRules ?? [];
    const takesAll = rules.every(
      ({ Name = "", Value = "" }) => Name.toLowerCase() === "prefix" && "media/".startsWith(Value),
    );
    return takesAll && Events.some((event) => event === "s3:ObjectCreated:*");
  });
  return isWhole
    ? ok("S3 tells the queue of each object under media/")
    : failed("S3 tells the queue of some objects under media/ only: its events or its filter were changed.", DEPLOY);
};

/** Whether a page of another origin may do what sign-upload signs. */
export const judgeCors = (rules: readonly CORSRule[] = []): Finding => {
  const allowed = rules.filter(
    ({ AllowedMethods = [], ExposeHeaders = [] }) =>
      METHODS.every((method) => AllowedMethods.includes(method)) &&
      ExposeHeaders.some((name) => name.toLowerCase() === "etag"),
  );
  const origins = allowed.flatMap(({ AllowedOrigins = [] }) => AllowedOrigins);
  return origins.length > 0
    ? ok(`pages of ${origins.join(", ")} may upload`)
    : failed(`No page may upload: no rule allows ${METHODS.join(", ")} and shows ETag.`, DEPLOY);
};

/** Whether nothing in the bucket can become public. */
export const judgePublicAccess = (block: PublicAccessBlockConfiguration = {}): Finding => {
  const names = ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"] as const;
  const off = names.filter((name) => !block[name]);
  return off.length === 0 ? ok("public access is blocked") : failed(`Not blocked: ${off.join(", ")}.`, DEPLOY);
};
