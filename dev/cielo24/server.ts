import { randomBytes } from "node:crypto";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { createAccounts, type Account } from "./accounts.ts";
import { DEFAULT_FACTS, type Facts } from "./facts.ts";
import { allow, ApiFailure, ClosedWithoutResponse, refusalOf } from "./failure.ts";
import { createFaults, type Fault, type Faults } from "./faults.ts";
import { createJobs, type Acceptance, type Job } from "./jobs.ts";
import { receiveBody, sendJson, sendTask } from "./media.ts";
import { holdsParameters, isDocumented, readParameters } from "./parameters.ts";
import { createReset } from "./reset.ts";
import { reach, type FetchMedia } from "./pull.ts";

export interface Cielo24Options {
  readonly port?: number;
  readonly clock?: () => number;
  readonly accounts?: readonly Account[];
  /** What an account at the real cielo24 was seen to do. The documentation's word, or a guess, stands for the rest. */
  readonly facts?: Facts;
  /** How long an unused token is valid. */
  readonly tokenLifeMs?: number;
  /** False: accept media more than once for a job, whatever the facts say, and record it. */
  readonly enforceOneMedia?: boolean;
  /** How long after it was accepted job/info shows the media. */
  readonly jobInfoLagMs?: number | (() => number);
  /** Compute the SHA-256 of bodies. */
  readonly digest?: boolean;
  readonly fetchMedia?: FetchMedia;
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Makes the ids of jobs and tasks: 32 hex characters. Random ones by default. */
  readonly newId?: () => string;
}

/** Every raw body that was received, accepted or not. */
interface MediaPost {
  readonly jobId: string;
  readonly declaredBytes: number;
  readonly receivedBytes: number;
  readonly outcome: "accepted" | "cutShort" | "refused" | "faulted";
}

interface MetadataUpdate {
  readonly jobId: string;
  readonly referenceId: string;
  readonly requestorId: string;
}

export interface Cielo24Simulator {
  readonly url: string;
  readonly port: number;
  readonly addJob: (name?: string) => string;
  readonly jobs: ReadonlyMap<string, Job>;
  readonly acceptances: readonly Acceptance[];
  readonly posts: readonly MediaPost[];
  readonly metadata: readonly MetadataUpdate[];
  /** Every token that was issued. */
  readonly issuedTokens: readonly string[];
  /** The number of attempts to log in. */
  readonly logins: () => number;
  readonly expireTokens: () => void;
  readonly setAccounts: (accounts: readonly Account[]) => void;
  readonly faults: Faults;
  /** Resolves once no pull is running. */
  readonly settled: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** 10 GiB − 1, as the OpenAPI description says. */
const MAX_BODY_BYTES = 10_737_418_239;
const UPLOAD_URL_LIFE_MS = 12 * 3_600_000;

/**
 * The parts of cielo24 that this project calls, as its public documentation describes them: sessions, jobs, `add_media` by
 * body and by URL, `update_metadata`. It accepts media once per job, requires an exact Content-Length, and refuses chunked
 * bodies and bodies that are cut short.
 */
export const startCielo24 = async (options: Cielo24Options = {}): Promise<Cielo24Simulator> => {
  const { clock = Date.now, digest = true } = options;
  const facts = factsOf(options);
  const { jobInfoLagMs = facts.mediaShownAfterMs } = options;
  const accounts = createAccounts(options.accounts ?? [], clock, facts);
  const jobs = createJobs({
    clock,
    facts,
    infoLagMs: typeof jobInfoLagMs === "number" ? () => jobInfoLagMs : jobInfoLagMs,
    newId: options.newId ?? (() => randomBytes(16).toString("hex")),
  });
  const faults = createFaults(clock);
  const posts: MediaPost[] = [];
  const metadata: MetadataUpdate[] = [];
  const pulls = new Set<Promise<boolean>>();
  /** cielo24's own upload URLs, by path. */
  const uploads = new Map<string, { readonly jobId: string; readonly until: number }>();
  let logins = 0;
  let bodiesUnderWay = 0;

  const required = (get: (name: string) => string | undefined, name: string): string => {
    const value = get(name);
    if (value === undefined || value === "") throw refusalOf(facts.missingParameter, `${name} is required.`);
    return value;
  };

  /** @returns whether the media was fetched, once that is known */
  const pullLater = (
    job: Job,
    pull: () => Promise<{ sizeBytes: number; sha256: string }>,
    how: { taskId: string; shownAfterMs: number | undefined },
  ) => {
    const { taskId } = how;
    const pulling = pull()
      .then(
        (media) => {
          jobs.accept(job, { ...media, via: "url", ...how });
          return true;
        },
        () => {
          jobs.failPull(job, taskId, { freesJob: facts.brokenUrlFreesJob });
          return false;
        },
      )
      .finally(() => pulls.delete(pulling));
    pulls.add(pulling);
    return pulling;
  };

  const actions: Readonly<Record<string, (get: (name: string) => string | undefined, call: Call) => unknown>> = {
    "account/logout": (get) => {
      accounts.logOut(get("api_token") ?? "");
    },
    "account/generate_api_key": (get) => ({ ApiKey: accounts.check(get("api_token"))?.securekey }),
    "job/new": (get) => {
      const jobId = jobs.addJob(get("job_name"));
      return { JobId: jobId, TaskId: jobs.addTask(jobs.find(jobId), "JOB_CREATED") };
    },
    "job/info": (get) => jobs.info(jobs.find(get("job_id"))),
    "job/task_status": (get) => {
      const { taskId, status } = jobs.findTask(get("task_id"));
      return { TaskId: taskId, TaskStatus: status };
    },
    "job/delete": (get) => {
      const job = jobs.find(get("job_id"));
      jobs.remove(job);
      return { TaskId: jobs.addTask(job, "JOB_DELETED") };
    },
    "job/update_metadata": (get) => {
      allow(facts.updateMetadata);
      const job = jobs.find(get("job_id"));
      const referenceId = required(get, "reference_id");
      const requestorId = required(get, "requestor_id");
      metadata.push({ jobId: job.jobId, referenceId, requestorId });
      return { TaskId: jobs.addTask(job, "JOB_UPDATE_METADATA") };
    },
    "job/perform_transcription": (get) => ({ TaskId: jobs.addTask(jobs.find(get("job_id")), "JOB_TRANSCRIBE") }),
    "job/request_upload_url": (get) => {
      const { jobId } = jobs.find(get("job_id"));
      const path = `/upload/${randomBytes(16).toString("hex")}`;
      uploads.set(path, { jobId, until: clock() + UPLOAD_URL_LIFE_MS });
      return { upload_url: url + path };
    },
    "job/add_media": async (get, { request, response, fault }) => {
      const job = jobs.find(get("job_id"));
      const url = required(get, "media_url");
      jobs.checkFree(job);
      const pull = await reach(url, options.fetchMedia);
      if (!pull && facts.unreachableUrlFreesJob) allow(facts.unreachableUrl);
      jobs.checkFree(job);
      const taskId = jobs.beginPull(job);
      if (!pull) {
        jobs.failPull(job, taskId, { freesJob: facts.unreachableUrlFreesJob });
        allow(facts.unreachableUrl);
        return { TaskId: taskId };
      }
      const pulling = pullLater(job, pull, { taskId, shownAfterMs: shownAfterMs(fault) });
      if (!facts.answersBeforeFetch && !(await pulling))
        throw new ApiFailure("INVALID_URL", "The media URL could not be read to its end.");
      if (fault?.kind === "resetAfterBody") reset(request);
      else if (fault?.kind === "acceptsBehindError") await sendFault(response, fault);
      else await sendTask(response, taskId, fault);
      return undefined;
    },
  };

  /** @param authorize throws if the caller may not add media to the job */
  const takeBody = async (call: Call, jobId: string, authorize: () => void): Promise<void> => {
    if (facts.uploadsAtOnce && bodiesUnderWay >= facts.uploadsAtOnce.most) allow(facts.uploadsAtOnce.more);
    bodiesUnderWay += 1;
    try {
      await takeOneBody(call, jobId, authorize);
    } finally {
      bodiesUnderWay -= 1;
    }
  };

  const takeOneBody = async (call: Call, jobId: string, authorize: () => void): Promise<void> => {
    const { request, response, fault } = call;
    const declared = request.headers["content-length"];
    if (fault?.kind === "earlyAnswer") {
      posts.push({ jobId, declaredBytes: Number(declared), receivedBytes: 0, outcome: "faulted" });
      response.writeHead(fault.status, { "content-type": "application/json", ...fault.headers, connection: "close" });
      response.end(fault.body, () => {
        if (fault.reset) reset(request);
      });
      return;
    }
    const isChunked = declared === undefined;
    if (isChunked && typeof facts.chunkedBodyCutShort !== "string") {
      const failure = refusalOf(facts.chunkedBodyCutShort);
      if (failure.errorType !== undefined) throw failure;
      response.writeHead(failure.status, { connection: "close" }).end();
      return;
    }
    const cutShort = isChunked ? facts.chunkedBodyCutShort : facts.bodyCutShort;
    const declaredBytes = Number(declared ?? Number.NaN);
    const received = await receiveBody(request, declaredBytes, { digest, fault, reset });
    const record = (outcome: MediaPost["outcome"]) =>
      posts.push({ jobId, declaredBytes, receivedBytes: received.receivedBytes, outcome });
    if (!received.isWhole && cutShort !== "accepted") {
      record("cutShort");
      response.destroy();
      return;
    }
    if (fault?.kind === "answer") {
      record("faulted");
      await sendFault(response, fault);
      return;
    }
    try {
      authorize();
      const job = jobs.find(jobId);
      if (request.headers["content-type"] !== undefined) allow(facts.mediaWithContentType);
      if (declaredBytes === 0) allow(facts.emptyMedia);
      if (declaredBytes > MAX_BODY_BYTES) throw new ApiFailure("INVALID_QUERY", "The media's size is not allowed.");
      jobs.checkFree(job, received.sha256);
      if (fault?.kind === "resetAfterBody" && !fault.accepts) {
        record("faulted");
        reset(request);
        return;
      }
      const taskId = jobs.accept(job, {
        sizeBytes: received.receivedBytes,
        sha256: received.sha256,
        via: "body",
        shownAfterMs: shownAfterMs(fault),
      });
      record("accepted");
      if (fault?.kind === "resetAfterBody") reset(request);
      else if (fault?.kind === "acceptsBehindError") await sendFault(response, fault);
      else await sendTask(response, taskId, fault);
    } catch (error) {
      record("refused");
      throw error;
    }
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://cielo24.invalid");
    const action = pathname.replace(/^\/api\//, "");
    const method = request.method ?? "";
    const isMedia = method === "POST" && action === "job/add_media" && !holdsParameters(request);
    const fault = faults.take(method, action, searchParams.get("job_id") ?? undefined);
    const call = { request, response, fault };
    const jobId = searchParams.get("job_id") ?? "";
    if (fault?.kind === "away") {
      reset(request);
      return;
    }
    if (isMedia) {
      await takeBody(call, jobId, () => {
        accounts.check(searchParams.get("api_token") ?? undefined);
        if (searchParams.has("media_url"))
          throw new ApiFailure("INVALID_QUERY", "media_url must not be given with a body.");
      });
      return;
    }
    const upload = method === "PUT" ? uploads.get(pathname) : undefined;
    if (upload) {
      await takeBody(call, upload.jobId, () => {
        if (clock() > upload.until) throw new ApiFailure("INVALID_URL", "The upload URL has expired.");
      });
      return;
    }
    const parameters = await readParameters(request, searchParams, method === "POST");
    const get = (name: string) => parameters.get(name);
    if (fault?.kind === "answer") {
      await sendFault(response, fault);
      return;
    }
    if (method !== "GET" && method !== "POST") throw new ApiFailure("INVALID_QUERY", "Only GET and POST are allowed.");
    if (get("v") !== "1") throw refusalOf(get("v") ? facts.wrongVersion : facts.missingParameter, "v must be 1.");
    if ([...parameters.keys()].some((name) => !isDocumented(name))) allow(facts.unknownParameter);
    if (action === "account/login") {
      logins += 1;
      const header = (name: string) => request.headers[name]?.toString();
      const password = header("x-auth-password") ?? get("password");
      const username = header("x-auth-user") ?? get("username");
      const token = password
        ? accounts.logIn(username, "password", password)
        : accounts.logIn(username, "securekey", header("x-auth-securekey") ?? get("securekey"));
      sendJson(response, 200, { ApiToken: token });
      return;
    }
    const act = actions[action];
    if (!act) throw refusalOf(facts.unknownAction, "Not Found");
    accounts.check(get("api_token"));
    const result = await act(get, call);
    if (response.headersSent || response.destroyed || response.socket?.destroyed) return;
    if (result === undefined) response.writeHead(204).end();
    else sendJson(response, 200, result);
  };

  const listener = (request: IncomingMessage, response: ServerResponse) => {
    handle(request, response).catch((error: unknown) => {
      if (response.headersSent || error instanceof ClosedWithoutResponse) response.destroy();
      else if (error instanceof ApiFailure) sendFailure(response, error, facts.errorContentType);
      else sendFailure(response, new ApiFailure("INVALID_QUERY", "The request is malformed."), facts.errorContentType);
    });
  };

  const server = options.tls ? https.createServer(options.tls, listener) : http.createServer(listener);
  const reset = createReset(server);
  // Bodies of gigabytes take longer than Node's default timeout.
  server.requestTimeout = 0;
  if (options.facts?.keepAliveMs !== undefined) {
    // 0 is no limit for Node.
    server.keepAliveTimeout = options.facts.keepAliveMs ?? 0;
    server.keepAliveTimeoutBuffer = 0;
    if (options.facts.keepAliveMs === 0) server.maxRequestsPerSocket = 1;
  }
  server.on("checkContinue", (request, response: ServerResponse) => {
    if (facts.expectContinue === "continued") response.writeContinue();
    if (typeof facts.expectContinue === "string") listener(request, response);
    else sendFailure(response, refusalOf(facts.expectContinue), facts.errorContentType);
  });
  server.on("clientError", (_error, socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const url = `${options.tls ? "https" : "http"}://127.0.0.1:${port}`;

  return {
    url,
    port,
    addJob: jobs.addJob,
    jobs: jobs.jobs,
    acceptances: jobs.acceptances,
    posts,
    metadata,
    issuedTokens: accounts.issuedTokens,
    logins: () => logins,
    expireTokens: accounts.expireTokens,
    setAccounts: accounts.setAccounts,
    faults,
    settled: async () => {
      while (pulls.size > 0) await Promise.all(pulls);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
};

interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly fault: Fault | undefined;
}

/** The facts that hold: those given, and what options say in their place. */
const factsOf = ({ facts = {}, tokenLifeMs, enforceOneMedia }: Cielo24Options): Required<Facts> => ({
  ...DEFAULT_FACTS,
  ...facts,
  ...(tokenLifeMs === undefined ? {} : { tokenLifeMs }),
  ...(enforceOneMedia === false
    ? { secondMediaSameBytes: "accepted", secondMediaOtherBytes: "accepted", secondMediaByUrl: "accepted" }
    : {}),
});

const sendFailure = (
  response: ServerResponse,
  { status, errorType, message }: ApiFailure,
  contentType: string,
): void => {
  if (errorType === undefined)
    response.writeHead(status, { "content-type": "text/html" }).end(`<html><body>${message}</body></html>`);
  else sendJson(response, status, { ErrorType: errorType, ErrorComment: message }, contentType);
};

const shownAfterMs = (fault: Fault | undefined): number | undefined =>
  fault?.kind === "acceptsBehindError" ? fault.shownAfterMs : undefined;

const sendFault = async (
  response: ServerResponse,
  fault: Extract<Fault, { kind: "answer" | "acceptsBehindError" }>,
): Promise<void> => {
  if (fault.kind === "answer" && fault.afterMs) await wait(fault.afterMs, undefined, { ref: false });
  response.writeHead(fault.status, { "content-type": "application/json", ...fault.headers });
  response.end(fault.body ?? "");
};
