import { SendMessageCommand } from "@aws-sdk/client-sqs";
import type { Stage } from "./stage.ts";

/** Puts a message into the queue of deliver-media. */
export const sendToQueue = async ({ sqs, outputs }: Pick<Stage, "sqs" | "outputs">, message: object): Promise<void> => {
  await sqs.send(new SendMessageCommand({ QueueUrl: outputs.MediaQueueUrl, MessageBody: JSON.stringify(message) }));
};
