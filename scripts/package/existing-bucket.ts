import {
  GetBucketCorsCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketVersioningCommand,
  HeadBucketCommand,
  S3Client,
  type CORSRule,
} from "@aws-sdk/client-s3";

/** What a stage wants of a bucket that it does not make. */
interface Wanted {
  readonly bucket: string;
  readonly region: string;
  readonly corsOrigins: readonly string[];
  /** Of the AWS configuration; without it, what the environment says. */
  readonly profile?: string | undefined;
}

/** What is known of a bucket. */
interface BucketState {
  readonly region: string | undefined;
  readonly versioning: string | undefined;
  readonly hasEventBridge: boolean;
  readonly corsRules: readonly CORSRule[];
}

const HOW = "docs/deploy.md#an-existing-bucket has the command";
/** What sign-upload signs: see `resources/bucket.yml`. */
const METHODS = ["PUT", "POST", "GET", "DELETE"];

/** What is wrong with a bucket, and what is doubtful. A sentence each. */
export const findBucketFaults = (
  { bucket, region, corsOrigins }: Wanted,
  state: BucketState,
): { readonly faults: readonly string[]; readonly doubts: readonly string[] } => {
  const faults: string[] = [];
  if (state.region !== undefined && state.region !== region)
    faults.push(
      `existingBucket (${bucket}) is in ${state.region}, and the stage in ${region}: deploy the stage there (region), or ` +
        `use another bucket`,
    );
  if (state.versioning !== "Enabled")
    faults.push(
      `existingBucket (${bucket}) keeps no versions (${state.versioning ?? "never switched on"}), by which the proxy tells ` +
        `objects apart: switch versioning on. ${HOW}`,
    );
  if (!state.hasEventBridge)
    faults.push(
      `existingBucket (${bucket}) sends no events to EventBridge, so nobody would hear of a drop: switch that on. ${HOW}`,
    );
  const refused = corsOrigins.filter((origin) => !state.corsRules.some((rule) => allows(rule, origin)));
  const doubts =
    refused.length === 0
      ? []
      : [
          `existingBucket (${bucket}) lets no pages of ${refused.join(", ")} upload in parts, since its CORS rules lack the ` +
            `origin, one of ${METHODS.join(", ")}, or the exposed header ETag. ${HOW}`,
        ];
  return { faults, doubts };
};

const allows = ({ AllowedOrigins = [], AllowedMethods = [], ExposeHeaders = [] }: CORSRule, origin: string): boolean =>
  AllowedOrigins.some((pattern) => matches(pattern, origin)) &&
  METHODS.every((method) => AllowedMethods.includes(method)) &&
  ExposeHeaders.some((header) => header.toLowerCase() === "etag");

/** S3 takes one asterisk in an origin. */
const matches = (pattern: string, origin: string): boolean => {
  const [start = "", end] = pattern.split("*");
  if (end === undefined) return pattern === origin;
  return origin.length >= start.length + end.length && origin.startsWith(start) && origin.endsWith(end);
};

/**
 * Asks a bucket whether it has what the stage needs of it. Where that may not be asked, it says so and nothing more.
 *
 * @returns what is doubtful, a sentence each
 * @throws {Error} with what would keep the stage from working
 */
export const checkExistingBucket = async (wanted: Wanted): Promise<string[]> => {
  let state: BucketState;
  try {
    state = await askBucket(wanted);
  } catch (error) {
    const { name } = error as Error;
    if (name === "NotFound" || name === "NoSuchBucket")
      throw new Error(`existingBucket (${wanted.bucket}) does not exist: create it, or leave the parameter empty`, {
        cause: error,
      });
    return [
      `existingBucket (${wanted.bucket}) could not be asked (${name}), so nobody knows whether it has what the stage ` +
        `needs. s3:ListBucket, s3:GetBucketVersioning, s3:GetBucketNotification and s3:GetBucketCORS allow it`,
    ];
  }
  const { faults, doubts } = findBucketFaults(wanted, state);
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return [...doubts];
};

/** Rejects with the SDK's errors. */
const askBucket = async ({ bucket: Bucket, region, profile }: Wanted): Promise<BucketState> => {
  const requestHandler = { connectionTimeout: 3_000, requestTimeout: 5_000, throwOnRequestTimeout: true };
  const client = new S3Client({
    region,
    // A bucket of another region answers with a redirect there.
    followRegionRedirects: true,
    maxAttempts: 2,
    requestHandler,
    ...(profile && { profile }),
  });
  try {
    const { BucketRegion } = await client.send(new HeadBucketCommand({ Bucket }));
    const [{ Status }, { EventBridgeConfiguration }, corsRules] = await Promise.all([
      client.send(new GetBucketVersioningCommand({ Bucket })),
      client.send(new GetBucketNotificationConfigurationCommand({ Bucket })),
      askCorsRules(client, Bucket),
    ]);
    return {
      region: BucketRegion,
      versioning: Status,
      hasEventBridge: EventBridgeConfiguration !== undefined,
      corsRules,
    };
  } finally {
    client.destroy();
  }
};

const askCorsRules = async (client: S3Client, Bucket: string): Promise<readonly CORSRule[]> => {
  try {
    return (await client.send(new GetBucketCorsCommand({ Bucket }))).CORSRules ?? [];
  } catch (error) {
    if ((error as Error).name === "NoSuchCORSConfiguration") return [];
    throw error;
  }
};
