import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { ok, type Check } from "./check.ts";

/** Whose credentials they are; not a check, but the first question if others fail. */
export const IDENTITY_CHECK: Check = {
  name: "identity",
  isOnlyOnAws: true,
  look: async ({ clientOptions, region }) => {
    const client = new STSClient(clientOptions);
    const { Arn = "unknown" } = await client.send(new GetCallerIdentityCommand({})).finally(() => {
      client.destroy();
    });
    return ok(`${Arn}, in ${region}`);
  },
};
