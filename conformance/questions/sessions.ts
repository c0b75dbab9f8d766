import { randomBytes } from "node:crypto";
import { Secret } from "../../lib/cielo24/credentials.ts";
import { LoginResponse, readResponse } from "../../lib/cielo24/response.ts";
import { bodyOf, errorTypeOf, readingOf } from "../account.ts";
import type { Question } from "../question.ts";
import { Unanswered } from "../unanswered.ts";

const HOUR_MS = 3_600_000;
/** An hour without use, and a minute for clocks that differ. */
const IDLE_MS = HOUR_MS + 60_000;
const PROGRESS_MS = 60_000;

const login: Question = {
  id: "login",
  asks: "What does account/login answer to a username and a key in headers?",
  assumed: "200 with ApiToken, of letters, digits, _ and -",
  stands: ["lib/cielo24/response.ts", "lib/cielo24/client.ts"],
  needs: "login",
  ask: async ({ account }) => {
    const { exchange } = await account.logIn();
    let isUnderstood = "body" in exchange;
    try {
      if ("body" in exchange) readResponse(exchange, LoginResponse, account.clean);
    } catch {
      isUnderstood = false;
    }
    const fields = Object.keys(bodyOf(exchange) ?? {}).join(", ");
    return {
      answer: `${exchange.status} with ${fields}`,
      evidence: [`account/login: ${exchange.status}, fields ${fields}`],
      change: isUnderstood ? undefined : "lib/cielo24/response.ts, LoginResponse: read the token from this field",
      beyondSimulator: isUnderstood ? undefined : "the name of the token's field",
    };
  },
};

const invalidToken: Question = {
  id: "invalid-token",
  asks: "How is a token refused that is none?",
  assumed: "400 BAD_API_TOKEN, for a GET and for a POST of media; the proxy then logs in again",
  stands: ["lib/cielo24/response.ts", "lib/cielo24/session.ts"],
  ask: async ({ account, plainJob, tone }) => {
    const job_id = await plainJob();
    const token = new Secret(randomBytes(16).toString("hex"));
    const get = await account.call("job/info", { job_id }, { token });
    const post = await account.call(
      "job/add_media",
      { job_id },
      {
        token,
        method: "POST",
        headers: { "content-length": tone.byteLength },
        send: (request) => request.end(tone),
      },
    );
    const isRenewed = [get, post].every((exchange) => readingOf(exchange) === "BAD_API_TOKEN");
    const differ = errorTypeOf(get) !== errorTypeOf(post);
    return {
      answer: account.describe(get),
      evidence: [`job/info: ${account.describe(get)}`, `add_media with a body: ${account.describe(post)}`],
      change: isRenewed
        ? undefined
        : "lib/cielo24/response.ts, toError: this must become BAD_API_TOKEN, or nobody logs in again",
      facts: { invalidToken: account.refusalOf(get) },
      beyondSimulator: differ ? `add_media with a body answers otherwise: ${account.describe(post)}` : undefined,
    };
  },
  shares: "plainJob",
};

const secondLogin: Question = {
  id: "second-login",
  asks: "Does the earlier token still work after the account has logged in again?",
  assumed: "yes: each Lambda environment logs in by itself",
  stands: ["lib/cielo24/session.ts", "dev/cielo24/accounts.ts"],
  needs: "login",
  shares: "plainJob",
  ask: async ({ account, plainJob }) => {
    const job_id = await plainJob();
    const earlier = (await account.logIn()).token;
    const later = (await account.logIn()).token;
    const byEarlier = await account.call("job/info", { job_id }, { token: earlier });
    const byLater = await account.call("job/info", { job_id }, { token: later });
    if (byLater.status !== 200) throw new Unanswered(`the new token gave ${account.describe(byLater)}`);
    const works = byEarlier.status === 200;
    if (!works && errorTypeOf(byEarlier) !== "BAD_API_TOKEN")
      throw new Unanswered(`the earlier token gave ${account.describe(byEarlier)}`);
    const isSame = earlier.reveal() === later.reveal();
    return {
      answer: isSame ? "yes, and both logins gave the same token" : works ? "yes" : "no",
      evidence: [
        `job/info with the earlier token: ${works ? "200" : account.describe(byEarlier)}`,
        "job/info with the later token: 200",
      ],
      change: works
        ? undefined
        : "lib/cielo24/session.ts: environments end each other's sessions. Put a token that does not expire into the secret (api_token)",
      facts: { loginEndsEarlierTokens: !works },
      beyondSimulator: isSame ? "every login gives the same token" : undefined,
    };
  },
};

const securekeyAsToken: Question = {
  id: "securekey-as-token",
  asks: "Is the account's securekey taken for a token?",
  assumed: "no: 400 BAD_API_TOKEN",
  stands: ["dev/cielo24/accounts.ts"],
  needs: "securekey",
  shares: "plainJob",
  ask: async ({ account, plainJob }) => {
    const key = account.credentials?.secret;
    const exchange = await account.call("job/info", { job_id: await plainJob() }, key ? { token: key } : {});
    const isTaken = exchange.status === 200;
    return {
      answer: isTaken ? "yes" : `no: ${account.describe(exchange)}`,
      evidence: [`job/info with the securekey as api_token: ${isTaken ? "200" : account.describe(exchange)}`],
      change: isTaken
        ? "nothing has to: the secret may hold the key as api_token, and there are no sessions to renew"
        : undefined,
      facts: { securekeyIsToken: isTaken },
    };
  },
};

export const tokenLife: Question = {
  id: "token-life",
  asks: "Does a token expire after an hour without use?",
  assumed: "yes, and it is then refused as one that is none",
  stands: ["dev/cielo24/facts.ts", "lib/cielo24/session.ts"],
  needs: "long",
  shares: "plainJob",
  takes: "61 minutes",
  ask: async ({ account, plainJob, sleep, progress, clock, agrees, facts }) => {
    const job_id = await plainJob();
    if (!account.credentials) throw new Unanswered("a token was given, and no login");
    if (!(await agrees("Wait for 61 minutes to see whether a token expires?")))
      throw new Unanswered("nobody wanted to wait");
    const { token } = await account.logIn();
    const until = clock() + IDLE_MS;
    for (let left = until - clock(); left > 0; left = until - clock()) {
      progress(`${Math.ceil(left / 60_000)} minutes to wait`);
      await sleep(Math.min(left, PROGRESS_MS));
    }
    const exchange = await account.call("job/info", { job_id }, { token });
    const hasExpired = exchange.status !== 200;
    if (hasExpired && errorTypeOf(exchange) === undefined)
      throw new Unanswered(`after an hour job/info gave ${account.describe(exchange)}`);
    const isRenewed = readingOf(exchange) === "BAD_API_TOKEN";
    const known = facts().invalidToken;
    return {
      answer: hasExpired ? `yes: ${account.describe(exchange)}` : "no: it still works",
      evidence: [`job/info with a token unused for 61 minutes: ${hasExpired ? account.describe(exchange) : "200"}`],
      change: !hasExpired
        ? "nothing has to in the proxy, which renews a token once it is refused"
        : isRenewed
          ? undefined
          : "lib/cielo24/response.ts, toError: this must become BAD_API_TOKEN, or nobody logs in again",
      facts: { tokenLifeMs: hasExpired ? HOUR_MS : null },
      beyondSimulator:
        hasExpired && known && known.errorType !== errorTypeOf(exchange)
          ? "an expired token is refused otherwise than one that is none"
          : undefined,
    };
  },
};

export const sessions: readonly Question[] = [login, invalidToken, secondLogin, securekeyAsToken];
