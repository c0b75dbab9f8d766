import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { awsClientOptions } from "../aws.ts";
import { readAwsEnvironment, readConfig } from "../config.ts";
import type { Runtime } from "../runtime.ts";
import { createCielo24, type Cielo24 } from "./client.ts";
import { readSecret } from "./credentials.ts";

/** cielo24 as a function of ours uses it: the account's credentials come from Secrets Manager. */
export const connectCielo24 = ({ env, clock }: Runtime): Cielo24 => {
  const { cielo24BaseUrl, cielo24SecretArn } = readConfig(env, "cielo24BaseUrl", "cielo24SecretArn");
  const secrets = new SecretsManagerClient(awsClientOptions(readAwsEnvironment(env, "SECRETS_MANAGER")));
  return createCielo24({
    baseUrl: cielo24BaseUrl,
    readCredentials: () => readSecret(secrets, cielo24SecretArn),
    clock,
  });
};
