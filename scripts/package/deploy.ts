import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { Params } from "./check.ts";
import { checkExistingBucket } from "./existing-bucket.ts";
import { checkIssuer } from "./issuer.ts";
import { protectTable } from "./protect-table.ts";
import { checkQuota } from "./quota.ts";
import { SERVICE } from "./stage.ts";

/** What is deployed, and where. */
export interface Deployment {
  readonly stage: string;
  readonly params: Params;
  readonly region: string;
  /** Of the AWS configuration; without it, what the environment says. */
  readonly profile: string | undefined;
}

/**
 * What would make the deployment fail, asked before anything is built.
 *
 * @returns what may go wrong all the same, a sentence each
 * @throws {Error} that says what is wrong
 */
export const checkBeforeDeploying = async (deployment: Deployment): Promise<string[]> => [
  ...(await checkOwnIssuer(deployment)),
  ...(await checkBucketOfOthers(deployment)),
  ...(await checkQuota(deployment)),
];

/**
 * What must not be in the template, done once the stage is deployed.
 *
 * @returns what was done, a sentence each
 * @throws {Error} that says what is left to do by hand
 */
export const finishDeployment = async (deployment: Deployment): Promise<string[]> => [await protectLedger(deployment)];

const checkOwnIssuer = async ({ params }: Deployment): Promise<string[]> =>
  // A user pool of the stage does not exist before the stage.
  params["identityProvider"] === "cognito" ? [] : checkIssuer(String(params["issuerUrl"]));

const checkBucketOfOthers = async ({ params, region, profile }: Deployment): Promise<string[]> => {
  const { existingBucket: bucket, corsOrigins } = params;
  if (typeof bucket !== "string" || bucket === "") return [];
  return checkExistingBucket({ bucket, region, corsOrigins: corsOrigins as readonly string[], profile });
};

/**
 * Protects the ledger from deletion. The template must not: CloudFormation could not delete a protected table if the first
 * deployment fails, and the next one would find its name taken.
 */
const protectLedger = async ({ stage, region, profile }: Deployment): Promise<string> => {
  const table = `${SERVICE}-${stage}-deliveries`;
  const client = new DynamoDBClient({ region, ...(profile === undefined ? {} : { profile }) });
  try {
    const isNew = await protectTable(client, table);
    return `The table ${table} is ${isNew ? "now" : "still"} protected from deletion.`;
  } catch (error) {
    const { name, message } = error as Error;
    const command = `aws dynamodb update-table --region ${region} --table-name ${table} --deletion-protection-enabled`;
    throw new Error(
      `The stage is deployed and works, but its table is not protected from deletion (${name}: ${message}).\n` +
        `Deploy again, or run:\n  ${command}`,
      { cause: error },
    );
  } finally {
    client.destroy();
  }
};
