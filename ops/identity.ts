import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import type { Stage } from "./stage.ts";

/** As long as a message about a decision may name somebody. */
export const LONGEST_NAME = 200;

/** Who is recorded for a decision: whose credentials these are, or, of the local stack, the one operator there is. */
export const whoDecides = async ({
  isLocal,
  clientOptions,
}: Pick<Stage, "isLocal" | "clientOptions">): Promise<string> => {
  if (isLocal) return "local operator";
  const client = new STSClient(clientOptions);
  try {
    const { Arn = "unknown" } = await client.send(new GetCallerIdentityCommand({}));
    return Arn.slice(0, LONGEST_NAME);
  } finally {
    client.destroy();
  }
};
