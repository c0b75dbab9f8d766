import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { GenericSchema, InferOutput } from "valibot";
import { awsClientOptions } from "../aws-client.ts";
import { readAwsEnvironment, readConfig } from "../config.ts";
import type { Runtime } from "../runtime.ts";
import { Cielo24Error, type CallLimits, type Cielo24 } from "./api.ts";
import { readSecret, createScrubber, Secret, type Credentials } from "./credentials.ts";
import { JobInfoResponse, LoginResponse, readResponse, showsMedia, TaskResponse } from "./response.ts";
import { createSession } from "./session.ts";
import { createTransport } from "./transport/transport.ts";

interface Cielo24Parts {
  readonly baseUrl: string;
  /** Reads the account's credentials. Throws SecretError. */
  readonly readCredentials: () => Promise<Credentials>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** cielo24's API at a base URL. The token and the credentials never leave the returned object. */
export const createCielo24 = ({ baseUrl, readCredentials, clock }: Cielo24Parts): Cielo24 => {
  const transport = createTransport({ baseUrl, clock });
  const scrubber = createScrubber();
  const { learn, scrub } = scrubber;

  const session = createSession({
    clock,
    readCredentials: async () => {
      const credentials = await readCredentials();
      learn((credentials.kind === "token" ? credentials.token : credentials.secret).reveal());
      return credentials;
    },
    logIn: async ({ username, by, secret }, deadline) => {
      const response = await transport.get({
        action: "account/login",
        query: {},
        headers: { "x-auth-user": username, [`x-auth-${by}`]: secret },
        isRepeatable: true,
        deadline,
      });
      const { ApiToken } = readResponse(response, LoginResponse, scrub);
      learn(ApiToken);
      return new Secret(ApiToken);
    },
  });

  /** Calls with the current token. If cielo24 refuses the token, calls once more with a new one. */
  const call = async <S extends GenericSchema>(
    action: string,
    query: Readonly<Record<string, string>>,
    schema: S,
    { deadline, isRepeatable, clean = scrub }: CallLimits & { isRepeatable: boolean; clean?: typeof scrub },
  ): Promise<InferOutput<S>> => {
    const attempt = async (token: Secret) =>
      readResponse(await transport.get({ action, query, token, isRepeatable, deadline }), schema, clean);
    const token = await session.token(deadline);
    try {
      return await attempt(token);
    } catch (error) {
      if (!(error instanceof Cielo24Error)) throw error;
      session.answered(token, error);
      if (error.code !== "BAD_API_TOKEN") throw error;
      return attempt(await session.token(deadline));
    }
  };

  return {
    updateMetadata: async ({ jobId, referenceId, requestorId }, limits) => {
      const query = { job_id: jobId, reference_id: referenceId, requestor_id: requestorId };
      const { TaskId } = await call("job/update_metadata", query, TaskResponse, { ...limits, isRepeatable: true });
      return { taskId: TaskId };
    },
    addMediaByUrl: async ({ jobId, mediaUrl, isDuplicate }, limits) => {
      const query = { job_id: jobId, media_url: mediaUrl, ...(isDuplicate ? { is_duplicate: "true" } : {}) };
      // The URL is a secret: this proxy's capability URL, or a presigned URL of the caller's.
      const clean = scrubber.withUrl(mediaUrl);
      const { TaskId } = await call("job/add_media", query, TaskResponse, { ...limits, isRepeatable: false, clean });
      return { taskId: TaskId };
    },
    jobInfo: async (jobId, limits) => {
      const info = await call("job/info", { job_id: jobId }, JobInfoResponse, { ...limits, isRepeatable: true });
      return { hasMedia: showsMedia(info, jobId) };
    },
    openTransfer: (media, limits) => transport.openTransfer({ ...media, scrub, session }, limits),
    connect: () => {
      const connection = transport.connect();
      return {
        openTransfer: (media, limits) => connection.openTransfer({ ...media, scrub, session }, limits),
        close: connection.close,
      };
    },
  };
};

/** cielo24 with the account's credentials from Secrets Manager. */
export const connectCielo24 = ({ env, clock }: Runtime): Cielo24 => {
  const { cielo24BaseUrl, cielo24SecretArn } = readConfig(env, "cielo24BaseUrl", "cielo24SecretArn");
  const secrets = new SecretsManagerClient(awsClientOptions(readAwsEnvironment(env, "SECRETS_MANAGER")));
  return createCielo24({
    baseUrl: cielo24BaseUrl,
    readCredentials: () => readSecret(secrets, cielo24SecretArn),
    clock,
  });
};
