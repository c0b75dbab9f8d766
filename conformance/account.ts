import * as v from "valibot";
import type { Outcome, Refusal } from "../dev/cielo24/facts.ts";
import { ACCOUNT_ERROR_TYPES, Cielo24Error, type Cielo24FailureCode } from "../lib/cielo24/api.ts";
import { createScrubber, Secret, type Credentials } from "../lib/cielo24/credentials.ts";
import { JobInfoResponse, readResponse, showsMedia, TaskResponse } from "../lib/cielo24/response.ts";
import { parseJson } from "../lib/json.ts";
import type { Exchange, Http, Request } from "./http.ts";
import { Unanswered } from "./unanswered.ts";

export type Query = Readonly<Record<string, string>>;

interface CallOptions extends Partial<Request> {
  readonly token?: Secret;
  /** 429, 5xx and silence are answers, too. Otherwise they leave the question unanswered. */
  readonly isAnyAnswer?: boolean;
}

/** A job that was made to ask something. */
export interface CreatedJob {
  readonly jobId: string;
  readonly name: string;
}

/** How `lib/cielo24/` reads a response that should have a TaskId. "CLOSED": there was none. */
export type Reading = "ACCEPTED" | "CLOSED" | Cielo24FailureCode;

/** An account at a cielo24, asked request by request. No text that it returns has a secret or an id of the account. */
export interface Account {
  readonly http: Http;
  readonly created: readonly CreatedJob[];
  /** Undefined with a fixed token. */
  readonly credentials: Extract<Credentials, { kind: "login" }> | undefined;
  /** @throws {Unanswered} with a fixed token, or if the response has none */
  readonly logIn: () => Promise<{ readonly exchange: Exchange; readonly token: Secret }>;
  /** The token of the session that everything shares. */
  readonly token: () => Promise<Secret>;
  /** A call with the shared token, which is renewed once if it is refused; or with another. */
  readonly call: (action: string, query?: Query, more?: CallOptions) => Promise<Exchange>;
  /** `add_media` with a raw body. */
  readonly post: (jobId: string, body: Uint8Array, more?: CallOptions) => Promise<Exchange>;
  /** @throws {Unanswered} if the account cannot be used */
  readonly check: () => Promise<void>;
  /** @throws {Unanswered} if no job can be made */
  readonly newJob: (forWhat: string) => Promise<string>;
  /** @throws {Unanswered} if job/info does not say */
  readonly hasMedia: (jobId: string) => Promise<boolean>;
  /** @returns whether the job is deleted; if so, it is no longer in `created` */
  readonly deleteJob: (jobId: string) => Promise<boolean>;
  /** The text without secrets and ids, in one line, cut. */
  readonly clean: (text: string) => string;
  /** `400 INVALID_QUERY "The job …" (application/json)` */
  readonly describe: (exchange: Exchange) => string;
  /** As the simulator takes it. @throws {Unanswered} if cielo24 did not answer in time */
  readonly outcomeOf: (exchange: Exchange) => Outcome;
  /** @throws {Unanswered} if the call was not refused by a response */
  readonly refusalOf: (exchange: Exchange) => Refusal;
}

const MAX_TEXT = 200;
const IDS = /[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi;

const LoginAnswer = v.union([
  v.pipe(
    v.object({ ApiToken: v.string() }),
    v.transform(({ ApiToken }) => ApiToken),
  ),
  // cielo24's OpenAPI description spells it so.
  v.pipe(
    v.object({ api_token: v.string() }),
    v.transform(({ api_token }) => api_token),
  ),
]);
const ErrorAnswer = v.object({ ErrorType: v.string(), ErrorComment: v.optional(v.nullable(v.string())) });
const JobAnswer = v.object({ JobId: v.string() });

export const bodyOf = (exchange: Exchange): unknown =>
  "body" in exchange ? parseJson(exchange.body.replace(/^\ufeff/, "")) : undefined;

/** How the proxy reads a response that should have a TaskId. */
export const readingOf = (exchange: Exchange): Reading => {
  if (!("body" in exchange)) return "CLOSED";
  try {
    readResponse(exchange, TaskResponse, (text) => text);
    return "ACCEPTED";
  } catch (error) {
    if (error instanceof Cielo24Error) return error.code;
    throw error;
  }
};

/** @param parts.secretUrl may hold a signature that must not show */
export const createAccount = (parts: {
  readonly http: Http;
  readonly credentials: Credentials;
  readonly secretUrl: string | undefined;
}): Account => {
  const { http, credentials, secretUrl } = parts;
  const login = credentials.kind === "login" ? credentials : undefined;
  const scrubber = createScrubber();
  scrubber.learn((credentials.kind === "token" ? credentials.token : credentials.secret).reveal());
  const scrub = secretUrl === undefined ? scrubber.scrub : scrubber.withUrl(secretUrl);
  const created: CreatedJob[] = [];
  const jobIds = new Set<string>();
  let shared: Secret | undefined = credentials.kind === "token" ? credentials.token : undefined;

  const clean = (text: string): string => {
    let shown = secretUrl === undefined ? text : text.replaceAll(secretUrl, "<media_url>");
    shown = scrub(shown).replace(IDS, "<id>");
    for (const jobId of jobIds) shown = shown.replaceAll(jobId, "<id>");
    if (login) shown = shown.replaceAll(login.username, "<username>");
    return shown.replace(/[\p{Cc}\p{Cf}\s]+/gu, " ").slice(0, MAX_TEXT);
  };

  const logIn: Account["logIn"] = async () => {
    if (!login) throw new Unanswered("a token was given, and no login");
    const exchange = await http.request({
      action: "account/login",
      query: { v: "1" },
      headers: { "x-auth-user": login.username, [`x-auth-${login.by}`]: login.secret.reveal() },
    });
    const answer = v.safeParse(LoginAnswer, bodyOf(exchange));
    if (exchange.status !== 200 || !answer.success)
      throw new Unanswered(`account/login answered ${describe(exchange)}`, errorTypeOf(exchange));
    scrubber.learn(answer.output);
    return { exchange, token: new Secret(answer.output) };
  };

  const token = async (): Promise<Secret> => (shared ??= (await logIn()).token);

  const call: Account["call"] = async (action, query = {}, { token: other, isAnyAnswer, ...more } = {}) => {
    const send = async () => {
      const exchange = await http.request({
        action,
        ...more,
        query: { v: "1", api_token: (other ?? (await token())).reveal(), ...query },
      });
      const { status } = exchange;
      const isTrouble = status === "timed out" || status === 429 || (typeof status === "number" && status >= 500);
      if (isTrouble && !isAnyAnswer)
        throw new Unanswered(`${action} gave ${describe(exchange)}: ask again later, by --only`);
      return exchange;
    };
    const exchange = await send();
    if (other || !login || errorTypeOf(exchange) !== "BAD_API_TOKEN") return exchange;
    shared = undefined;
    return send();
  };

  const post: Account["post"] = (jobId, body, { headers, send, ...more } = {}) =>
    call(
      "job/add_media",
      { job_id: jobId },
      {
        ...more,
        method: "POST",
        headers: { "content-length": body.byteLength, ...headers },
        send:
          send ??
          ((request) => {
            request.end(body);
          }),
      },
    );

  const describe: Account["describe"] = (exchange) => {
    if (exchange.status === "closed") return "no response: the connection was closed";
    if (!("body" in exchange)) return "no response in time";
    const { status, contentType, body } = exchange;
    const error = v.safeParse(ErrorAnswer, bodyOf(exchange));
    const said = error.success
      ? `${error.output.ErrorType} "${error.output.ErrorComment ?? ""}"`
      : readingOf(exchange) === "ACCEPTED"
        ? "with a TaskId"
        : body === ""
          ? "without a body"
          : `"${body.slice(0, MAX_TEXT)}"`;
    return clean(`${status} ${said}${contentType === "" ? "" : ` (${contentType})`}`);
  };

  const refusalOf: Account["refusalOf"] = (exchange) => {
    if (!("body" in exchange)) throw new Unanswered(`cielo24 gave ${describe(exchange)}`);
    const error = v.safeParse(ErrorAnswer, bodyOf(exchange));
    if (!error.success) return { status: exchange.status };
    const { ErrorType, ErrorComment } = error.output;
    return {
      status: exchange.status,
      errorType: clean(ErrorType),
      ...(ErrorComment ? { errorComment: clean(ErrorComment) } : {}),
    };
  };

  return {
    http,
    created,
    credentials: login,
    logIn,
    token,
    call,
    post,
    check: async () => {
      const exchange = await call("job/info");
      const errorType = errorTypeOf(exchange) ?? "";
      if (["BAD_API_TOKEN", "LOGIN_INVALID", ...ACCOUNT_ERROR_TYPES].includes(errorType))
        throw new Unanswered(`job/info answered ${describe(exchange)}`);
    },
    newJob: async (forWhat) => {
      const name = `cielo24-proxy conformance: ${forWhat}`;
      const exchange = await call("job/new", { job_name: name });
      const answer = v.safeParse(JobAnswer, bodyOf(exchange));
      if (exchange.status !== 200 || !answer.success)
        throw new Unanswered(`no job could be made: job/new answered ${describe(exchange)}`);
      created.push({ jobId: answer.output.JobId, name });
      jobIds.add(answer.output.JobId);
      return answer.output.JobId;
    },
    hasMedia: async (jobId) => {
      const exchange = await call("job/info", { job_id: jobId });
      try {
        if ("body" in exchange) return showsMedia(readResponse(exchange, JobInfoResponse, clean), jobId);
      } catch (error) {
        if (!(error instanceof Cielo24Error)) throw error;
      }
      throw new Unanswered(`job/info gave ${describe(exchange)}`);
    },
    deleteJob: async (jobId) => {
      const exchange = await call("job/delete", { job_id: jobId });
      if (readingOf(exchange) !== "ACCEPTED") return false;
      created.splice(
        created.findIndex((job) => job.jobId === jobId),
        1,
      );
      return true;
    },
    clean,
    describe,
    outcomeOf: (exchange) => {
      if (readingOf(exchange) === "ACCEPTED") return "accepted";
      return exchange.status === "closed" ? "closed" : refusalOf(exchange);
    },
    refusalOf,
  };
};

export const errorTypeOf = (exchange: Exchange): string | undefined => {
  const error = v.safeParse(ErrorAnswer, bodyOf(exchange));
  return error.success ? error.output.ErrorType : undefined;
};
