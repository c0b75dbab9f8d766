import type { Operation } from "./description.ts";
import { handOverObject } from "../harness/handed-over.ts";
import { EXAMPLE_JOB, exampleRequest, withMoreParameter, withParameter } from "./request.ts";
import type { Answered, ExampleRequest } from "./request.ts";
import type { LiveApi } from "./live-api.ts";

export interface Stage {
  readonly api: LiveApi;
  readonly operation: Operation;
  readonly job: string;
  /** The documented request, as the owner of the job would send it. */
  readonly request: ExampleRequest;
}

/** Sets the stage for an answer, and asks for it. */
export type Scene = (stage: Stage) => Promise<Answered>;

const MIB = 1024 * 1024;
const HOUR_MS = 3_600_000;
const OTHER_JOB = "00000000000000000000000000000000";
const TASK = "4ff3e0a5c9e14d3a8f6a3f3c9f7b1c22";

const ask: Scene = ({ api, request }) => api.send(request);

/** The request with a parameter that is not as it should be. */
const asking =
  (name: string, value: string | undefined): Scene =>
  ({ api, request }) =>
    api.send(withParameter(request, name, value));
const askingMore =
  (name: string, value: string): Scene =>
  ({ api, request }) =>
    api.send(withMoreParameter(request, name, value));

/** The request, after something was prepared for it. */
const after =
  (prepare: (stage: Stage) => unknown, then: Scene = ask): Scene =>
  async (stage) => {
    await prepare(stage);
    return then(stage);
  };

const bodyNamed =
  (name: string, then: Scene): Scene =>
  (stage) =>
    then({
      ...stage,
      request: {
        ...exampleRequest(stage.operation, name, { [EXAMPLE_JOB]: stage.job }),
        headers: stage.request.headers,
      },
    });

const deliverBody = ({ api, job }: Stage) =>
  api.send({
    method: "POST",
    path: "/api/job/add_media",
    query: { v: "1", job_id: job },
    headers: { authorization: api.alice },
    media: { type: "video/mp4", bytes: Buffer.from("00000018ftypmp42", "latin1").subarray(0, 8) },
  });

const signFirst = ({ api, job }: Stage) =>
  api.send({
    method: "GET",
    path: "/api/job/request_upload_url",
    query: { v: "1", job_id: job },
    headers: { authorization: api.alice },
  });

const cancel = ({ api, job }: Stage) =>
  api.send({
    method: "DELETE",
    path: "/api/job/delivery",
    query: { v: "1", job_id: job },
    headers: { authorization: api.alice },
  });

const breakCielo24 =
  (action: string, status: number, body: object | string = "") =>
  ({ api, job }: Stage) => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    api.cielo24.faults.add({ action, jobId: job, kind: "answer", status, body: text, times: 10 });
  };

const breakAws =
  (kind: "unavailable" | "hang") =>
  ({ api }: Stage) => {
    for (const action of ["GetItem", "UpdateItem"]) api.stack.aws.faults.add({ action, kind, times: 10 });
  };

const shareMedia = ({ api, job }: Stage) => handOverObject(api.stack, job);

/** Which answer an operation gives: its name in the description, and how to get it. */
export const SCENES: Readonly<Record<string, Scene>> = {
  signed: ask,
  put: ask,
  begin: ask,
  beginByForm: ask,
  part: after(signFirst),
  list: after(signFirst),
  complete: after(signFirst),
  abort: after(signFirst),
  taken: ask,
  healthy: ask,

  uploading: after(signFirst),
  sending: after(async (stage) => {
    await signFirst(stage);
    await stage.api.write(stage.job, { state: "SENDING", claims: 1, sizeBytes: 100 * MIB, sentBytes: 70 * MIB });
  }),
  waiting: after(async (stage) => {
    await signFirst(stage);
    breakCielo24("job/info", 503)(stage);
    const { stack } = stage.api;
    stack.s3.putVirtualObject(stack.bucketName, `media/${stage.job}/${"0".repeat(32)}/a.mp4`, 8, 7);
    stack.advanceTime(31 * 60_000);
    await stack.runCensus();
    await stack.drain();
  }),
  delivered: after(deliverBody),
  handedOver: after(async (stage) => {
    await signFirst(stage);
    const sizeBytes = 10_737_418_239;
    await stage.api.write(stage.job, { state: "FINALIZING", handOver: true, taskId: TASK, claims: 2, sizeBytes });
  }),
  rejected: after(async (stage) => {
    const refusal = { ErrorType: "INVALID_QUERY", ErrorComment: "The media could not be read." };
    breakCielo24("POST job/add_media", 400, refusal)(stage);
    await deliverBody(stage);
  }),
  concern: after(async (stage) => {
    await signFirst(stage);
    await stage.api.write(stage.job, {
      state: "DELIVERED",
      taskId: TASK,
      claims: 1,
      sizeBytes: 100 * MIB,
      sentBytes: 100 * MIB,
      look: {
        container: "MP4",
        durationS: 2878.4,
        audioTracks: 0,
        videoTracks: 1,
        concern: { type: "NO_AUDIO", comment: "The file has video but no audio track. Upload one that has sound." },
      },
      otherMedia: 1,
      sidecars: ["object:subtitles", "object:poster"],
    });
  }),
  notMedia: after(async (stage) => {
    const { body } = await signFirst(stage);
    const { upload_url: url } = body as { upload_url: string };
    await fetch(url, { method: "PUT", body: "<!doctype html><title>Not found</title>" });
    await stage.api.stack.drain();
  }),
  cancelled: after(async (stage) => {
    await signFirst(stage);
    await cancel(stage);
  }),
  neverArrived: after(async (stage) => {
    await signFirst(stage);
    const error = {
      type: "TIMED_OUT",
      comment: "The upload was begun and never arrived. The job is free: upload the media again.",
    };
    await stage.api.write(stage.job, { state: "REJECTED", error });
  }),
  needsReview: after(async (stage) => {
    await signFirst(stage);
    await stage.api.write(stage.job, {
      state: "NEEDS_REVIEW",
      claims: 1,
      sizeBytes: 8,
      sentBytes: 8,
      error: {
        type: "ANSWER_UNKNOWN",
        comment: "cielo24's answer was lost and job/info shows no media; a person has to look.",
      },
    });
  }),

  jobMissing: asking("job_id", undefined),
  jobMalformed: asking("job_id", EXAMPLE_JOB.slice(1)),
  jobMisspelt: ({ api, job, request }) =>
    api.send(withMoreParameter(withParameter(request, "job_id", undefined), "jobId", job)),
  formSent: async ({ api, request }) => {
    const form = new FormData();
    form.append("file", new Blob([request.media?.bytes as Buffer<ArrayBuffer>]), "lecture.mp4");
    const envelope = new Response(form);
    const type = envelope.headers.get("content-type") ?? "";
    return api.send({ ...request, media: { type, bytes: Buffer.from(await envelope.arrayBuffer()) } });
  },
  versionUnknown: asking("v", "2"),
  methodUnknown: asking("method", "PATCH"),
  uploadIdMissing: bodyNamed("part", asking("upload_id", undefined)),
  keyForeign: bodyNamed("part", asking("key", `media/${OTHER_JOB}/${OTHER_JOB}/lecture-7.mp4`)),
  credentialsSent: ({ api, request }) => api.send({ ...request, query: { ...request.query, api_token: "x" } }),
  mediaUrlUnusable: ({ api, operation, job, request }) => {
    const byUrl = operation.method === "GET" ? request : exampleRequest(operation, "byJson", { [EXAMPLE_JOB]: job });
    const url = "http://media.example.org/lecture%207.mp4";
    return api.send({ ...withParameter(byUrl, "media_url", url), headers: request.headers });
  },
  mediaRefused: after(
    breakCielo24("job/add_media", 400, { ErrorType: "INVALID_URL", ErrorComment: "The media could not be reached." }),
  ),
  metadataRefused: after(
    breakCielo24("job/update_metadata", 400, {
      ErrorType: "ACCOUNT_UNPRIVILEGED",
      ErrorComment: "The account may not do this.",
    }),
  ),

  tokenMissing: ({ api, request }) => api.send({ ...request, headers: {} }),
  scopeMissing: async ({ api, request }) =>
    api.send({ ...request, headers: { authorization: await api.authorization({ scope: "another" }) } }),
  ownerMissing: async ({ api, request }) =>
    api.send({ ...request, headers: { authorization: await api.authorization({ sub: undefined }) } }),
  jobUnknown: async (stage) => {
    await signFirst(stage);
    const headers = { authorization: await stage.api.authorization({ sub: "bob" }) };
    return stage.api.send({ ...stage.request, headers });
  },
  jobUnknownToCielo24: asking("job_id", OTHER_JOB),
  mediaUnknown: ask,
  jobHasMedia: after(deliverBody),
  jobHasMediaAtCielo24: after((stage) => {
    breakCielo24("job/info", 200, { JobId: stage.job, MediaLengthSeconds: 3600 })(stage);
  }),
  deliveryUnderWay: after(async (stage) => {
    await signFirst(stage);
    const leaseUntil = stage.api.stack.runtime.clock() + HOUR_MS;
    await stage.api.write(stage.job, { state: "SENDING", claimId: OTHER_JOB, leaseUntil, claims: 1 });
  }),
  tooLateToCancel: after(async (stage) => {
    await signFirst(stage);
    await stage.api.write(stage.job, { state: "FINALIZING", claims: 1 });
  }),
  jobInReview: after(async (stage) => {
    await signFirst(stage);
    await stage.api.write(stage.job, { state: "NEEDS_REVIEW", claims: 1 });
  }),
  jobClosed: after(async (stage) => {
    await signFirst(stage);
    await stage.api.write(stage.job, { state: "NEEDS_REVIEW", claims: 1, closed: true });
  }),
  largerThanCielo24Takes: askingMore("content_length", "10737418240"),
  largerThanOneRequest: askingMore("content_length", "5368709121"),
  largerThanABody: ({ api, request }) =>
    api.send({ ...request, media: { type: "video/mp4", bytes: Buffer.alloc(4 * MIB + 1) } }),
  parametersTooLarge: ({ api, operation, job, request }) => {
    const byForm = request.media ? exampleRequest(operation, "byForm", { [EXAMPLE_JOB]: job }) : request;
    return api.send(withMoreParameter({ ...byForm, headers: request.headers }, "more", "a".repeat(64 * 1024)));
  },
  largerThanTheGatewayTakes: ({ api, request }) =>
    request.media
      ? api.send({ ...request, media: { type: "video/mp4", bytes: Buffer.alloc(6 * MIB) } })
      : api.send(withMoreParameter(request, "more", "a".repeat(7 * MIB))),

  unhandled: ({ api, request }) => api.send(request, "broken"),
  functionFailed: ({ api, request }) => api.send(request, "failing"),
  functionTooSlow: ({ api, request }) => api.send(request, "stuck"),
  timedOut: after(breakAws("hang"), ({ api, request }) => api.send(request, "hurried")),

  actionNotOffered: after(
    breakCielo24("job/update_metadata", 400, { ErrorType: "NOT_IMPLEMENTED", ErrorComment: "Not implemented." }),
  ),
  answerUnintelligible: after(breakCielo24("job/update_metadata", 404, "<html>Not Found</html>")),
  loginRefused: after(({ api }) => {
    api.cielo24.setAccounts([]);
    api.cielo24.expireTokens();
  }),
  accountRefused: after(
    breakCielo24("job/info", 400, { ErrorType: "ACCOUNT_UNPRIVILEGED", ErrorComment: "The account may not do this." }),
  ),
  nothingSent: after(breakCielo24("job/info", 200, "<html>Welcome</html>")),
  cielo24Down: after((stage) => {
    breakCielo24("job/info", 503)(stage);
    breakCielo24("job/update_metadata", 503)(stage);
  }),
  ledgerDown: after(breakAws("unavailable")),
  queueDown: after(({ api }) => {
    api.stack.aws.faults.add({ action: "SendMessage", kind: "unavailable", times: 10 });
  }),
  storeDown: after(
    ({ api }) => {
      api.stack.s3.faults.add({ operation: "ListParts", kind: "slowDown", times: 10 });
    },
    bodyNamed("complete", ask),
  ),
  answerLost: after(({ api, job }) => {
    api.cielo24.faults.add({ action: "job/add_media", jobId: job, kind: "resetAfterBody", accepts: true });
  }),
};

/** Answers without a body, by operation and status. */
export const BODILESS: Readonly<Record<string, Scene>> = {
  "pullMedia 302": after(shareMedia),
  "measureMedia 200": after(shareMedia),
  "measureMedia 404": ask,
  "measureMedia 500": ({ api, request }) => api.send(request, "failing"),
  "measureMedia 503": ({ api, request }) => api.send(request, "stuck"),
};

/** API Gateway has a limit that the local gateway has not. */
export const NOT_TO_BE_HAD_HERE = "429";
