import { readAwsEnvironment, readConfig } from "../../lib/config.ts";
import {
  createDocumentClient,
  createDynamoLedger,
  createDynamoOwners,
} from "../../lib/delivery/aws/dynamodb-ledger.ts";
import { readRowExpiryMs } from "../../lib/delivery/settings.ts";
import { apiHandler, type HttpHandler } from "../../lib/http/handler.ts";
import { createOwnership } from "../../lib/http/ownership.ts";
import { connectUploadSigner } from "../../lib/media/upload-signing.ts";
import { connectObservability } from "../../lib/observability.ts";
import { lambdaHandler, type Runtime } from "../../lib/runtime.ts";
import { requestUploadUrl, signUpload } from "./endpoint.ts";
import { askWith } from "./question.ts";
import { connectCielo24 } from "../../lib/cielo24/client.ts";

const SERVICE = "sign-upload";

export const build = (runtime: Runtime): HttpHandler => {
  const { env, clock } = runtime;
  const config = readConfig(env, "tableName", "maxMediaBytes");
  const client = createDocumentClient(readAwsEnvironment(env, "DYNAMODB"));
  const parts = {
    signer: connectUploadSigner(runtime),
    ledger: createDynamoLedger({ client, tableName: config.tableName }),
    ownership: createOwnership(createDynamoOwners({ client, tableName: config.tableName })),
    askAboutJob: askWith({
      cielo24: connectCielo24(runtime),
      clock,
      observability: connectObservability(runtime, SERVICE),
    }),
    runtime,
    expiryMs: readRowExpiryMs(env),
    maxMediaBytes: config.maxMediaBytes,
  };
  const answerOne = requestUploadUrl(parts);
  const answerAny = signUpload(parts);
  return apiHandler(runtime, SERVICE, (request) =>
    request.routeKey.endsWith("/request_upload_url") ? answerOne(request) : answerAny(request),
  );
};

export const handler = lambdaHandler(build);
