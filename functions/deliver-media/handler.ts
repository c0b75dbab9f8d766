import type { S3Event, SQSBatchResponse, SQSEvent } from "aws-lambda";
import { connectCielo24 } from "../../lib/cielo24/client.ts";
import { readConfig } from "../../lib/config.ts";
import { connectEvents } from "../../lib/delivery/aws/events.ts";
import { connectMediaQueue } from "../../lib/delivery/aws/queue.ts";
import { connectTable } from "../../lib/delivery/aws/table.ts";
import { readDeliverySettings } from "../../lib/delivery/settings.ts";
import { connectMediaStore } from "../../lib/media/bucket.ts";
import { capabilityUrl } from "../../lib/media/key.ts";
import { connectObservability } from "../../lib/observability.ts";
import { lambdaHandler, type FunctionHandler, type Runtime } from "../../lib/runtime.ts";
import { createLook } from "./look.ts";
import { createQueueHandler } from "./worker.ts";

/** Kept back from the invocation's end for the ledger's last writes. */
const MARGIN_MS = 15_000;

export const build = (runtime: Runtime): FunctionHandler<SQSEvent | S3Event, SQSBatchResponse> => {
  const { bucketName, deadLetterQueueUrl, mediaSourceBaseUrl, idleTimeoutS, maxReceives } = readConfig(
    runtime.env,
    "bucketName",
    "deadLetterQueueUrl",
    "mediaSourceBaseUrl",
    "idleTimeoutS",
    "maxReceives",
  );
  const store = connectMediaStore(runtime);
  const rules = readConfig(runtime.env, "preflight", "requireAudio", "maxMediaDurationS");
  return createQueueHandler({
    ports: {
      ledger: connectTable(runtime).ledger,
      store,
      look: createLook({ ...runtime, store, rules }),
      cielo24: connectCielo24(runtime),
      ...connectEvents(runtime),
      queue: connectMediaQueue(runtime, { deadLetterQueueUrl }),
      runtime,
      observability: connectObservability(runtime, "deliver-media"),
    },
    bucketName,
    maxReceives,
    run: {
      settings: readDeliverySettings(runtime.env),
      marginMs: MARGIN_MS,
      idleTimeoutMs: idleTimeoutS * 1000,
      capabilityUrl: (row) => capabilityUrl(mediaSourceBaseUrl, row),
    },
  });
};

export const handler = lambdaHandler(build);
