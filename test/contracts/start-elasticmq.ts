import { join } from "node:path";
import { startExternalServer, type ExternalServer } from "./external-server.ts";

/**
 * ElasticMQ, which keeps its queues in memory. Account and region of their ARNs are moto's, which may name them.
 *
 * @param directory what `scripts/elasticmq.sh` printed
 */
export const startElasticMq = (directory: string): Promise<ExternalServer> =>
  startExternalServer("ElasticMQ", "java", (port) => [
    ...["-cp", join(directory, "*"), "-Daws.accountId=123456789012", "-Daws.region=us-east-1"],
    ...["-Dnode-address.host=127.0.0.1", `-Dnode-address.port=${port}`],
    ...["-Drest-sqs.bind-hostname=127.0.0.1", `-Drest-sqs.bind-port=${port}`, "-Drest-stats.enabled=false"],
    "org.elasticmq.server.Main",
  ]);
