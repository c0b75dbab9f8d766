import { startAwsJson } from "../../../dev/stack/aws-json.ts";
import { createStackClock } from "../../../dev/stack/clock.ts";
import { createSqs } from "../../../dev/stack/sqs/service.ts";
import { sqsContract } from "./contract.ts";

sqsContract("the local stack", async () => {
  const { service } = createSqs(createStackClock(), "us-east-1");
  const server = await startAwsJson({ services: { AmazonSQS: service } });
  return { endpoint: server.url, close: server.close };
});
