import { buildApp } from "fauxqs";
import { startAwsJson } from "../../../dev/stack/aws-json.ts";
import { createStackClock } from "../../../dev/stack/clock.ts";
import { createSqs } from "../../../dev/stack/sqs/service.ts";
import { sqsContract } from "./sqs-contract.ts";

sqsContract("the local stack", async () => {
  const { service } = createSqs(createStackClock(), "us-east-1");
  const server = await startAwsJson({ services: { AmazonSQS: service } });
  return { endpoint: server.url, close: server.close };
});

// An emulator of others, which has no time of its own to be moved: it is here as a witness that ours is not peculiar.
sqsContract("fauxqs", async () => {
  const app = buildApp({ logger: false });
  const endpoint = await app.listen({ port: 0, host: "127.0.0.1" });
  return { endpoint, close: () => app.close() };
});
