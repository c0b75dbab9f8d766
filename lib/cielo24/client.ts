import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { GenericSchema, InferOutput } from "valibot";
import { awsClientOptions } from "../aws-client.ts";
import { readAwsEnvironment, readConfig } from "../config.ts";
import type { Runtime } from "../runtime.ts";
import type { CallLimits, Cielo24 } from "./api.ts";
import { JobInfoResponse, LoginResponse, readResponse, showsMedia, TaskResponse } from "./response.ts";
import { callCielo24 } from "./transport/call.ts";
import { Cielo24Error } from "./errors.ts";
import { readSecret, type Credentials } from "./credentials.ts";
import { createScrubber } from "./scrub.ts";
import { createSession, tokenFor } from "./session.ts";
import { Secret } from "./secret.ts";
import { createTransfer } from "./transport/transfer.ts";

interface Cielo24Parts {
  readonly baseUrl: string;
  /** Reads the account's credentials. Throws SecretError. */
  readonly readCredentials: () => Promise<Credentials>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** cielo24's API at a base URL. Token and credentials never leave what this returns. */
export const createCielo24 = ({ baseUrl, readCredentials, clock }: Cielo24Parts): Cielo24 => {
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
      const answer = await callCielo24(
        baseUrl,
        {
          action: "account/login",
          query: {},
          headers: { "x-auth-user": username, [`x-auth-${by}`]: secret },
          isRepeatable: true,
          deadline,
        },
        clock,
      );
      const { ApiToken } = readResponse(answer, LoginResponse, scrub);
      learn(ApiToken);
      return new Secret(ApiToken);
    },
  });

  /** Calls with the present token, and once more with a renewed one where that was refused. */
  const call = async <S extends GenericSchema>(
    action: string,
    query: Readonly<Record<string, string>>,
    schema: S,
    { deadline, isRepeatable, clean = scrub }: CallLimits & { isRepeatable: boolean; clean?: typeof scrub },
  ): Promise<InferOutput<S>> => {
    const attempt = async (token: Secret) =>
      readResponse(await callCielo24(baseUrl, { action, query, token, isRepeatable, deadline }, clock), schema, clean);
    const token = await tokenFor(session, deadline);
    try {
      return await attempt(token);
    } catch (error) {
      if (!(error instanceof Cielo24Error)) throw error;
      session.answered(token, error);
      if (error.code !== "BAD_API_TOKEN") throw error;
      return attempt(await tokenFor(session, deadline));
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
      // It may be a capability URL of ours, or a client's presigned one.
      const clean = scrubber.withUrl(mediaUrl);
      const { TaskId } = await call("job/add_media", query, TaskResponse, { ...limits, isRepeatable: false, clean });
      return { taskId: TaskId };
    },
    jobInfo: async (jobId, limits) => {
      const info = await call("job/info", { job_id: jobId }, JobInfoResponse, { ...limits, isRepeatable: true });
      return { hasMedia: showsMedia(info, jobId) };
    },
    openTransfer: ({ jobId, body, onProgress }, limits) =>
      createTransfer({ baseUrl, jobId, body, onProgress, scrub, clock, session }, limits),
  };
};

/** cielo24 as a function of ours uses it: the account's credentials come from Secrets Manager. */
export const connectCielo24 = ({ env, clock }: Runtime): Cielo24 => {
  const { cielo24BaseUrl, cielo24SecretArn } = readConfig(env, "cielo24BaseUrl", "cielo24SecretArn");
  const secrets = new SecretsManagerClient(awsClientOptions(readAwsEnvironment(env, "SECRETS_MANAGER")));
  return createCielo24({
    baseUrl: cielo24BaseUrl,
    readCredentials: () => readSecret(secrets, cielo24SecretArn),
    clock,
  });
};
