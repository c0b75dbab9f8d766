import { connectCielo24 } from "../../lib/cielo24/client.ts";
import { readConfig } from "../../lib/config.ts";
import { connectTable } from "../../lib/delivery/aws/table.ts";
import { readRowExpiryMs } from "../../lib/delivery/settings.ts";
import { apiHandler, type HttpHandler } from "../../lib/http/handler.ts";
import { createOwnership } from "../../lib/http/caller.ts";
import { connectUploadSigner } from "../../lib/media/upload-signing.ts";
import { connectObservability } from "../../lib/observability.ts";
import { lambdaHandler, type Runtime } from "../../lib/runtime.ts";
import { askWith } from "./begin-upload.ts";
import { requestUploadUrl, signUpload } from "./endpoint.ts";

const SERVICE = "sign-upload";

export const build = (runtime: Runtime): HttpHandler => {
  const { maxMediaBytes } = readConfig(runtime.env, "maxMediaBytes");
  const { ledger, owners } = connectTable(runtime);
  const observability = connectObservability(runtime, SERVICE);
  const parts = {
    signer: connectUploadSigner(runtime),
    ledger,
    ownership: createOwnership(owners),
    askAboutJob: askWith({ cielo24: connectCielo24(runtime), clock: runtime.clock, observability }),
    runtime,
    expiryMs: readRowExpiryMs(runtime.env),
    maxMediaBytes,
  };
  const requestUrl = requestUploadUrl(parts);
  const sign = signUpload(parts);
  return apiHandler(runtime, SERVICE, (request) =>
    request.routeKey.endsWith("/request_upload_url") ? requestUrl(request) : sign(request),
  );
};

export const handler = lambdaHandler(build);
