import { GetAccountSettingsCommand, GetFunctionConcurrencyCommand, LambdaClient } from "@aws-sdk/client-lambda";
import type { Params } from "./check.ts";
import { SERVICE } from "./stage.ts";

/** How many functions may run at once in an account and a region. */
export interface Executions {
  readonly limit: number;
  /** What of that is reserved for no function. */
  readonly unreserved: number;
  /** What an earlier deployment of this stage has reserved. */
  readonly ownReserved: number;
}

/** What of a stage's parameters is about executions. */
interface Wanted {
  readonly maximumConcurrency: number;
  readonly longestWaitS: number;
  readonly deliveryStatusConcurrency: number;
  readonly deliverMediaConcurrency: number;
}

interface Target {
  readonly stage: string;
  readonly params: Params;
  readonly region: string;
  /** Of the AWS configuration; without it, what the environment says. */
  readonly profile?: string | undefined;
}

/**
 * AWS wants so many to stay unreserved, or all where the account has no more: "decreases account's
 * UnreservedConcurrentExecution below its minimum value of [10]". Source: Lambda Developer Guide, "Configuring reserved
 * concurrency".
 */
const ALWAYS_UNRESERVED = 100;
/** So few are soon taken: signing, status, metadata, cielo24's pulls and the census share them. */
const FEW = 5;
/** What the parameters of `dev` have, for an account of ten. */
const SHORT_WAIT_S = 5;
const ASK_FOR_MORE = 'ask for more in Service Quotas ("Lambda, concurrent executions")';

const readWanted = (params: Params): Wanted => {
  const read = (name: keyof Wanted) => Number(params[name]);
  return {
    maximumConcurrency: read("maximumConcurrency"),
    longestWaitS: read("longestWaitS"),
    deliveryStatusConcurrency: read("deliveryStatusConcurrency"),
    deliverMediaConcurrency: read("deliverMediaConcurrency"),
  };
};

/** What is wrong with a stage's parameters in this account, and what is doubtful. A sentence each, with the arithmetic. */
export const findQuotaFaults = (
  params: Params,
  { limit, unreserved, ownReserved }: Executions,
): { readonly faults: readonly string[]; readonly doubts: readonly string[] } => {
  const { maximumConcurrency, longestWaitS, deliveryStatusConcurrency, deliverMediaConcurrency } = readWanted(params);
  const account = `the account may run ${limit} functions at once in this region`;
  const reserved = deliveryStatusConcurrency + deliverMediaConcurrency;
  const kept = Math.min(ALWAYS_UNRESERVED, limit);
  const reservable = Math.max(unreserved + ownReserved - kept, 0);
  if (reserved > reservable)
    return {
      faults: [
        `deliveryStatusConcurrency (${deliveryStatusConcurrency}) and deliverMediaConcurrency (${deliverMediaConcurrency}) ` +
          `reserve more executions than they can, which is ${reservable}: ${account}, others have reserved ` +
          `${limit - unreserved - ownReserved}, and AWS keeps ${kept} unreserved. ` +
          `Reserve ${reservable === 0 ? "none (0)" : `${reservable} at most`}, or ${ASK_FOR_MORE}`,
      ],
      doubts: [],
    };

  const shared = unreserved + ownReserved - reserved;
  const deliveries = deliverMediaConcurrency > 0 ? 0 : maximumConcurrency;
  const left = shared - deliveries;
  const arithmetic = `${account}, ${shared} of them are not reserved, and deliveries may take ${deliveries} of these`;
  const most = Math.max(shared - FEW, 0);
  if (left <= 0)
    return {
      faults: [
        `maximumConcurrency (${maximumConcurrency}) leaves no execution for calls and pulls: ${arithmetic}. ` +
          (most >= 2 ? `Lower it to ${most} or less, or ${ASK_FOR_MORE}` : `Before anything else, ${ASK_FOR_MORE}`),
      ],
      doubts: [],
    };
  const doubts: string[] = [];
  if (left < FEW) doubts.push(`Executions left for calls and pulls: ${left}. Because ${arithmetic}`);
  if (deliveryStatusConcurrency === 0 && longestWaitS > SHORT_WAIT_S && left < ALWAYS_UNRESERVED)
    doubts.push(
      `As soon as ${left} clients wait for news, calls and pulls fail: ${arithmetic}. ` +
        `Set longestWaitS (${longestWaitS}) to ${SHORT_WAIT_S} or less` +
        (reservable > 0 ? `, or deliveryStatusConcurrency to ${reservable} or less` : ""),
    );
  return { faults: [], doubts };
};

/**
 * Compares a stage's parameters with what the account may run. Where that may not be asked, it says so and nothing more.
 *
 * @returns what is doubtful, a sentence each
 * @throws {Error} with what would make the deployment fail, or the stage stand still
 */
export const checkQuota = async (target: Target): Promise<string[]> => {
  let executions: Executions;
  try {
    executions = await askExecutions(target);
  } catch (error) {
    const { name } = error as Error;
    return [
      `How many functions the account may run at once could not be asked (${name}), so nobody knows whether ` +
        `maximumConcurrency and the reservations fit. lambda:GetAccountSettings and lambda:GetFunctionConcurrency allow it`,
    ];
  }
  const { faults, doubts } = findQuotaFaults(target.params, executions);
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return [...doubts];
};

/** Rejects with the SDK's errors. */
const askExecutions = async ({ stage, region, profile }: Target): Promise<Executions> => {
  const requestHandler = { connectionTimeout: 3_000, requestTimeout: 5_000, throwOnRequestTimeout: true };
  const client = new LambdaClient({ region, maxAttempts: 2, requestHandler, ...(profile && { profile }) });
  const askReserved = async (functionName: string): Promise<number> => {
    try {
      const command = new GetFunctionConcurrencyCommand({ FunctionName: `${SERVICE}-${stage}-${functionName}` });
      return (await client.send(command)).ReservedConcurrentExecutions ?? 0;
    } catch (error) {
      // Before the first deployment.
      if ((error as Error).name === "ResourceNotFoundException") return 0;
      throw error;
    }
  };
  try {
    const { AccountLimit: account } = await client.send(new GetAccountSettingsCommand({}));
    const { ConcurrentExecutions: limit, UnreservedConcurrentExecutions: unreserved } = account ?? {};
    if (limit === undefined || unreserved === undefined) throw new Error("Lambda's answer lacks the account's limits");
    const own = await Promise.all(["deliveryStatus", "deliverMedia"].map(askReserved));
    return { limit, unreserved, ownReserved: own.reduce((sum, each) => sum + each, 0) };
  } finally {
    client.destroy();
  }
};
