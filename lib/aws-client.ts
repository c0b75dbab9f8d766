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
  credentials,
  maxAttempts,
  requestHandler: new NodeHttpHandler({
    connectionTimeout: 2_000,
    requestTimeout: requestTimeoutMs,
    throwOnRequestTimeout: true,
  }),
  ...SETTLED,
  ...(endpoint ? { endpoint } : {}),
});

/**
 * What the SDK would settle on by itself, after it has looked for each in the environment and in files, at every cold start.
 * The later ones are of one service each, and the others' clients ignore them.
 */
const SETTLED = {
  retryMode: "standard",
  authSchemePreference: [],
  useDualstackEndpoint: false,
  useFipsEndpoint: false,
  disableClockSkewCorrection: false,
  userAgentAppId: "cielo24-proxy",
  accountIdEndpointMode: "disabled" as const,
  useArnRegion: false,
  disableMultiregionAccessPoints: false,
  disableS3ExpressSessionAuth: false,
  requestChecksumCalculation: "WHEN_SUPPORTED" as const,
  responseChecksumValidation: "WHEN_SUPPORTED" as const,
};
