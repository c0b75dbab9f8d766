import { randomBytes } from "node:crypto";
import { Cielo24Error } from "../../lib/cielo24/api.ts";
import { JobInfoResponse, readResponse } from "../../lib/cielo24/response.ts";
import { bodyOf, errorTypeOf, readingOf } from "../account.ts";
import type { Question } from "../question.ts";
import { Unanswered } from "../unanswered.ts";

const ERRORS = "lib/cielo24/response.ts, toError, and the list of types in lib/cielo24/api.ts";

const errorForm: Question = {
  id: "error-form",
  asks: "How do errors look?",
  assumed: "400, application/json with a documented ErrorType and an ErrorComment; an unknown action is no JSON",
  stands: ["lib/cielo24/response.ts", "lib/cielo24/api.ts", "dev/cielo24/server.ts"],
  shares: "plainJob",
  ask: async ({ account, plainJob }) => {
    const missing = await account.call("job/info");
    const version = await account.call("job/info", { v: "2", job_id: await plainJob() });
    const action = await account.call("job/no_such_action");
    if (!("body" in missing)) throw new Unanswered(`cielo24 gave ${account.describe(missing)}`);
    const understood = [missing, version].every((exchange) => readingOf(exchange) === "REFUSED");
    const { status, errorType } = account.refusalOf(missing);
    const wrongVersion = account.refusalOf(version);
    return {
      answer: `${status} ${errorType ?? "without ErrorType"}, ${missing.contentType}`,
      evidence: [
        `job/info without job_id: ${account.describe(missing)}`,
        `job/info with v=2: ${account.describe(version)}`,
        `an unknown action: ${account.describe(action)}`,
      ],
      change: understood ? undefined : ERRORS,
      facts: {
        // The simulator names the parameter itself.
        missingParameter: errorType === undefined ? { status } : { status, errorType },
        ...(version.status === 200
          ? {}
          : {
              wrongVersion: {
                status: wrongVersion.status,
                ...(wrongVersion.errorType === undefined ? {} : { errorType: wrongVersion.errorType }),
              },
            }),
        unknownAction: account.refusalOf(action),
        ...(errorType === undefined ? {} : { errorContentType: missing.contentType }),
      },
      beyondSimulator: version.status === 200 ? "v=2 is accepted" : undefined,
    };
  },
};

const unknownParameter: Question = {
  id: "unknown-parameter",
  asks: "What happens to a parameter that no documentation has?",
  assumed: "it is ignored",
  stands: ["dev/cielo24/facts.ts"],
  shares: "plainJob",
  ask: async ({ account, plainJob }) => {
    const exchange = await account.call("job/info", { job_id: await plainJob(), no_such_parameter: "1" });
    const isIgnored = exchange.status === 200;
    return {
      answer: isIgnored ? "it is ignored" : account.describe(exchange),
      evidence: [`job/info with one more parameter: ${isIgnored ? "200" : account.describe(exchange)}`],
      change: isIgnored ? undefined : "nothing in the proxy, which sends documented parameters only",
      facts: { unknownParameter: isIgnored ? "accepted" : account.outcomeOf(exchange) },
    };
  },
};

const unknownJob: Question = {
  id: "unknown-job",
  asks: "What does a job that does not exist answer?",
  assumed: "400 ITEM_NOT_FOUND, from job/info and from add_media: the drop then waits for a day",
  stands: ["lib/delivery/machine/without-claim.ts", "docs/operations.md#job-unknown", "dev/cielo24/jobs.ts"],
  media: 1,
  ask: async ({ account, tone }) => {
    const job_id = randomBytes(16).toString("hex");
    const info = await account.call("job/info", { job_id });
    const post = await account.post(job_id, tone);
    const isKnown = [info, post].every((exchange) => errorTypeOf(exchange) === "ITEM_NOT_FOUND");
    const isRefused = [info, post].every((exchange) => readingOf(exchange) === "REFUSED");
    return {
      answer: account.describe(info),
      evidence: [`job/info: ${account.describe(info)}`, `add_media with a body: ${account.describe(post)}`],
      change:
        isKnown && isRefused
          ? undefined
          : "lib/delivery/machine/without-claim.ts and lib/cielo24/session.ts, which look for ITEM_NOT_FOUND",
      facts: { unknownJob: account.refusalOf(info) },
      beyondSimulator:
        errorTypeOf(info) === errorTypeOf(post)
          ? undefined
          : `add_media with a body answers otherwise: ${account.describe(post)}`,
    };
  },
};

const jobIdForm: Question = {
  id: "job-id-form",
  asks: "Which forms of a job_id are there?",
  assumed: "job/new and job/info give 32 hex characters in lower case, the only form that the proxy sends",
  stands: ["lib/job-id.ts", "dev/cielo24/jobs.ts"],
  shares: "plainJob",
  ask: async ({ account, plainJob }) => {
    const given = await plainJob();
    const isNormal = /^[0-9a-f]{32}$/.test(given);
    const bare = given.replaceAll("-", "");
    const upper = await account.call("job/info", { job_id: bare.toUpperCase() });
    const uuid = bare.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
    const hyphens = await account.call("job/info", { job_id: uuid });
    const lower = await account.call("job/info", { job_id: bare.toLowerCase() });
    const isTaken = lower.status === 200;
    // An id without a letter is the same in upper case.
    const showsCase = /[a-f]/i.test(bare);
    const outcome = (exchange: typeof upper) => (exchange.status === 200 ? "accepted" : account.outcomeOf(exchange));
    const say = (exchange: typeof upper) => (exchange.status === 200 ? "200" : account.describe(exchange));
    return {
      answer: `${isNormal ? "32 hex characters in lower case" : "another form"}; upper case: ${say(upper)}; hyphens: ${say(hyphens)}`,
      evidence: [
        `job/new: a JobId ${isNormal ? "of 32 hex characters in lower case" : `of ${given.length} characters, not of that form`}`,
        `job/info in lower case: ${say(lower)}`,
        `job/info in upper case: ${say(upper)}`,
        `job/info with the hyphens of a UUID: ${say(hyphens)}`,
      ],
      change: isNormal && isTaken ? undefined : "lib/job-id.ts, the normal form",
      facts: { ...(showsCase ? { upperCaseJobId: outcome(upper) } : {}), hyphenatedJobId: outcome(hyphens) },
      beyondSimulator: isNormal ? undefined : "ids of another form",
    };
  },
};

const jobInfo: Question = {
  id: "job-info",
  asks: "What does job/info say of a job without media?",
  assumed: 'its JobId, and a MediaLengthSeconds of null, "", 0 or none',
  stands: ["lib/cielo24/response.ts", "dev/cielo24/jobs.ts"],
  shares: "plainJob",
  ask: async ({ account, plainJob }) => {
    const exchange = await account.call("job/info", { job_id: await plainJob() });
    if (!("body" in exchange) || exchange.status !== 200)
      throw new Unanswered(`job/info gave ${account.describe(exchange)}`);
    let change: string | undefined;
    try {
      readResponse(exchange, JobInfoResponse, account.clean);
    } catch (error) {
      if (!(error instanceof Cielo24Error)) throw error;
      change = "lib/cielo24/response.ts, JobInfoResponse: the proxy does not understand this answer";
    }
    const info = bodyOf(exchange) as Readonly<Record<string, unknown>>;
    const length = "MediaLengthSeconds" in info ? info["MediaLengthSeconds"] : "absent";
    const isKnown = length === null || length === "" || length === 0 || length === "absent";
    return {
      answer: `MediaLengthSeconds: ${JSON.stringify(length)}`,
      evidence: [
        `fields: ${Object.keys(info).join(", ")}`,
        `MediaLengthSeconds: ${account.clean(JSON.stringify(length))}`,
        `JobStatus: ${account.clean(JSON.stringify(info["JobStatus"] ?? "absent"))}`,
      ],
      change,
      facts: isKnown ? { lengthWithoutMedia: length } : {},
      beyondSimulator: isKnown ? undefined : "this MediaLengthSeconds",
    };
  },
};

const updateMetadata: Question = {
  id: "update-metadata",
  asks: "Does update_metadata exist for this account?",
  assumed: "yes: 200 with a TaskId",
  stands: ["lib/cielo24/client.ts", "docs/api.md"],
  shares: "plainJob",
  ask: async ({ account, plainJob }) => {
    const exchange = await account.call("job/update_metadata", {
      job_id: await plainJob(),
      reference_id: "conformance",
      requestor_id: "conformance",
    });
    const reading = readingOf(exchange);
    return {
      answer: reading === "ACCEPTED" ? "yes" : `no: ${account.describe(exchange)}`,
      evidence: [`job/update_metadata: ${account.describe(exchange)}`],
      change:
        reading === "ACCEPTED"
          ? undefined
          : reading === "REFUSED"
            ? "nothing in the proxy: clients get cielo24's error. Tell them that this account has no metadata"
            : "lib/cielo24/client.ts, updateMetadata: clients get 502, and cannot know why",
      facts: { updateMetadata: account.outcomeOf(exchange) },
    };
  },
};

export const calls: readonly Question[] = [errorForm, unknownParameter, unknownJob, jobIdForm, jobInfo, updateMetadata];
