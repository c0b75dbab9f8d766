import { NodeHttpHandler } from "@smithy/node-http-handler";
import type { AwsEnvironment } from "./config.ts";

/**
 * The options of every AWS client in this project. The timeouts throw (without `throwOnRequestTimeout` the SDK only warns),
 * so that a hung service never keeps a media transfer open.
 */
export const awsClientOptions = (
  { region, endpoint, credentials }: AwsEnvironment,
  { requestTimeoutMs = 5_000, maxAttempts = 3 }: { requestTimeoutMs?: number; maxAttempts?: number } = {},
) => ({
  region,
  maxAttempts,
  requestHandler: new NodeHttpHandler({
    connectionTimeout: 2_000,
    requestTimeout: requestTimeoutMs,
    throwOnRequestTimeout: true,
  }),
  ...(endpoint ? { endpoint } : {}),
  ...(credentials ? { credentials } : {}),
});
