import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { Params } from "./check.ts";
import { checkIssuer } from "./issuer.ts";
import { protectTable } from "./protect-table.ts";
import { checkQuota } from "./quota.ts";

/** What is deployed, and where. */
export interface Deployment {
  readonly stage: string;
  readonly params: Params;
  readonly region: string;
  /** `--aws-profile`; otherwise what the environment says. */
  readonly profile: string | undefined;
}

/** @param rest the arguments that the framework gets */
export const describeDeployment = (stage: string, params: Params, rest: readonly string[]): Deployment => ({
  stage,
  params,
  region: String(params["region"]),
  profile: optionIn(rest, "--aws-profile"),
});

/**
 * What would make the deployment fail, asked before anything is built.
 *
 * @returns what may go wrong all the same, a sentence each
 * @throws {Error} that says what is wrong
 */
export const checkBeforeDeploying = async (deployment: Deployment): Promise<string[]> => [
  ...(await checkOwnIssuer(deployment)),
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

/**
 * Protects the ledger from deletion. The template must not: CloudFormation could not delete a protected table if the first
 * deployment fails, and the next one would find its name taken.
 */
const protectLedger = async ({ stage, region, profile }: Deployment): Promise<string> => {
  const table = `cielo24-proxy-${stage}-deliveries`;
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

/** The value of an option, written as `--name value` or `--name=value`. */
const optionIn = (args: readonly string[], name: string): string | undefined => {
  const at = args.findIndex((arg) => arg === name || arg.startsWith(`${name}=`));
  return args[at] === name ? args[at + 1] : args[at]?.slice(name.length + 1);
};
