import { awsClientOptions } from "../../lib/aws-client.ts";
import { connectCielo24 } from "../../lib/cielo24/client.ts";
import { readAwsEnvironment, readConfig } from "../../lib/config.ts";
import { connectTable } from "../../lib/delivery/aws/table.ts";
import { rowExpiryMs } from "../../lib/delivery/settings.ts";
import { apiHandler, type HttpHandler } from "../../lib/http/handler.ts";
import { createOwnership } from "../../lib/http/ownership.ts";
import { createUploadSigner } from "../../lib/media/upload-signing.ts";
import { connectObservability } from "../../lib/observability.ts";
import { lambdaHandler, type Runtime } from "../../lib/runtime.ts";
import { askWith } from "./admission.ts";
import { requestUploadUrl, signUpload } from "./endpoint.ts";

const SERVICE = "sign-upload";

export const build = (runtime: Runtime): HttpHandler => {
  const { env, clock } = runtime;
  const config = readConfig(env, "bucketName", "maxMediaBytes", "mediaRetentionDays", "uploadUrlLifetimeS");
  const { ledger, owners } = connectTable(runtime);
  const parts = {
    signer: createUploadSigner({
      s3: awsClientOptions(readAwsEnvironment(env, "S3")),
      bucketName: config.bucketName,
      lifetimeS: config.uploadUrlLifetimeS,
      clock,
    }),
    ledger,
    ownership: createOwnership(owners),
    askAboutJob: askWith({
      cielo24: connectCielo24(runtime),
      clock,
      observability: connectObservability(runtime, SERVICE),
    }),
    runtime,
    expiryMs: rowExpiryMs(config),
    maxMediaBytes: config.maxMediaBytes,
  };
  const requestUrl = requestUploadUrl(parts);
  const sign = signUpload(parts);
  return apiHandler(runtime, SERVICE, (request) =>
    request.routeKey.endsWith("/request_upload_url") ? requestUrl(request) : sign(request),
  );
};

export const handler = lambdaHandler(build);
