import { actionService, AwsJsonError, type AwsService } from "./aws-json.ts";

/** Secrets Manager with one secret. */
export interface Secrets {
  readonly service: AwsService;
  readonly arn: string;
  /** Replaces the secret's value. */
  readonly rotate: (value: object | string) => void;
}

const NAME = "cielo24-proxy/local/cielo24";

export const createSecrets = (region: string, firstValue: object): Secrets => {
  const arn = `arn:aws:secretsmanager:${region}:000000000000:secret:${NAME}-AbCdEf`;
  let value = JSON.stringify(firstValue);
  let version = 1;
  return {
    arn,
    rotate: (next) => {
      value = typeof next === "string" ? next : JSON.stringify(next);
      version += 1;
    },
    service: actionService({
      GetSecretValue: ({ SecretId: id }: { SecretId: string }) => {
        if (id !== arn && id !== arn.slice(0, -7) && id !== NAME)
          throw new AwsJsonError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
        return {
          ARN: arn,
          Name: NAME,
          SecretString: value,
          VersionId: `00000000-0000-4000-8000-${String(version).padStart(12, "0")}`,
          VersionStages: ["AWSCURRENT"],
        };
      },
    }),
  };
};
